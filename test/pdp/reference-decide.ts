import type { Ceiling, Guardrails, Obligation, Source } from '../../src/model/ceiling.ts'
import type { Decision, DecisionInputs } from '../../src/pdp/decision-inputs.ts'

/**
 * The decision a second time, slow and obvious, sharing no code with the product. It asks one question after the other instead of
 * folding a lattice: which terms are there, what is the lowest of them, which bounds hold, are they kept, can the duties be done?
 */
export function referenceDecide(inputs: DecisionInputs): Decision {
  const base = baseOf(inputs)
  const granted = baseGranted(base, inputs)
  const terms: Ceiling[] = [granted]
  for (const each of [...bundleOf(inputs.graduation), chainOf(inputs), containmentOf(inputs), incidentOf(inputs), hardOf(inputs)])
    terms.push(...heard(each, inputs))

  for (const source of ['base', 'trust', 'risk', 'category', 'chain', 'containment', 'incident', 'hard'] as const) {
    let seen = 0
    for (const each of [
      base,
      ...bundleOf(inputs.graduation),
      chainOf(inputs),
      containmentOf(inputs),
      incidentOf(inputs),
      hardOf(inputs),
    ])
      if (each.source === source) seen += 1
    if (seen !== 1) terms.push(make(source, 'deny', `term_missing:${source}`))
  }

  const bounds = boundsOf(terms)
  for (const name of Object.keys(bounds)) {
    const bound = bounds[name]!
    if (Array.isArray(bound) && bound.length === 0) terms.push(make('guardrails', 'deny', `guardrail_allows_nothing:${name}`))
  }
  const reads = inputs.band === 'read' && inputs.action.category === 'read_only'
  const watched: readonly string[] = inputs.observed
  if (!reads && !watched.includes('guardrails'))
    for (const reason of excessOf(bounds, inputs))
      terms.push(...heard(make('guardrails', inputs.guardrail_excess, reason), inputs))

  let lowest = 4
  for (const each of terms) lowest = Math.min(lowest, height(each.outcome))
  const duties = dutiesOf(terms)
  const undone: string[] = []
  if (lowest > 0) for (const duty of duties) if (!isDone(duty, inputs) && !undone.includes(duty.id)) undone.push(duty.id)
  undone.sort()
  const outcome = undone.length > 0 ? 'deny' : CHAIN[lowest]!

  const limiting: Source[] = []
  for (const source of ORDER) {
    const own = terms.filter((each) => each.source === source)
    const asks = own.some((each) => each.obligations.some((duty) => !isDone(duty, inputs) && undone.includes(duty.id)))
    const holds = own.some((each) => height(each.outcome) === lowest)
    if (outcome !== 'allow' && (undone.length > 0 ? asks : holds)) limiting.push(source)
  }
  const ceilings: Ceiling[] = []
  for (const source of ORDER) ceilings.push(...sortByReason(terms.filter((each) => each.source === source)))
  const reasons = undone.map((id) => `unsupported_obligation:${id}`)
  for (const rung of ['deny', 'suggest', 'require_approval', 'allow_guarded'])
    for (const each of ceilings) if (each.outcome === rung && !reasons.includes(each.reason)) reasons.push(each.reason)

  const trustIsThere = !reasons.includes('term_missing:trust')
  const waits = outcome === 'deny' || outcome === 'suggest' || outcome === 'require_approval'
  // The cap of an incident is the trust term's own, said a second time: it does not keep an agent from proposing.
  const capped = terms.some(
    (each) => each.source === 'incident' && /^incident_(cap:level|review_due:(?!sensitive))/u.test(each.reason),
  )
  const others = limiting.filter((source) => source !== 'trust' && !(source === 'incident' && capped))
  const denied = inputs.base !== null && inputs.base.outcome === 'deny' && !('cause' in inputs.base)
  const askable = denied && !inputs.human && inputs.action.category !== 'permission_escalation'
  const heldByTrust = undone.length === 0 && waits && limiting.includes('trust') && others.length === 0 && trustIsThere
  return {
    outcome,
    decision: outcome === 'allow' || outcome === 'allow_guarded',
    base: base.outcome,
    base_granted: granted.outcome,
    ceilings,
    obligations: duties,
    guardrails: bounds,
    reasons,
    limiting,
    advice: heldByTrust ? ['record_proposal'] : askable ? ['ask_permission'] : [],
  }
}

const CHAIN = ['deny', 'suggest', 'require_approval', 'allow_guarded', 'allow'] as const
const ORDER = [
  'base',
  'trust',
  'risk',
  'category',
  'chain',
  'containment',
  'incident',
  'hard',
  'context',
  'guardrails',
  'pact',
] as const

/** A term after what people said: an override first, then an approval. */
function heard(term: Ceiling, inputs: DecisionInputs): Ceiling[] {
  const { approval, override, observed, kill_switch, human } = inputs
  let each = term
  const seen: readonly string[] = observed
  if (override !== null && term.source === 'context') return []
  if (seen.includes('hard') && term.source === 'hard' && kill_switch && !human) return [make('hard', 'deny', 'kill_switch')]
  if (seen.includes('hard') && term.source === 'hard' && isHeldForNobody(inputs)) return [heldForNobody(inputs)]
  if (seen.includes(term.source)) return [make(term.source, 'allow', 'observed')]
  if (override !== null) {
    const reason = `override:${override.id}`
    if (each.source === 'category' && each.outcome !== 'deny') each = { ...each, outcome: 'allow', reason }
    if (each.source === 'incident' && override.lifts_incidents && each.outcome !== 'allow')
      each = make('incident', 'allow', `${reason}:${each.reason}`)
    if (each.source === 'trust') {
      const properties = { override: override.id }
      each = make('trust', 'allow', reason)
      each.obligations.push({ id: 'override_audit', performer: 'pdp', properties }, { id: 'notify_owner', performer: 'pdp' })
    }
  }
  const listens = each.source !== 'base' && each.source !== 'containment' && each.source !== 'hard'
  if (approval === null || !listens || each.outcome !== 'require_approval') return [each]
  const reason = `approved:${approval.id}:${each.reason}`
  const duties = [...each.obligations, ...make(each.source, 'allow_guarded', reason).obligations]
  return [{ ...each, outcome: 'allow_guarded', reason, obligations: duties }]
}

function height(outcome: Ceiling['outcome']): number {
  return CHAIN.indexOf(outcome)
}

function make(source: Ceiling['source'], outcome: Ceiling['outcome'], reason: string): Ceiling {
  const obligations: Obligation[] = []
  if (outcome === 'require_approval')
    obligations.push({ id: 'named_approver', performer: 'pdp', properties: { expiry_minutes: 15 } })
  if (outcome === 'allow_guarded') obligations.push({ id: 'post_verify', performer: 'pdp', properties: { hours: 24 } })
  return { source, outcome, reason, obligations, guardrails: {} }
}

function sortByReason(terms: Ceiling[]): Ceiling[] {
  const sorted: Ceiling[] = []
  for (const each of terms) {
    const place = sorted.findIndex((other) => other.reason > each.reason)
    if (place < 0) sorted.push(each)
    else sorted.splice(place, 0, each)
  }
  return sorted
}

/** What the subject may, or where there is another of whom the base is asked, what both may. */
function baseOf({ base, delegator }: DecisionInputs): Ceiling {
  const own = oneBase(base)
  if (delegator === undefined) return own
  const one = oneBase(delegator.base)
  const hint = ': let the policy answer about people too, or set base.delegation: agent'
  const { type, id } = delegator.party
  const other = { ...one, reason: `${type}/${id}: ${one.reason}${delegator.base.cause === 'base_undefined' ? hint : ''}` }
  const isLower = height(other.outcome) < height(own.outcome)
  const bounds = boundsOf([own, other])
  const isNothing = Object.values(bounds).some((bound) => Array.isArray(bound) && bound.length === 0)
  return {
    source: 'base',
    outcome: isNothing ? 'deny' : isLower ? other.outcome : own.outcome,
    reason: isLower ? `${other.reason}; ${own.reason}` : `${own.reason}; ${other.reason}`,
    obligations: dutiesOf([own, other]),
    guardrails: bounds,
  }
}

function oneBase(base: DecisionInputs['base']): Ceiling {
  if (base === null) return make('base', 'deny', 'term_missing:base')
  const { outcome, reason, cause, obligations = [], guardrails = {} } = base
  if (cause !== undefined)
    return { source: 'base', outcome: 'deny', reason: `base_failed:${cause}`, obligations: [...obligations], guardrails }
  return {
    source: 'base',
    outcome,
    reason: reason === '' ? `base_${outcome}` : reason,
    obligations: [...obligations],
    guardrails,
  }
}

/** The bundle's terms, if every one of them is a ceiling and nothing else. */
function bundleOf(graduation: unknown): Ceiling[] {
  if (!Array.isArray(graduation)) return []
  for (const each of graduation as unknown[]) if (!isCeiling(each)) return []
  return (graduation as Ceiling[]).map((each) => ({
    ...each,
    obligations: [...each.obligations],
    guardrails: { ...each.guardrails },
  }))
}

/** Enough to tell the generated ceilings from everything else that is generated. */
function isCeiling(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const keys = Object.keys(value).sort().join()
  return keys === 'guardrails,obligations,outcome,reason,source' && ORDER.includes((value as Ceiling).source)
}

function cellOf({ matrices, band, sensitive }: DecisionInputs, tier: string, level: number): Ceiling['outcome'] {
  const matrix = matrices[tier] ?? matrices.standard
  const outcome = matrix[String(level) as '0'][band]
  return level === 0 && sensitive ? 'deny' : outcome
}

function chainOf(inputs: DecisionInputs): Ceiling {
  for (const problem of ['cycle', 'several_people', 'too_deep', 'unknown_team', 'unreadable'] as const)
    if (inputs.chain_problems.includes(problem)) return make('chain', 'deny', `chain_${problem}`)
  let weakest: Ceiling | undefined
  for (const link of inputs.links) {
    const level = link.known ? link.level_effective : 0
    const standing = link.known ? `level_${level}` : 'unknown'
    const reason = `chain_link:${link.relation}:${link.party.type}/${link.party.id}:${standing}`
    const [own, acting] = [cellOf(inputs, link.tier, level), cellOf(inputs, inputs.tier, level)]
    const here = make('chain', height(own) < height(acting) ? own : acting, reason)
    const isWeaker = weakest === undefined || height(here.outcome) < height(weakest.outcome)
    if (isWeaker || (here.outcome === weakest?.outcome && here.reason < weakest.reason)) weakest = here
  }
  return weakest ?? make('chain', 'allow', inputs.human ? 'human' : 'no_other_links')
}

function containmentOf({ containment }: DecisionInputs): Ceiling {
  if (containment === 'unknown') return make('containment', 'deny', 'containment_unknown')
  for (const kind of ['tenant', 'agent', 'scope', 'action'] as const)
    for (const entry of containment)
      if (entry.kind === kind) return make('containment', 'deny', `contained_${kind}:${entry.by}:${entry.reason}`)
  return make('containment', 'allow', 'none')
}

function hardOf(inputs: DecisionInputs): Ceiling {
  if (!inputs.human) {
    if (inputs.action.category === 'permission_escalation') return make('hard', 'deny', 'permission_escalation')
    if (inputs.kill_switch) return make('hard', 'deny', 'kill_switch')
    if (inputs.incidents === 'unknown') return make('hard', 'deny', 'incidents_unknown')
  }
  if (isHeldForNobody(inputs)) return heldForNobody(inputs)
  return make('hard', 'allow', inputs.human ? 'human' : 'none')
}

function isHeldForNobody({ unvouched, action, sensitive }: DecisionInputs): boolean {
  return unvouched === true && (sensitive || action.category !== 'read_only')
}

function heldForNobody({ approval }: DecisionInputs): Ceiling {
  if (approval === null) return make('hard', 'require_approval', 'no_credential')
  return make('hard', 'allow_guarded', `approved:${approval.id}:no_credential`)
}

function incidentOf(inputs: DecisionInputs): Ceiling {
  if (inputs.human) return make('incident', 'allow', 'human')
  if (inputs.incidents === 'unknown') return make('incident', 'deny', 'incidents_unknown')
  const { cap, level, due } = inputs.incidents
  const cell = cellOf(inputs, inputs.tier, level)
  if (due.length > 0) {
    const ids = `${due.join(',')}: an operator has to review it`
    const reason = `incident_review_due:${ids}`
    if (inputs.sensitive) return make('incident', 'deny', `incident_review_due:sensitive:${ids}`)
    if (inputs.action.category === 'read_only' && inputs.band === 'read') return make('incident', cell, reason)
    return make('incident', height(cell) > 1 ? 'suggest' : cell, reason)
  }
  return cap >= 1 ? make('incident', 'allow', 'none') : make('incident', cell, `incident_cap:level_${level}`)
}

/** A base that asks for an approval has what it asks for once there is one that the same policies asked for. */
function baseGranted(base: Ceiling, { approval }: DecisionInputs): Ceiling {
  if (base.outcome !== 'require_approval' || approval === null || !approval.same_policy_set) return base
  const granted = make('base', 'allow_guarded', `approved:${approval.id}:${base.reason}`)
  return { ...granted, obligations: [...base.obligations, ...granted.obligations], guardrails: base.guardrails }
}

function boundsOf(terms: readonly Ceiling[]): Guardrails {
  const names: string[] = []
  for (const each of terms) for (const name of Object.keys(each.guardrails)) if (!names.includes(name)) names.push(name)
  const entries = names.sort().map((name): [string, Guardrails[string]] => {
    const all = terms.filter((each) => Object.hasOwn(each.guardrails, name)).map((each) => each.guardrails[name]!)
    const numbers = all.filter((bound) => typeof bound === 'number')
    const lists = all.filter((bound) => typeof bound !== 'number')
    if (numbers.length > 0) return [name, lists.length > 0 ? [] : Math.min(...numbers) + 0]
    if (name.endsWith('_max')) return [name, []]
    const shared = lists[0]!.filter((entry, at) => lists.every((list) => list.includes(entry)) && lists[0]!.indexOf(entry) === at)
    return [name, shared.sort()]
  })
  return Object.fromEntries(entries)
}

/** The slow and obvious reading of a pattern with `*`. */
function globPattern(pattern: string): RegExp {
  const escaped = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/gu, '\\$&'))
  return new RegExp(`^${escaped.join('[^]*')}$`, 'u')
}

function excessOf(bounds: Guardrails, { measures, budget_refusals }: DecisionInputs): string[] {
  const reasons: string[] = []
  for (const [name, measure] of [
    ['amount_max', measures.amount],
    ['records_max', measures.records],
    ['recipient_domains', measures.recipient_domains],
    ['destinations', measures.destinations],
  ] as const) {
    if (!Object.hasOwn(bounds, name) || measure === null) continue
    const bound = bounds[name]!
    let within = false
    if (typeof bound === 'number' && typeof measure === 'number') within = measure <= bound
    if (typeof bound !== 'number' && Array.isArray(measure))
      within = (measure as string[]).every((each) =>
        bound.some((listed) => listed === each || (name === 'destinations' && globPattern(listed).test(each))),
      )
    if (!within) reasons.push(`guardrail_exceeded:${name}`)
  }
  for (const { guardrail, have, limit } of budget_refusals) {
    const reason = `budget_exceeded:${guardrail}:${have}_of_${limit}`
    if (!reasons.includes(reason)) reasons.push(reason)
  }
  return reasons.sort()
}

function dutiesOf(terms: readonly Ceiling[]): Obligation[] {
  const spelled: [string, Obligation][] = []
  for (const each of terms)
    for (const { id, performer, properties } of each.obligations) {
      const duty: Obligation =
        properties === undefined || Object.keys(properties).length === 0
          ? { id, performer }
          : { id, performer, properties: Object.fromEntries(Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1))) }
      const spelling = JSON.stringify(duty)
      if (!spelled.some(([other]) => other === spelling)) spelled.push([spelling, duty])
    }
  return spelled.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, duty]) => duty)
}

const DONE_HERE = [
  'alert_soc',
  'audit',
  'enhanced_logging',
  'named_approver',
  'notify_owner',
  'override_audit',
  'post_hoc_review',
  'post_verify',
]

/** Whether somebody does it: the enforcement point says so of itself, and what the decision point does is known. */
function isDone({ id, performer }: Obligation, { supported_obligations }: DecisionInputs): boolean {
  return (performer === 'pep' ? supported_obligations : DONE_HERE).includes(id)
}
