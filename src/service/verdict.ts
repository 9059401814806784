import type { Verdicts } from '../model/documents.ts'
import type { Effect } from '../model/effect.ts'
import type { Gravity } from '../model/outcome-classes.ts'
import type { Layer, ScopeKey } from '../model/scope.ts'
import type { EvidenceSource, EvidenceStake, TrustConstants } from '../model/trust-constants.ts'
import { negativeWeight, positiveWeight, severityOf } from '../trust/weight.ts'
import { hearing, newVerdicts } from './projection.ts'

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
 * the largest; a worse verdict adds the difference; a fact takes a positive back, a complaint never does; each source is heard
 * once per class; an agent's own word weighs nothing.
 */
export function weigh(judged: Judged, verdict: Verdict, before: Verdicts | undefined, constants: TrustConstants): Weighed {
  const verdicts = before ?? newVerdicts()
  if (verdicts.heard.includes(hearing(verdict.layer, verdict.by, verdict.class)))
    return { effects: [], counted: false, reason: 'this source already said so' }
  const layer = verdicts.layers[verdict.layer] ?? { positive: 0, positive_ms: null, negative: 0, factual: false, counted: false }
  switch (verdict.gravity) {
    case 'none':
      return nothing(judged, verdict, 'silence is not evidence')
    case 'positive': {
      const weight = positiveWeight(verdict.source, judged.stake, constants)
      if (weight === 0) return nothing(judged, verdict, 'the source weighs nothing')
      if (!judged.earns) return nothing(judged, verdict, 'an action outside the catalogue never earns')
      if (layer.factual) return nothing(judged, verdict, 'a failure of this decision is already on record')
      const added = weight - layer.positive
      if (added <= 0) return nothing(judged, verdict, 'a verdict of at least this weight already counted')
      const good = evidence(judged, verdict, {
        polarity: 'positive',
        weight: added,
        kappa: 0,
        // A first verdict too light for the ladder leaves the decision to be counted with a heavier one.
        counts: !layer.counted || (layer.negative === 0 && layer.positive < constants.count_weight_min),
        selfFlagged: false,
      })
      return { effects: [good, spoken(judged, verdict, { positive: added })], counted: true, reason: `positive, ${added} units` }
    }
    case 'ambiguous':
    case 'minor':
    case 'moderate':
    case 'major':
    case 'critical':
      return weighNegative(judged, verdict, verdicts, layer, constants)
  }
}

function weighNegative(
  judged: Judged,
  verdict: Verdict & { readonly gravity: Gravity },
  verdicts: Verdicts,
  layer: NonNullable<Verdicts['layers'][Layer]>,
  constants: TrustConstants,
): Weighed {
  const gravity = verdict.gravity as 'ambiguous' | 'minor' | 'moderate' | 'major' | 'critical'
  const factual = gravity !== 'ambiguous'
  if (verdict.source === 'self') {
    // The agent's word is no evidence, but a failure it flags itself is cheaper than one that it hid.
    return {
      effects: [spoken(judged, verdict, { selfFlagged: true })],
      counted: false,
      reason: "the agent's own word; noted that it flagged the failure itself",
    }
  }
  const kappa = severityOf(gravity, verdicts.self_flagged, constants)
  const weight = negativeWeight(verdict.source, judged.stake, kappa, constants)
  const added = weight - layer.negative
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
  if (added > 0) {
    const first = layer.negative === 0
    effects.push(
      evidence(judged, verdict, {
        polarity: 'negative',
        weight: added,
        kappa,
        counts: first,
        selfFlagged: verdicts.self_flagged,
      }),
    )
    if (verdict.layer === 'outcome')
      for (const agent of judged.delegators)
        effects.push({ kind: 'delegator', agent, scope: judged.scope, weight: added, event_time_ms: verdict.event_time_ms })
  }
  if (gravity === 'critical' && verdict.layer === 'outcome') {
    const rule = constants.incident_rules.exfiltration
    effects.push({
      kind: 'incident',
      agent: judged.agent,
      incident: {
        id: `critical-${judged.decision_id}`,
        class: 'exfiltration',
        reach: rule.reach,
        scope: judged.scope,
        cap: rule.cap ?? 0,
        review: rule.review,
      },
    })
  }
  effects.push(spoken(judged, verdict, { negative: Math.max(0, added), factual }))
  return {
    effects,
    counted: added > 0,
    reason: added > 0 ? `negative, ${added} units, severity ${kappa}` : 'a verdict of at least this weight already counted',
  }
}

/** Heard, remembered, and without weight. */
function nothing(judged: Judged, verdict: Verdict, reason: string): Weighed {
  return { effects: [spoken(judged, verdict, {})], counted: false, reason }
}

function spoken(
  judged: Judged,
  verdict: Verdict,
  said: { readonly positive?: number; readonly negative?: number; readonly factual?: boolean; readonly selfFlagged?: boolean },
): Effect {
  return {
    kind: 'verdict',
    decision_id: judged.decision_id,
    layer: verdict.layer,
    source: verdict.by,
    class: verdict.class,
    event_time_ms: verdict.event_time_ms,
    positive: said.positive ?? 0,
    negative: said.negative ?? 0,
    factual: said.factual ?? false,
    self_flagged: said.selfFlagged ?? false,
  }
}

function evidence(
  judged: Judged,
  verdict: Verdict,
  said: {
    readonly polarity: 'positive' | 'negative'
    readonly weight: number
    readonly kappa: number
    readonly counts: boolean
    readonly selfFlagged: boolean
  },
): Effect {
  return {
    kind: 'evidence',
    agent: judged.agent,
    scope: judged.scope,
    layer: verdict.layer,
    polarity: said.polarity,
    weight: said.weight,
    kappa: said.kappa,
    event_time_ms: verdict.event_time_ms,
    verifier: verdict.by,
    counts: said.counts && verdict.layer === 'outcome',
    self_flagged: said.selfFlagged,
    blast: judged.blast,
  }
}
