import type { Effect } from '../../ledger/effect.ts'
import { saidWithin, WITNESS_MS } from '../../ledger/fold/raters.ts'
import { filingsKey, tallyKey } from '../../ledger/keys.ts'
import { reachFactor } from '../../trust/layer/evidence-weight.ts'
import { isRater } from '../../trust/raters.ts'
import { weigh } from '../rules/weigh-verdict.ts'
import type { Weighed } from '../rules/weighing.ts'
import type { LimitedVerdict, VerdictCase } from './evaluation-context.ts'
import { corroboratedBy, holdBack } from './held-reports.ts'

/** Successes: what the budgets of the day still have room for, of this layer of the scope, and of this rater about this agent. */
export function successWithin({ judged, verdict, seenVerdicts, context, view }: VerdictCase): LimitedVerdict {
  const { tenant, nowMs } = context
  const constants = view.constants()
  const { budgets } = constants
  const { agent, scope } = judged
  const ofScope = { scope, layer: verdict.layer }
  const ofRater = { rater: verdict.by }
  const left = (of: typeof ofScope | typeof ofRater, most: number): number =>
    Math.max(0, most - saidWithin(view.document(tallyKey(tenant, agent, of)), 'positive', nowMs))
  const room = Math.min(
    left(ofScope, budgets.scope_positive_per_day),
    isRater(verdict.source) ? left(ofRater, budgets.rater_positive_per_day) : Infinity,
  )
  // Only a room that may bind is recorded: no success is above one unit.
  const limited = room < 1 ? { ...verdict, room } : verdict
  const weighed = weigh(judged, limited, seenVerdicts, constants)
  const units = unitsOf(weighed, 'positive')
  const tallied = units === 0 ? [] : isRater(verdict.source) ? [ofScope, ofRater] : [ofScope]
  const tallies = tallied.map((of): Effect => ({ kind: 'tally', agent, of, window: 'positive', units }))
  return { ...weighed, effects: [...weighed.effects, ...tallies], verdict: limited }
}

/** Complaints of a rater that nobody bears out: up to the limit of 30 days; beyond it flagged as possible slander, and without weight. */
export function complaintWithin(verdictCase: VerdictCase): LimitedVerdict {
  const { judged, verdict, seenVerdicts, context, view } = verdictCase
  const constants = view.constants()
  const layer = seenVerdicts?.layers[verdict.layer]
  const isBorneOut = layer !== undefined && (layer.negative > 0 || layer.factual)
  const weighed = weigh(judged, verdict, seenVerdicts, constants)
  const units = unitsOf(weighed, 'negative')
  if (!isRater(verdict.source) || isBorneOut || units === 0) return { ...weighed, verdict }
  const of = { rater: verdict.by }
  const said = saidWithin(view.document(tallyKey(context.tenant, judged.agent, of)), 'ambiguous', context.nowMs)
  if (said + units > constants.budgets.ambiguous_per_30_days) return holdBack(verdictCase, { reason: 'possible_slander', units })
  const tally: Effect = { kind: 'tally', agent: judged.agent, of, window: 'ambiguous', units }
  return { ...weighed, effects: [...weighed.effects, tally], verdict }
}

/**
 * Failures that a source tells of as facts: up to the limit of the hour, the one that reaches it whole. Beyond it they count only if
 * another source told of a failure in this scope within the hour; and once one does, what waited counts too.
 */
export function failureWithin(verdictCase: VerdictCase): LimitedVerdict {
  const { judged, verdict, seenVerdicts, context, view } = verdictCase
  const { tenant } = context
  const constants = view.constants()
  const { agent, scope } = judged
  const weighed = weigh(judged, verdict, seenVerdicts, constants)
  const units = unitsOf(weighed, 'negative')
  if (verdict.source === 'self' || (units === 0 && !weighed.counted)) return { ...weighed, verdict }
  const of = { rater: verdict.by }
  const said = saidWithin(view.document(tallyKey(tenant, agent, of)), 'factual', context.nowMs)
  if (said >= constants.budgets.factual_per_hour && !isCorroborated(verdictCase))
    return holdBack(verdictCase, { reason: 'uncorroborated_failures', units })
  const freed = corroboratedBy(verdictCase, weighed.effects)
  const effects: readonly Effect[] = [
    ...weighed.effects,
    // The limit is on what is told, not on how far it reached: else grave harm would use it up sooner, and weigh less in all.
    { kind: 'tally', agent, of, window: 'factual', units: units / reachFactor(judged, constants) },
    { kind: 'witness', agent, scope, source: verdict.by },
    ...freed.effects,
  ]
  const reason = freed.count === 0 ? weighed.reason : `${weighed.reason}; bears out ${freed.count} that waited`
  return { ...weighed, effects, reason, verdict }
}

/** Whether another source told of a failure in this scope within the hour. */
function isCorroborated({ judged: { agent, scope }, verdict, context: { tenant, nowMs }, view }: VerdictCase): boolean {
  const { witnesses = [] } = view.document(filingsKey(tenant, agent)) ?? {}
  return witnesses.some((each) => each.source !== verdict.by && each.scope === scope && each.at_ms > nowMs - WITNESS_MS)
}

function unitsOf({ effects }: Weighed, polarity: 'positive' | 'negative'): number {
  return effects.reduce(
    (sum, effect) => (effect.kind === 'evidence' && effect.polarity === polarity ? sum + effect.weight : sum),
    0,
  )
}
