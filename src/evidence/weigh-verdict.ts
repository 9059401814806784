import type { Verdict } from '../ledger/documents/tally.ts'
import type { Verdicts } from '../ledger/documents/verdicts.ts'
import type { Effect } from '../ledger/effect.ts'
import { claimsAfter, newVerdicts, UNJUDGED_LAYER, verdictName } from '../ledger/fold/verdicts.ts'
import type { ScopeKey } from '../model/scope.ts'
import type { EvidenceStake, TrustConstants } from '../trust/constants.ts'
import { isRater } from '../trust/raters.ts'
import { negativeWeight, positiveWeight, severityOf } from '../trust/weight.ts'

/** What a decision was about, as its record says; evidence about it is weighed by this, never by what a report claims. */
export type Judged = {
  readonly decision_id: string
  readonly agent: string
  readonly scope: ScopeKey
  readonly stake: EvidenceStake
  /** False: an action the catalogue does not know; it never earns. */
  readonly earns: boolean
  readonly blast: number
  /** The tool, where it moved to another scope and the agent has to prove itself with it there. */
  readonly moved_tool?: string
  /** The agents it acted for: charged with part of a failure. */
  readonly delegators: readonly string[]
  readonly decided_at_ms: number
}

export type { Verdict }

/** The effects of a verdict, and in words what it counted for. */
export type Weighed = { readonly effects: readonly Effect[]; readonly counted: boolean; readonly reason: string }

/**
 * Several verdicts on one decision (docs/trust-model.md, "One decision, several verdicts"): at most one positive unit per layer,
 * the largest; a worse verdict adds the difference, in weight and in severity; a fact takes a positive back, a complaint never does;
 * each source is heard once per class; an agent's own word weighs nothing. No effects: the source already said so.
 */
export function weigh(judged: Judged, verdict: Verdict, before: Verdicts | undefined, constants: TrustConstants): Weighed {
  if (isSuperseded(verdict, before)) return { effects: [], counted: false, reason: 'this source already said so' }
  return weighAnew(judged, verdict, before, constants)
}

/** Whether the source said this of the decision already. */
export function isSuperseded({ layer, by, class: of }: Verdict, verdicts: Verdicts | undefined): boolean {
  return verdicts?.heard.includes(verdictName(layer, by, of)) === true
}

/** The same for a verdict that was heard, but waited. */
export function weighAnew(judged: Judged, verdict: Verdict, before: Verdicts | undefined, constants: TrustConstants): Weighed {
  const verdicts = before ?? newVerdicts()
  const layer = verdicts.layers[verdict.layer] ?? UNJUDGED_LAYER
  switch (verdict.gravity) {
    case 'none':
      return recordWithoutWeight(judged, verdict, 'silence is not evidence')
    case 'positive':
      return weighPositive(judged, verdict, layer, constants)
    case 'ambiguous':
    case 'minor':
    case 'moderate':
    case 'major':
    case 'critical':
      return weighNegative(judged, verdict, verdicts, layer, constants)
  }
}

/** What was already counted about the decision in one layer. */
type Counted = typeof UNJUDGED_LAYER

function weighPositive(judged: Judged, verdict: Verdict, layer: Counted, constants: TrustConstants): Weighed {
  const whole = positiveWeight(verdict.source, judged.stake, constants, verdict.rho) * (verdict.share ?? 1)
  if (whole === 0) return recordWithoutWeight(judged, verdict, 'the source weighs nothing')
  if (!judged.earns) return recordWithoutWeight(judged, verdict, 'an action outside the catalogue never earns')
  if (layer.factual) return recordWithoutWeight(judged, verdict, 'a failure of this decision is already on record')
  const claim = Math.min(whole, verdict.room ?? whole)
  const added = Math.min(whole - layer.positive, claim)
  if (added <= 0) {
    const spent = whole > layer.positive
    const reason = spent ? 'a budget of successes is used up' : 'a verdict of at least this weight already counted'
    const shares = shareEffects(judged, verdict, layer, { claim, counted: layer.counted }, constants)
    return { effects: [...shares, spoken(judged, verdict, claimOf(verdict, claim))], counted: false, reason }
  }
  const total = layer.positive + added
  // Verdicts too light for the ladder leave the decision to be counted with the one that makes it heavy enough.
  const counts = verdict.layer === 'outcome' && !layer.counted && layer.kappa === 0 && total >= constants.count_weight_min
  const tracked = verdict.layer === 'outcome' && layer.positive === 0
  const good = evidence(judged, verdict, { polarity: 'positive', weight: added, total, kappa: 0, counts, tracked })
  const shares = shareEffects(judged, verdict, layer, { claim, counted: layer.counted || counts }, constants)
  return {
    effects: [good, ...shares, spoken(judged, verdict, { positive: added, counted: counts, ...claimOf(verdict, claim) })],
    counted: true,
    reason: `positive, ${added} units${notWhole(verdict, whole, added, layer)}`,
  }
}

function notWhole(verdict: Verdict, whole: number, added: number, { positive }: Counted): string {
  if (added < whole - positive) return '; a budget of successes is used up'
  return verdict.share === undefined ? '' : '; nobody was asked to verify this decision'
}

function claimOf({ source }: Verdict, claim: number): Sums {
  return claim > 0 ? { claim, ...(isRater(source) ? { rater: true } : {}) } : {}
}

type Claims = Pick<Counted, 'best' | 'second'>

/** What rests on the word of one rater alone, after claims of a success: units beyond everybody else's, and the count if nobody else bears it. */
function alone({ best, second = 0 }: Claims, counted: boolean, constants: TrustConstants) {
  if (best?.rater !== true) return undefined
  const count = counted && second < constants.count_weight_min ? 1 : 0
  return { rater: best.by, units: Math.max(0, best.weight - second), count }
}

/** How a claim of a success changes what rests on one rater alone: it may relieve one, and burden another. */
function shareEffects(
  judged: Judged,
  verdict: Verdict,
  layer: Counted,
  { claim, counted }: { readonly claim: number; readonly counted: boolean },
  constants: TrustConstants,
): readonly Effect[] {
  if (verdict.layer !== 'outcome') return []
  const after = claimsAfter(layer, { source: verdict.by, ...claimOf(verdict, claim) })
  const shares = changedShares(alone(layer, layer.counted, constants), alone(after, counted, constants))
  return shares.map((share) => ({
    kind: 'rater_share',
    agent: judged.agent,
    scope: judged.scope,
    ...share,
    calibrated: share.rater === verdict.by ? verdict.calibrated === true : null,
    event_time_ms: layer.positive_ms ?? verdict.event_time_ms,
  }))
}

type Share = { readonly rater: string; readonly units: number; readonly count: number }

function changedShares(before: Share | undefined, after: Share | undefined): readonly Share[] {
  const raters = [...new Set([before, after].flatMap((share) => share?.rater ?? []))]
  return raters
    .map((rater) => {
      const [was, is] = [before, after].map((share) => (share?.rater === rater ? share : { units: 0, count: 0 }))
      return { rater, units: (is?.units ?? 0) - (was?.units ?? 0), count: (is?.count ?? 0) - (was?.count ?? 0) }
    })
    .filter(({ units, count }) => units !== 0 || count !== 0)
}

function weighNegative(judged: Judged, verdict: Verdict, verdicts: Verdicts, layer: Counted, constants: TrustConstants): Weighed {
  const gravity = verdict.gravity as 'ambiguous' | 'minor' | 'moderate' | 'major' | 'critical'
  const factual = gravity !== 'ambiguous'
  if (verdict.source === 'self') {
    // The agent's word is no evidence, but a failure it flags itself is cheaper than one that it hid.
    return {
      effects: [spoken(judged, verdict, { self_flagged: true })],
      counted: false,
      reason: "the agent's own word; noted that it flagged the failure itself",
    }
  }
  const kappa = severityOf(gravity, verdicts.self_flagged, constants)
  const weight = negativeWeight(verdict.source, judged.stake, kappa, constants, verdict.rho)
  const added = Math.max(0, weight - layer.negative)
  // Severity is charged apart from weight: the gravest counts, whoever said it and whichever came first.
  const isGraver = verdict.layer === 'outcome' && kappa > layer.kappa
  const moves = added > 0 || isGraver
  const effects: Effect[] = []
  if (factual && layer.positive > 0) {
    effects.push({
      kind: 'take_back',
      agent: judged.agent,
      scope: judged.scope,
      layer: verdict.layer,
      weight: layer.positive,
      event_time_ms: layer.positive_ms ?? verdict.event_time_ms,
      counted: layer.counted,
      ...toolOf(judged),
    })
    if (verdict.layer === 'outcome') effects.push(...shareTakenBack(judged, verdict, layer, constants))
  }
  if (moves)
    effects.push(
      evidence(judged, verdict, {
        polarity: 'negative',
        weight: added,
        kappa,
        kappa_counted: layer.kappa,
        counts: isGraver,
        tracked: verdict.layer === 'outcome' && layer.kappa === 0,
        self_flagged: verdicts.self_flagged,
      }),
    )
  if (added > 0 && verdict.layer === 'outcome')
    for (const agent of judged.delegators)
      effects.push({ kind: 'delegator', agent, scope: judged.scope, weight: added, event_time_ms: verdict.event_time_ms })
  if (gravity === 'critical' && verdict.layer === 'outcome' && moves) effects.push(criticalIncident(judged, constants))
  effects.push(spoken(judged, verdict, { negative: added, kappa, factual }))
  return {
    effects,
    counted: moves,
    reason: moves ? `negative, ${added} units, severity ${kappa}` : 'a verdict of at least this weight already counted',
  }
}

/** A success that is taken back rests on nobody any more. */
function shareTakenBack(judged: Judged, verdict: Verdict, layer: Counted, constants: TrustConstants): readonly Effect[] {
  const share = alone(layer, layer.counted, constants)
  if (share === undefined) return []
  const { rater, units, count } = share
  const gone = { units: -units, count: -count, calibrated: null, event_time_ms: layer.positive_ms ?? verdict.event_time_ms }
  return [{ kind: 'rater_share', agent: judged.agent, scope: judged.scope, rater, ...gone }]
}

/** Critical harm is an incident of the agent, one for each decision. */
export function criticalIncident(judged: Judged, constants: TrustConstants): Effect {
  const { reach, cap, review } = constants.incident_rules.exfiltration
  const id = `critical-${judged.decision_id}`
  const incident = { id, class: 'exfiltration', reach, scope: judged.scope, cap: cap ?? 0, review } as const
  return { kind: 'incident', agent: judged.agent, incident }
}

/** Heard, remembered, and without weight. */
export function recordWithoutWeight(judged: Judged, verdict: Verdict, reason: string): Weighed {
  return { effects: [spoken(judged, verdict, {})], counted: false, reason }
}

type Spoken = Extract<Effect, { kind: 'verdict' }>
type Sums = Partial<Pick<Spoken, 'positive' | 'negative' | 'kappa' | 'counted' | 'factual' | 'self_flagged' | 'claim' | 'rater'>>

function spoken(judged: Judged, verdict: Verdict, sums: Sums): Spoken {
  return {
    kind: 'verdict',
    decision_id: judged.decision_id,
    layer: verdict.layer,
    source: verdict.by,
    class: verdict.class,
    event_time_ms: verdict.event_time_ms,
    positive: 0,
    negative: 0,
    factual: false,
    self_flagged: false,
    ...sums,
  }
}

type Evidence = Extract<Effect, { kind: 'evidence' }>
type Weight = Pick<Evidence, 'polarity' | 'weight' | 'total' | 'kappa' | 'kappa_counted' | 'counts' | 'tracked'> & {
  readonly self_flagged?: boolean
}

function evidence(judged: Judged, verdict: Verdict, share: Weight): Evidence {
  return {
    kind: 'evidence',
    agent: judged.agent,
    scope: judged.scope,
    layer: verdict.layer,
    event_time_ms: verdict.event_time_ms,
    verifier: verdict.by,
    self_flagged: false,
    blast: judged.blast,
    decision_id: judged.decision_id,
    ...toolOf(judged),
    ...share,
  }
}

function toolOf({ moved_tool }: Judged): { readonly tool?: string } {
  return moved_tool === undefined ? {} : { tool: moved_tool }
}
