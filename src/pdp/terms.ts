import { byCodeUnit } from '../format/order.ts'
import { contradictions } from '../lattice/meet.ts'
import { lowerOutcome, OUTCOME_RANK } from '../lattice/outcome-order.ts'
import {
  Ceiling,
  type Guardrail,
  type Guardrails,
  MANDATORY_SOURCES,
  type Obligation,
  REASON_CHARS_MAX,
  type Source,
  TERM_ITEMS_MAX,
} from '../model/ceiling.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Measures } from '../risk/amounts-and-recipients.ts'
import {
  type BaseResult,
  type ChainLink,
  CONTAINMENT_KINDS,
  type ContainmentEntry,
  type DecisionInputs,
} from './decision-inputs.ts'
import { matrixCell } from './matrix.ts'

/** Which measure of a request each guardrail bounds. The others are budgets, which the service reserves. */
const BOUNDED = {
  amount_max: 'amount',
  records_max: 'records',
  recipient_domains: 'recipient_domains',
} as const satisfies Readonly<Record<string, keyof Measures>>

/** The static policy's grant as a term. A result that failed, or is not well formed, denies and says why. */
export function baseTerm(base: BaseResult | null): Ceiling {
  if (base === null) return denial('base', 'term_missing:base')
  const term = Ceiling.safeParse({ source: 'base', outcome: base.outcome, reason: reasonOf(base), ...duties(base) })
  if (!term.success) return denial('base', 'base_malformed')
  return base.cause === undefined ? term.data : { ...term.data, outcome: 'deny' }
}

/**
 * The terms that the graduation bundle answered. All or nothing: one that is malformed takes the others with it, so that a
 * restriction cannot get lost in a spelling mistake; the missing mandatory terms then deny.
 */
export function bundleTerms(graduation: unknown): readonly Ceiling[] {
  if (!Array.isArray(graduation) || graduation.length > TERM_ITEMS_MAX) return []
  const parsed = graduation.map((value) => Ceiling.safeParse(value))
  return parsed.every((result) => result.success) ? parsed.map((result) => result.data) : []
}

/** One denial, `term_missing`, per mandatory source that the terms do not hold exactly once. */
export function termsMissing(terms: readonly Ceiling[]): readonly Ceiling[] {
  return MANDATORY_SOURCES.filter((source) => terms.filter((each) => each.source === source).length !== 1).map((source) =>
    denial(source, `term_missing:${source}`),
  )
}

/**
 * The delegation chain: what the least trusted other link would be conceded here; `allow` without other links and for a human
 * alone. An unknown link is at level 0; a cycle, or more than five links, denies.
 */
export function chainTerm(inputs: DecisionInputs): Ceiling {
  const [problem] = [...inputs.chain_problems].sort()
  if (problem !== undefined) return denial('chain', `chain_${problem}`)
  const [weakest] = inputs.links.map((link) => linkTerm(link, inputs)).sort(byOutcome)
  return weakest ?? term('chain', 'allow', inputs.human ? 'human' : 'no_other_links')
}

/** What is switched off: an action, scope, agent or tenant in containment denies, and so does containment that is not known. */
export function containmentTerm({ containment }: DecisionInputs): Ceiling {
  if (containment === 'unknown') return denial('containment', 'containment_unknown')
  const [widest] = [...containment].sort((a, b) => width(b) - width(a))
  if (widest === undefined) return term('containment', 'allow', 'none')
  return denial('containment', `contained_${widest.kind}:${widest.by}:${widest.reason}`)
}

/**
 * What no policy can leave out and nobody can lift: permission escalation by an agent is denied, a switched-off agent is denied, and so
 * is everything while it is not known whether there are incidents.
 */
export function hardTerm(inputs: DecisionInputs): Ceiling {
  if (inputs.human) return term('hard', 'allow', 'human')
  if (inputs.action.category === 'permission_escalation') return denial('hard', 'permission_escalation')
  if (inputs.kill_switch) return switchedOffTerm()
  return inputs.incidents === 'unknown' ? denial('hard', 'incidents_unknown') : term('hard', 'allow', 'none')
}

/**
 * An incident lowers the agent to the level of its cap; where that level asks for an approval, people can give it. While a review is
 * due only reads go on as far as the level concedes them, and nothing sensitive is touched: the reason names who has to review what.
 */
export function incidentTerm(inputs: DecisionInputs): Ceiling {
  const { matrices, tier, band, sensitive, incidents, action } = inputs
  if (inputs.human) return term('incident', 'allow', 'human')
  if (incidents === 'unknown') return denial('incident', 'incidents_unknown')
  const { cap, level, due } = incidents
  if (cap >= 1 && due.length === 0) return term('incident', 'allow', 'none')
  const conceded = matrixCell({ matrices, tier, level, band, sensitive })
  if (due.length === 0) return term('incident', conceded, `incident_cap:level_${level}`)
  const review = `${due.join(',')}: an operator has to review it`
  if (sensitive) return denial('incident', `incident_review_due:sensitive:${review}`)
  const reads = band === 'read' && action.category === 'read_only'
  return term('incident', reads ? conceded : lowerOutcome(conceded, 'suggest'), `incident_review_due:${review}`)
}

/** Whether a term says again what an incident does to trust, and not that something sensitive is out of reach. */
export function isIncidentCap({ source, reason }: Ceiling): boolean {
  return source === 'incident' && reason !== 'incidents_unknown' && !reason.startsWith('incident_review_due:sensitive:')
}

/**
 * The guardrails that this request exceeds, one term each: what it measures by itself, then the budgets that refused. Reads are
 * exempt from excess, but not from guardrails that contradict each other. A measure that cannot be read exceeds its bound.
 */
export function guardrailTerms(guardrails: Guardrails, inputs: DecisionInputs): readonly Ceiling[] {
  const impossible = contradictions(guardrails).map((name) => denial('guardrails', `guardrail_allows_nothing:${name}`))
  if (inputs.observed.includes('guardrails')) return impossible
  if (inputs.band === 'read' && inputs.action.category === 'read_only') return impossible
  const exceeded = Object.entries(BOUNDED)
    .filter(([name, measure]) => Object.hasOwn(guardrails, name) && exceeds(guardrails[name], inputs.measures[measure]))
    .map(([name]) => `guardrail_exceeded:${name}`)
  const refused = inputs.budget_refusals.map(({ guardrail, have, limit }) => `budget_exceeded:${guardrail}:${have}_of_${limit}`)
  const reasons = [...new Set([...exceeded, ...refused])].sort()
  return [...impossible, ...reasons.map((reason) => term('guardrails', inputs.guardrail_excess, reason))]
}

/** A person switched the agent off; that is enforced in every mode. */
export function isSwitchedOff({ kill_switch, human }: Pick<DecisionInputs, 'kill_switch' | 'human'>): boolean {
  return kill_switch && !human
}

/** The term of an agent that a person switched off. */
export function switchedOffTerm(): Ceiling {
  return denial('hard', 'kill_switch')
}

/** A term of the decision point itself: without bounds, with the duties of its outcome. A longer reason is cut. */
export function term(source: Source, outcome: Outcome, reason: string): Ceiling {
  return { source, outcome, reason: reason.slice(0, REASON_CHARS_MAX), obligations: [...OUTCOME_DUTIES[outcome]], guardrails: {} }
}

/** A term that denies. */
export function denial(source: Source, reason: string): Ceiling {
  return term(source, 'deny', reason)
}

/** Why, in no more characters than a reason has; a policy that says nothing still granted something. */
function reasonOf({ outcome, reason, cause }: BaseResult): string {
  const text = cause === undefined ? reason : `base_failed:${cause}`
  return text === '' ? `base_${outcome}` : text.slice(0, REASON_CHARS_MAX)
}

function duties({ obligations, guardrails }: BaseResult): object {
  return { ...(obligations === undefined ? {} : { obligations }), ...(guardrails === undefined ? {} : { guardrails }) }
}

function linkTerm(link: ChainLink, { matrices, band, sensitive }: DecisionInputs): Ceiling {
  const level = link.known ? link.level_effective : 0
  const outcome: Outcome = matrixCell({ matrices, tier: link.tier, level, band, sensitive })
  const standing = link.known ? `level_${level}` : 'unknown'
  return term('chain', outcome, `chain_link:${link.relation}:${link.party.type}/${link.party.id}:${standing}`)
}

function byOutcome(a: Ceiling, b: Ceiling): number {
  return OUTCOME_RANK[a.outcome] - OUTCOME_RANK[b.outcome] || byCodeUnit(a.reason, b.reason)
}

function width(entry: ContainmentEntry): number {
  return CONTAINMENT_KINDS.indexOf(entry.kind)
}

function exceeds(bound: Guardrail | undefined, measure: Measures[keyof Measures]): boolean {
  if (measure === null) return false
  if (typeof bound === 'number') return !(typeof measure === 'number' && measure <= bound)
  const allowed = new Set(bound)
  return !(Array.isArray(measure) && measure.every((domain: string) => allowed.has(domain)))
}

/** Duties that come with an outcome, whoever concedes it; the shipped policies write them alike, so that they are one duty. */
const OUTCOME_DUTIES = {
  deny: [],
  suggest: [],
  require_approval: [{ id: 'named_approver', performer: 'pdp', properties: { expiry_minutes: 15 } }],
  allow_guarded: [{ id: 'post_verify', performer: 'pdp', properties: { hours: 24 } }],
  allow: [],
} as const satisfies Record<Outcome, readonly Obligation[]>
