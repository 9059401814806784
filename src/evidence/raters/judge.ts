import { FILINGS_MAX, type HeldFiling } from '../../ledger/documents/tally.ts'
import type { Verdicts } from '../../ledger/documents/verdicts.ts'
import type { Effect } from '../../ledger/effect.ts'
import { project } from '../../ledger/fold/fold.ts'
import { newVerdicts, verdictName } from '../../ledger/fold/verdicts.ts'
import { saidWithin, WITNESS_MS } from '../../ledger/fold/raters.ts'
import { boundsKey, filingsKey, raterKey, tallyKey } from '../../ledger/keys.ts'
import { sandbox } from '../../ledger/sandbox.ts'
import type { DocumentKeys, View } from '../../ledger/store.ts'
import type { Hold, HoldReason } from '../../trust/bounds-documents.ts'
import type { TrustConstants } from '../../trust/constants.ts'
import { isCalibrated, isRater, raterWeight } from '../../trust/raters.ts'
import { decisionOf, proposalOf } from '../judged-decision.ts'
import {
  criticalIncident,
  isSuperseded,
  type Judged,
  recordWithoutWeight,
  type Verdict,
  weigh,
  weighAnew,
  type Weighed,
} from '../weigh-verdict.ts'

/** Where and when something is said: of which decision, and the id a hold gets if it has to wait. */
export type EvaluationContext = {
  readonly tenant: string
  readonly nowMs: number
  /** The decision that was reported on; the one that is judged may be the one that asked for its approval. */
  readonly decisionId: string
  /** Whoever says it can read which decisions are canaries, so a canary tells nothing of them. */
  readonly knowsCanaries: boolean
  /** A judging agent that its own trust does not carry: what it says is advice only. */
  readonly untrustedJudge: boolean
  readonly newId: () => string
}

/** What a verdict counts for within the limits on raters and sources. */
export type Judgement = Weighed & {
  /** The verdict with what it is worth, as it is recorded. */
  readonly verdict: Verdict
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
export function judge(judged: Judged, said: Verdict, saying: EvaluationContext, view: View): Judgement {
  const { tenant } = saying
  const constants = view.constants()
  const verdicts = view.document({ kind: 'verdicts', tenant, id: judged.decision_id })
  const verdict = knownBy(said, saying, view, constants)
  if (isSuperseded(verdict, verdicts)) return { ...weigh(judged, verdict, verdicts, constants), verdict, canary: false }
  const advice = adviceOf(judged, verdict, saying)
  const weighed = withinLimits(judged, verdict, verdicts, saying, view)
  const canary = verdicts?.canary
  if (canary !== undefined) {
    const effects = canaryEffects(judged, verdict, verdicts ?? newVerdicts(), saying)
    // Advice is no evidence, and its absence would show what it is that people decide about.
    return { ...weighed, effects: [...effects, ...advice], counted: false, verdict: weighed.verdict, canary: true }
  }
  return { ...weighed, effects: [...weighed.effects, ...advice], canary: false }
}

/** Several verdicts of one record, each after those before it: what they agree on, fill and free, they do once. `first`: what goes before them. */
export function judgeEach(
  judged: Judged,
  verdicts: readonly Verdict[],
  saying: EvaluationContext,
  { first, view }: { readonly first: readonly Effect[]; readonly view: View },
): readonly Effect[] {
  if (verdicts.length === 0) return []
  const { tenant, nowMs } = saying
  const trial = sandbox(view)
  project(first, nowMs, tenant, trial)
  const standing: View = {
    document: trial.document,
    record: (of, id) => view.record(of, id),
    constants: () => view.constants(),
    stateVersion: () => view.stateVersion(),
  }
  return verdicts.flatMap((verdict) => {
    const { effects } = judge(judged, verdict, saying, standing)
    project(effects, nowMs, tenant, trial)
    return effects
  })
}

/** A person weighs what the canaries say, once there are enough of them. */
function knownBy(said: Verdict, { tenant }: EvaluationContext, view: View, constants: TrustConstants): Verdict {
  const record = isRater(said.source) ? view.document(raterKey(tenant, said.by)) : undefined
  if (record === undefined || !isCalibrated(record, constants)) return said
  const rho = said.source === 'human' ? raterWeight(record, constants) : null
  return { ...said, ...(rho === null ? {} : { rho }), calibrated: true }
}

type Limited = Weighed & { readonly verdict: Verdict }

function withinLimits(
  judged: Judged,
  verdict: Verdict,
  verdicts: Verdicts | undefined,
  saying: EvaluationContext,
  view: View,
): Limited {
  const constants = view.constants()
  if (verdict.source === 'llm_judge' && saying.untrustedJudge)
    return { ...recordWithoutWeight(judged, verdict, 'the judging agent is not trusted enough itself'), verdict }
  switch (verdict.gravity) {
    case 'none':
      return { ...weigh(judged, verdict, verdicts, constants), verdict }
    case 'positive':
      return successWithin(judged, verdict, verdicts, saying, view)
    case 'ambiguous':
      return complaintWithin(judged, verdict, verdicts, saying, view)
    case 'minor':
    case 'moderate':
    case 'major':
    case 'critical':
      return failureWithin(judged, verdict, verdicts, saying, view)
  }
}

/** Successes: what the budgets of the day still have room for, of this layer of the scope, and of this rater about this agent. */
function successWithin(
  judged: Judged,
  verdict: Verdict,
  verdicts: Verdicts | undefined,
  { tenant, nowMs }: EvaluationContext,
  view: View,
): Limited {
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
  const weighed = weigh(judged, limited, verdicts, constants)
  const units = unitsOf(weighed, 'positive')
  const tallies: readonly Effect[] =
    units === 0
      ? []
      : [
          { kind: 'tally', agent, of: ofScope, window: 'positive', units },
          ...(isRater(verdict.source)
            ? [{ kind: 'tally' as const, agent, of: ofRater, window: 'positive' as const, units }]
            : []),
        ]
  return { ...weighed, effects: [...weighed.effects, ...tallies], verdict: limited }
}

/** Complaints of a rater that nobody bears out: up to the limit of 30 days; beyond it flagged as possible slander, and without weight. */
function complaintWithin(
  judged: Judged,
  verdict: Verdict,
  verdicts: Verdicts | undefined,
  { tenant, nowMs, ...saying }: EvaluationContext,
  view: View,
): Limited {
  const constants = view.constants()
  const layer = verdicts?.layers[verdict.layer]
  const isBorneOut = layer !== undefined && (layer.negative > 0 || layer.factual)
  const weighed = weigh(judged, verdict, verdicts, constants)
  const units = unitsOf(weighed, 'negative')
  if (!isRater(verdict.source) || isBorneOut || units === 0) return { ...weighed, verdict }
  const of = { rater: verdict.by }
  const said = saidWithin(view.document(tallyKey(tenant, judged.agent, of)), 'ambiguous', nowMs)
  if (said + units > constants.budgets.ambiguous_per_30_days)
    return waiting(judged, verdict, { reason: 'possible_slander', units }, { tenant, nowMs, ...saying }, view)
  const tally: Effect = { kind: 'tally', agent: judged.agent, of, window: 'ambiguous', units }
  return { ...weighed, effects: [...weighed.effects, tally], verdict }
}

/**
 * Failures that a source tells of as facts: up to the limit of the hour, the one that reaches it whole. Beyond it they count only if
 * another source told of a failure in this scope within the hour; and once one does, what waited counts too.
 */
function failureWithin(
  judged: Judged,
  verdict: Verdict,
  verdicts: Verdicts | undefined,
  saying: EvaluationContext,
  view: View,
): Limited {
  const { tenant, nowMs } = saying
  const constants = view.constants()
  const { agent, scope } = judged
  const weighed = weigh(judged, verdict, verdicts, constants)
  const units = unitsOf(weighed, 'negative')
  if (verdict.source === 'self' || (units === 0 && !weighed.counted)) return { ...weighed, verdict }
  const of = { rater: verdict.by }
  const said = saidWithin(view.document(tallyKey(tenant, agent, of)), 'factual', nowMs)
  const filings = view.document(filingsKey(tenant, agent))
  const agrees = (filings?.witnesses ?? []).some(
    (each) => each.source !== verdict.by && each.scope === scope && each.at_ms > nowMs - WITNESS_MS,
  )
  if (said >= constants.budgets.factual_per_hour && !agrees)
    return waiting(judged, verdict, { reason: 'uncorroborated_failures', units }, saying, view)
  const freed = freedBy(judged, verdict, weighed.effects, saying, view)
  const effects: readonly Effect[] = [
    ...weighed.effects,
    { kind: 'tally', agent, of, window: 'factual', units },
    { kind: 'witness', agent, scope, source: verdict.by },
    ...freed.effects,
  ]
  const reason = freed.count === 0 ? weighed.reason : `${weighed.reason}; bears out ${freed.count} that waited`
  return { ...weighed, effects, reason, verdict }
}

function unitsOf({ effects }: Weighed, polarity: 'positive' | 'negative'): number {
  return effects.reduce(
    (sum, effect) => (effect.kind === 'evidence' && effect.polarity === polarity ? sum + effect.weight : sum),
    0,
  )
}

/** What is over a limit: heard, without weight, and kept with a hold that a person resolves. Harm that is an incident is one at once. */
function waiting(
  judged: Judged,
  verdict: Verdict,
  { reason, units }: { readonly reason: HoldReason; readonly units: number },
  { tenant, nowMs, decisionId, newId }: EvaluationContext,
  view: View,
): Limited {
  const constants = view.constants()
  const { agent, scope } = judged
  const open = view
    .document(boundsKey(tenant, agent))
    ?.holds.find(
      (each) => each.reason === reason && each.source === verdict.by && each.scope === scope && each.at_ms > nowMs - WITNESS_MS,
    )
  const hold: Hold = {
    id: open?.id ?? newId(),
    scope,
    reason,
    source: verdict.by,
    units: (open?.units ?? 0) + units,
    cap: reason === 'possible_slander' ? null : constants.bound_ceilings.hold,
    at_ms: open?.at_ms ?? nowMs,
  }
  const filing: HeldFiling = { hold: hold.id, decision_id: decisionId, scope, reason, at_ms: nowMs, verdict }
  const kept = (view.document(filingsKey(tenant, agent))?.held.length ?? 0) < FILINGS_MAX
  const told =
    reason === 'possible_slander'
      ? 'flagged: more complaints of this rater than are believed unless somebody bears them out'
      : 'waits: more failures than one source may count in an hour, until another source agrees or a person decides'
  const { effects } = recordWithoutWeight(judged, verdict, told)
  return {
    effects: [
      ...effects,
      { kind: 'hold', agent, hold },
      ...(kept ? [{ kind: 'filing' as const, agent, filing }] : []),
      ...(verdict.gravity === 'critical' && verdict.layer === 'outcome' ? [criticalIncident(judged, constants)] : []),
    ],
    counted: false,
    reason: told,
    verdict,
  }
}

/** The failures of other sources that waited in this scope and are borne out by one more. */
function freedBy(
  { agent, scope }: Judged,
  { by }: Verdict,
  first: readonly Effect[],
  saying: EvaluationContext,
  view: View,
): { readonly effects: readonly Effect[]; readonly count: number } {
  const { tenant, nowMs } = saying
  const held = view.document(filingsKey(tenant, agent))?.held ?? []
  const mine = held.filter((each) => each.reason === 'uncorroborated_failures' && each.scope === scope && each.verdict.by !== by)
  const holds = new Set(mine.filter(({ at_ms }) => at_ms > nowMs - WITNESS_MS).map(({ hold }) => hold))
  const freed = mine.filter(({ hold }) => holds.has(hold))
  const effects = [
    ...weighHeld(freed, first, saying, view),
    ...[...holds].map((id): Effect => ({ kind: 'hold_resolved', agent, id })),
  ]
  return { effects, count: freed.length }
}

/** Weighs what waited, whole and as of its own time; `first` is what goes before it in the same record. */
export function weighHeld(
  filings: readonly HeldFiling[],
  first: readonly Effect[],
  { tenant, nowMs }: Pick<EvaluationContext, 'tenant' | 'nowMs'>,
  view: View,
): readonly Effect[] {
  const trial = sandbox(view)
  project(first, nowMs, tenant, trial)
  return filings.flatMap(({ decision_id, verdict }) => {
    const judged = proposalOf(decision_id, decisionOf(view, tenant, decision_id).decided)
    if (judged === null) return []
    const verdicts = trial.document({ kind: 'verdicts', tenant, id: judged.decision_id })
    const { effects } = weighAnew(judged, verdict, verdicts, view.constants())
    project(effects, nowMs, tenant, trial)
    return effects
  })
}

/** A judging agent's word is kept for the people who decide. */
function adviceOf({ decision_id }: Judged, verdict: Verdict, { nowMs }: EvaluationContext): readonly Effect[] {
  if (verdict.source !== 'llm_judge' || verdict.layer !== 'outcome') return []
  return [{ kind: 'advice', decision_id, advice: { by: verdict.by, class: verdict.class, at_ms: nowMs } }]
}

/** A verdict on a canary: heard, and one more canary of its rater, the first time they judge it. */
function canaryEffects(
  judged: Judged,
  verdict: Verdict,
  verdicts: Verdicts,
  { knowsCanaries }: EvaluationContext,
): readonly Effect[] {
  const { effects } = recordWithoutWeight(judged, verdict, '')
  const mine = verdictName(verdict.layer, verdict.by, '').slice(verdict.layer.length + 1)
  const isFirst = !verdicts.heard.some((each) => each.startsWith(`${verdict.layer}|`) && each.endsWith(mine))
  const says = saysOf(verdict)
  if (!isFirst || says === null || knowsCanaries || !isRater(verdict.source) || verdict.layer !== 'outcome') return effects
  return [...effects, { kind: 'canary_judged', rater: verdict.by, caught: says === verdicts.canary?.expected }]
}

/** Whether a verdict says yes or no; null: neither. A complaint is neither. */
export function saysOf({ gravity }: Pick<Verdict, 'gravity'>): 'approve' | 'reject' | null {
  switch (gravity) {
    case 'positive':
      return 'approve'
    case 'none':
    case 'ambiguous':
      return null
    case 'minor':
    case 'moderate':
    case 'major':
    case 'critical':
      return 'reject'
  }
}
