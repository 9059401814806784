import type { Effect } from '../../ledger/effect.ts'
import { project } from '../../ledger/fold/fold.ts'
import { boundsKey, filingsKey, raterKey, tallyKey } from '../../ledger/keys.ts'
import { sandbox, sandboxView } from '../../ledger/sandbox.ts'
import type { DocumentKeys, View } from '../../ledger/store.ts'
import { isCalibrated, isRater, raterWeight } from '../../trust/raters.ts'
import { recordWithoutWeight } from '../rules/verdict-effects.ts'
import { isRepeated, weigh } from '../rules/weigh-verdict.ts'
import type { Judged, Verdict } from '../rules/weighing.ts'
import { canaryEffects } from './canary-verdicts.ts'
import type { EvaluationContext, LimitedVerdict, VerdictCase } from './evaluation-context.ts'
import { complaintWithin, failureWithin, successWithin } from './rater-limits.ts'

/** What a verdict counts for within the limits on raters and sources; the verdict has what it is worth, as it is recorded. */
export type Judgement = LimitedVerdict & {
  /** Recorded, and shown to nobody who judges. */
  readonly canary: boolean
}

/** The documents that judging reads or writes. */
export function judgementDocumentKeys(
  tenant: string,
  judged: Pick<Judged, 'agent' | 'scope' | 'decision_id'>,
  verdict: Pick<Verdict, 'by' | 'layer'>,
): DocumentKeys {
  const { agent, scope } = judged
  return [
    { kind: 'verdicts', tenant, id: judged.decision_id },
    tallyKey(tenant, agent, { scope, layer: verdict.layer }),
    tallyKey(tenant, agent, { rater: verdict.by }),
    filingsKey(tenant, agent),
    boundsKey(tenant, agent),
    raterKey(tenant, verdict.by),
  ]
}

/**
 * Weighs a verdict within the limits of docs/raters.md: a rater by the canaries they caught; successes up to the budgets of the day;
 * failures of one source beyond its hour wait until another source agrees or a person decides; complaints that nobody else bears out
 * weigh up to a limit and are flagged beyond it; what is said of a canary counts for its rater alone.
 */
export function judge(judged: Judged, reported: Verdict, context: EvaluationContext, view: View): Judgement {
  const { tenant } = context
  const seenVerdicts = view.document({ kind: 'verdicts', tenant, id: judged.decision_id })
  const verdict = weightedByCanaries(reported, tenant, view)
  if (isRepeated(verdict, seenVerdicts))
    return { ...weigh(judged, verdict, seenVerdicts, view.constants()), verdict, canary: false }
  const advice = adviceOf(judged, verdict, context.nowMs)
  const verdictCase = { judged, verdict, seenVerdicts, context, view }
  const weighed = withinLimits(verdictCase)
  const canary = seenVerdicts?.canary
  if (canary !== undefined) {
    const effects = canaryEffects(verdictCase, canary)
    // Advice is no evidence, and its absence would show what it is that people decide about.
    return { ...weighed, effects: [...effects, ...advice], counted: false, canary: true }
  }
  return { ...weighed, effects: [...weighed.effects, ...advice], canary: false }
}

/** Several verdicts of one record, each after those before it: what they agree on, fill and free, they do once. `first`: what goes before them. */
export function judgeEach(
  judged: Judged,
  verdicts: readonly Verdict[],
  context: EvaluationContext,
  { first, view }: { readonly first: readonly Effect[]; readonly view: View },
): readonly Effect[] {
  if (verdicts.length === 0) return []
  const { tenant, nowMs } = context
  const trial = sandbox(view)
  project(first, nowMs, tenant, trial)
  const afterOthers = sandboxView(trial, view)
  return verdicts.flatMap((verdict) => {
    const { effects } = judge(judged, verdict, context, afterOthers)
    project(effects, nowMs, tenant, trial)
    return effects
  })
}

/** A person weighs what the canaries say, once there are enough of them. */
function weightedByCanaries(reported: Verdict, tenant: string, view: View): Verdict {
  const constants = view.constants()
  const record = isRater(reported.source) ? view.document(raterKey(tenant, reported.by)) : undefined
  if (record === undefined || !isCalibrated(record, constants)) return reported
  const rho = reported.source === 'human' ? raterWeight(record, constants) : null
  return { ...reported, ...(rho === null ? {} : { rho }), calibrated: true }
}

function withinLimits(verdictCase: VerdictCase): LimitedVerdict {
  const { judged, verdict, seenVerdicts, context, view } = verdictCase
  if (verdict.source === 'llm_judge' && context.untrustedJudge)
    return { ...recordWithoutWeight(judged, verdict, 'the judging agent is not trusted enough itself'), verdict }
  switch (verdict.gravity) {
    case 'none':
      return { ...weigh(judged, verdict, seenVerdicts, view.constants()), verdict }
    case 'positive':
      return successWithin(verdictCase)
    case 'ambiguous':
      return complaintWithin(verdictCase)
    case 'minor':
    case 'moderate':
    case 'major':
    case 'critical':
      return failureWithin(verdictCase)
  }
}

/** What a judging agent says is kept for the people who decide. */
function adviceOf({ decision_id }: Judged, verdict: Verdict, nowMs: number): readonly Effect[] {
  if (verdict.source !== 'llm_judge' || verdict.layer !== 'outcome') return []
  return [{ kind: 'advice', decision_id, advice: { by: verdict.by, class: verdict.class, at_ms: nowMs } }]
}
