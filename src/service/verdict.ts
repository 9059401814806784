import type { Verdicts } from '../model/documents.ts'
import type { Effect } from '../model/effect.ts'
import type { Gravity } from '../model/outcome-classes.ts'
import type { Layer, ScopeKey } from '../model/scope.ts'
import type { EvidenceSource, EvidenceStake, TrustConstants } from '../model/trust-constants.ts'
import { negativeWeight, positiveWeight, severityOf } from '../trust/weight.ts'
import { hearing, newVerdicts, UNHEARD } from './projection.ts'

/** What a decision was about, as its record says; evidence about it is weighed by this, never by what a report claims. */
export type Judged = {
  readonly decision_id: string
  readonly agent: string
  readonly scope: ScopeKey
  readonly stake: EvidenceStake
  /** False: an action the catalogue does not know; it never earns. */
  readonly earns: boolean
  readonly blast: number
  /** The agents it acted for: charged with part of a failure. */
  readonly delegators: readonly string[]
  readonly decided_at_ms: number
}

/** One verdict or judged signal, with who said it. */
export type Verdict = {
  readonly layer: Layer
  readonly class: string
  readonly gravity: Gravity
  readonly source: EvidenceSource
  /** The credential or person it came from. */
  readonly by: string
  readonly event_time_ms: number
}

/** The effects of a verdict, and in words what it counted for. */
export type Weighed = { readonly effects: readonly Effect[]; readonly counted: boolean; readonly reason: string }

/**
 * Several verdicts on one decision (docs/trust-model.md, "One decision, several verdicts"): at most one positive unit per layer,
 * the largest; a worse verdict adds the difference, in weight and in severity; a fact takes a positive back, a complaint never does;
 * each source is heard once per class; an agent's own word weighs nothing. No effects: the source already said so.
 */
export function weigh(judged: Judged, verdict: Verdict, before: Verdicts | undefined, constants: TrustConstants): Weighed {
  const verdicts = before ?? newVerdicts()
  if (verdicts.heard.includes(hearing(verdict.layer, verdict.by, verdict.class)))
    return { effects: [], counted: false, reason: 'this source already said so' }
  const layer = verdicts.layers[verdict.layer] ?? UNHEARD
  switch (verdict.gravity) {
    case 'none':
      return nothing(judged, verdict, 'silence is not evidence')
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
type Counted = typeof UNHEARD

function weighPositive(judged: Judged, verdict: Verdict, layer: Counted, constants: TrustConstants): Weighed {
  const weight = positiveWeight(verdict.source, judged.stake, constants)
  if (weight === 0) return nothing(judged, verdict, 'the source weighs nothing')
  if (!judged.earns) return nothing(judged, verdict, 'an action outside the catalogue never earns')
  if (layer.factual) return nothing(judged, verdict, 'a failure of this decision is already on record')
  const added = weight - layer.positive
  if (added <= 0) return nothing(judged, verdict, 'a verdict of at least this weight already counted')
  // Verdicts too light for the ladder leave the decision to be counted with the one that makes it heavy enough.
  const counts = verdict.layer === 'outcome' && !layer.counted && layer.kappa === 0 && weight >= constants.count_weight_min
  const tracked = verdict.layer === 'outcome' && layer.positive === 0
  const good = evidence(judged, verdict, { polarity: 'positive', weight: added, total: weight, kappa: 0, counts, tracked })
  return {
    effects: [good, spoken(judged, verdict, { positive: added, counted: counts })],
    counted: true,
    reason: `positive, ${added} units`,
  }
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
  const weight = negativeWeight(verdict.source, judged.stake, kappa, constants)
  const added = Math.max(0, weight - layer.negative)
  // Severity is charged apart from weight: the gravest counts, whoever said it and whichever came first.
  const isGraver = verdict.layer === 'outcome' && kappa > layer.kappa
  const moves = added > 0 || isGraver
  const effects: Effect[] = []
  if (factual && layer.positive > 0)
    effects.push({
      kind: 'take_back',
      agent: judged.agent,
      scope: judged.scope,
      layer: verdict.layer,
      weight: layer.positive,
      event_time_ms: layer.positive_ms ?? verdict.event_time_ms,
      counted: layer.counted,
    })
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

/** Critical harm is an incident of the agent, one for each decision. */
function criticalIncident(judged: Judged, constants: TrustConstants): Effect {
  const { reach, cap, review } = constants.incident_rules.exfiltration
  const id = `critical-${judged.decision_id}`
  const incident = { id, class: 'exfiltration', reach, scope: judged.scope, cap: cap ?? 0, review } as const
  return { kind: 'incident', agent: judged.agent, incident }
}

/** Heard, remembered, and without weight. */
function nothing(judged: Judged, verdict: Verdict, reason: string): Weighed {
  return { effects: [spoken(judged, verdict, {})], counted: false, reason }
}

type Spoken = Extract<Effect, { kind: 'verdict' }>
type Sums = Partial<Pick<Spoken, 'positive' | 'negative' | 'kappa' | 'counted' | 'factual' | 'self_flagged'>>

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
type Share = Pick<Evidence, 'polarity' | 'weight' | 'total' | 'kappa' | 'kappa_counted' | 'counts' | 'tracked'> & {
  readonly self_flagged?: boolean
}

function evidence(judged: Judged, verdict: Verdict, share: Share): Evidence {
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
    ...share,
  }
}
