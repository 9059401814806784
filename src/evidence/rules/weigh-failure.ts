import type { Effect } from '../../ledger/effect.ts'
import type { Gravity } from '../../model/outcome-classes.ts'
import type { TrustConstants } from '../../trust/constants.ts'
import { negativeWeight, reachFactor, severityOf } from '../../trust/layer/evidence-weight.ts'
import { shareTakenBack } from './rater-share.ts'
import { evidenceEffect, movedTool, onlyReads, verdictEffect } from './verdict-effects.ts'
import type { Judged, Weighed, Weighing } from './weighing.ts'

/** What a failure or a complaint weighs, as far as that is more, or graver, than what counted already. A fact takes a success back. */
export function weighFailure(weighing: Weighing, gravity: Exclude<Gravity, 'positive' | 'none'>): Weighed {
  const { judged, verdict, layer, selfFlagged, constants } = weighing
  if (verdict.source === 'self') return selfFlag(weighing)
  const factual = gravity !== 'ambiguous'
  const kappa = severityOf({ severity: gravity, reach: judged, selfFlagged }, constants)
  const weight = negativeWeight({ source: verdict.source, stake: judged.stake, rho: verdict.rho }, kappa, constants)
  const added = Math.max(0, weight - layer.negative)
  // Severity is charged apart from weight: the gravest counts, whoever said it and whichever came first.
  const isGraver = verdict.layer === 'outcome' && kappa > layer.kappa
  const moves = added > 0 || isGraver
  return {
    effects: [
      ...(factual && layer.positive > 0 ? takenBack(weighing) : []),
      ...(moves ? [failureEvidence(weighing, { added, kappa, isGraver })] : []),
      ...(added > 0 ? delegatorEffects(weighing, added) : []),
      ...(gravity === 'critical' && verdict.layer === 'outcome' && moves ? [criticalIncident(judged, constants)] : []),
      verdictEffect(judged, verdict, { negative: added, kappa, factual }),
    ],
    counted: moves,
    reason: moves
      ? `negative, ${added} units, severity ${kappa}${reachText(weighing, factual)}`
      : 'a verdict of at least this weight already counted',
  }
}

function reachText({ judged, constants }: Weighing, factual: boolean): string {
  const factor = reachFactor(judged, constants)
  if (!factual || factor === 1) return ''
  return ` (${factor} times as much: blast radius ${judged.blast}, reversibility ${judged.reversibility})`
}

/** The agent's word is no evidence, but a failure it flags itself is cheaper than one that it hid. */
function selfFlag({ judged, verdict }: Weighing): Weighed {
  return {
    effects: [verdictEffect(judged, verdict, { self_flagged: true })],
    counted: false,
    reason: "the agent's own word; noted that it flagged the failure itself",
  }
}

function failureEvidence(
  { judged, verdict, layer, selfFlagged }: Weighing,
  { added, kappa, isGraver }: { readonly added: number; readonly kappa: number; readonly isGraver: boolean },
): Effect {
  return evidenceEffect(judged, verdict, {
    polarity: 'negative',
    weight: added,
    kappa,
    kappa_counted: layer.kappa,
    counts: isGraver,
    tracked: verdict.layer === 'outcome' && layer.kappa === 0,
    self_flagged: selfFlagged,
  })
}

/** The success that counted is taken back, exactly as it was given. */
function takenBack(weighing: Weighing): readonly Effect[] {
  const { judged, verdict, layer } = weighing
  const success: Effect = {
    kind: 'take_back',
    agent: judged.agent,
    scope: judged.scope,
    layer: verdict.layer,
    weight: layer.positive,
    event_time_ms: layer.positive_ms ?? verdict.event_time_ms,
    counted: layer.counted,
    ...movedTool(judged),
    ...onlyReads(judged),
  }
  return [success, ...(verdict.layer === 'outcome' ? shareTakenBack(weighing) : [])]
}

function delegatorEffects({ judged, verdict }: Weighing, weight: number): readonly Effect[] {
  if (verdict.layer !== 'outcome') return []
  const { scope, delegators } = judged
  return delegators.map((agent) => ({ kind: 'delegator', agent, scope, weight, event_time_ms: verdict.event_time_ms }))
}

/** Critical harm is an incident of the agent, one for each decision. */
export function criticalIncident(judged: Judged, constants: TrustConstants): Effect {
  const { reach, cap, review } = constants.incident_rules.exfiltration
  const id = `critical-${judged.decision_id}`
  const incident = { id, class: 'exfiltration', reach, scope: judged.scope, cap: cap ?? 0, review } as const
  return { kind: 'incident', agent: judged.agent, incident }
}
