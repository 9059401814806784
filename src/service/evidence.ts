import { actorOf, authorize, refuseSelf } from './authority.ts'
import { hearing, project } from './projection.ts'
import type { Store, Transaction } from './ports.ts'
import { decisionOf, judgedOf, recordOf } from './records.ts'
import type { Observer } from './service.ts'
import { sandbox } from './sandbox.ts'
import { weigh, type Judged, type Verdict } from './verdict.ts'
import type { Caller } from '../model/caller.ts'
import type { Effect } from '../model/effect.ts'
import { ServiceError } from '../model/error.ts'
import { OUTCOME_CLASSES, SIGNAL_CLASSES } from '../model/outcome-classes.ts'
import type { EvidenceAnswer, OutcomeReport, SignalReport } from '../model/wire.ts'
import { newAgentTrust } from '../trust/state.ts'
import { scopeView } from '../trust/view.ts'

/** Evidence may be this old; older history enters only by an administrator's import. Days as ms. */
export const EVENT_AGE_MS_MAX = 7 * 86_400_000
/** A caller's clock may be this far ahead, ms. */
export const EVENT_SKEW_MS_MAX = 5_000

/** What evidence handling needs from outside. */
export type EvidenceDeps = {
  readonly store: Store
  readonly nowMs: () => number
  readonly newId: () => string
  readonly observe: Observer
  /** False: the clock stepped, and no evidence is taken until it is right again. */
  readonly clockSteady: () => boolean
}

/** What came of a decision: outcome evidence. Verifier and weight come from the credential. */
export async function reportOutcome(deps: EvidenceDeps, caller: Caller, report: OutcomeReport): Promise<EvidenceAnswer> {
  authorize(caller, 'report_outcome')
  const source = caller.verifier
  if (source === undefined)
    throw new ServiceError('forbidden', `the credential "${actorOf(caller)}" is not a verifier`, {
      fix: 'give the credential a "verifier" in the configuration',
    })
  const { decision_id, class: verdictClass, event_time, ...rest } = report
  return take(deps, caller, decision_id, event_time, (eventTimeMs) => ({
    kind: 'outcome',
    verdict: {
      layer: 'outcome',
      class: verdictClass,
      gravity: OUTCOME_CLASSES[verdictClass],
      source,
      by: actorOf(caller),
      event_time_ms: eventTimeMs,
    },
    detail: rest,
  }))
}

/** One judged observation in a layer that the credential may write. */
export async function reportSignal(deps: EvidenceDeps, caller: Caller, report: SignalReport): Promise<EvidenceAnswer> {
  authorize(caller, 'report_signal')
  if (!caller.layers.includes(report.layer))
    throw new ServiceError('forbidden', `the credential "${actorOf(caller)}" may not write the layer "${report.layer}"`, {
      place: { pointer: '/layer' },
      fix: 'add the layer to "layers" of the credential',
    })
  if (report.layer === 'outcome' && caller.verifier === undefined)
    throw new ServiceError('forbidden', `the credential "${actorOf(caller)}" is not a verifier`, {
      place: { pointer: '/layer' },
      fix: 'give the credential a "verifier" in the configuration',
    })
  const source = caller.verifier ?? 'deterministic'
  return take(deps, caller, report.decision_id, report.event_time, (eventTimeMs) => ({
    kind: 'signal',
    verdict: {
      layer: report.layer,
      class: report.class,
      gravity: SIGNAL_CLASSES[report.class],
      source,
      by: actorOf(caller),
      event_time_ms: eventTimeMs,
    },
    detail: report.detail === undefined ? {} : { detail: report.detail },
  }))
}

type Heard = {
  readonly kind: 'outcome' | 'signal'
  readonly verdict: Verdict
  readonly detail: Readonly<Record<string, unknown>>
}

async function take(
  deps: EvidenceDeps,
  caller: Caller,
  decisionId: string,
  eventTime: string | undefined,
  heard: (eventTimeMs: number) => Heard,
): Promise<EvidenceAnswer> {
  if (!deps.clockSteady()) {
    deps.observe({ kind: 'degraded', cause: 'clock' })
    throw new ServiceError('not_ready', 'the clock stepped: evidence is not taken until it is steady', {
      fix: 'check time synchronisation',
    })
  }
  const nowMs = deps.nowMs()
  const { tenant } = caller
  const known = await deps.store.read([], (view) => decisionOf(view, tenant, decisionId))
  refuseOthers(caller, known.record.actor)
  const judged = judgedOf(decisionId, known.decided)
  refuseSelf(caller, [judged.agent, ...judged.delegators])
  const said = heard(eventTimeIn(eventTime, judged.decided_at_ms, nowMs))
  const verdict =
    // A positive proves what was decided then, whenever it is reported: praise held back proves nothing new.
    said.verdict.gravity === 'positive' ? { ...said.verdict, event_time_ms: judged.decided_at_ms } : said.verdict
  const agents = [judged.agent, ...judged.delegators]
  const touches = [
    ...agents.flatMap((id) => [
      { kind: 'agent' as const, tenant, id },
      { kind: 'activity' as const, tenant, id },
    ]),
    { kind: 'verdicts' as const, tenant, id: decisionId },
  ]
  return deps.store.transact(touches, (transaction) =>
    settle(deps, { caller, judged, said: { ...said, verdict }, nowMs, action: known.record.action }, transaction),
  )
}

/** An enforcement point reports what came of its own decisions; only verifiers and operators judge those of others. */
function refuseOthers(caller: Caller, actor: string): void {
  const judges = caller.roles.some(
    (role) => role === 'verifier' || role === 'signal_source' || role === 'operator' || role === 'administrator',
  )
  if (!judges && actor !== actorOf(caller))
    throw new ServiceError(
      'forbidden',
      `the credential "${actorOf(caller)}" reports only on its own decisions; this one was asked for by "${actor}"`,
      {
        place: { pointer: '/decision_id' },
        fix: 'report with the credential that asked, or with one that has the role "verifier"',
      },
    )
}

type Settling = {
  readonly caller: Caller
  readonly judged: Judged
  readonly said: Heard
  readonly nowMs: number
  readonly action: string | null
}

/** Weighs, applies and records; the answer shows what moved. */
function settle(deps: EvidenceDeps, { caller, judged, said, nowMs, action }: Settling, transaction: Transaction): EvidenceAnswer {
  const { tenant } = caller
  const constants = transaction.constants()
  const verdicts = transaction.document({ kind: 'verdicts', tenant, id: judged.decision_id })
  const trust = () =>
    scopeView(
      transaction.document({ kind: 'agent', tenant, id: judged.agent }) ?? newAgentTrust(),
      judged.scope,
      { nowMs },
      constants,
    )
  const before = trust()
  const repeated = verdicts?.heard.includes(hearing(said.verdict.layer, said.verdict.by, said.verdict.class)) ?? false
  const weighed = weigh(judged, said.verdict, verdicts, constants)
  const release: readonly Effect[] =
    said.verdict.layer === 'outcome' &&
    weighed.effects.length > 0 &&
    said.verdict.gravity !== 'none' &&
    said.verdict.source !== 'self'
      ? [judged.agent, ...judged.delegators].map((agent) => ({ kind: 'release', agent, decision_id: judged.decision_id }))
      : []
  const effects = [...weighed.effects, ...release]
  const changes = project(effects, nowMs, tenant, sandbox(transaction))
  const id = deps.newId()
  // Saying the same thing twice is answered alike and leaves nothing but the record of having been said.
  const { leafIndex } = transaction.append({
    record: recordOf({
      kind: said.kind,
      id,
      caller,
      atMs: nowMs,
      agent: judged.agent,
      action,
      outcome: said.verdict.class,
      decisionId: judged.decision_id,
      body: { verdict: said.verdict, weighed: { counted: weighed.counted, reason: weighed.reason }, repeated, ...said.detail },
      effects,
    }),
  })
  for (const change of changes)
    if (change.kind === 'demoted') deps.observe({ kind: 'demotion', from: change.from, to: change.to })
  if (weighed.counted)
    deps.observe({
      kind: 'evidence',
      layer: said.verdict.layer,
      polarity: said.verdict.gravity === 'positive' ? 'positive' : 'negative',
    })
  return {
    record_id: id,
    decision_id: judged.decision_id,
    leaf_index: leafIndex,
    state_version: transaction.stateVersion(),
    counted: weighed.counted,
    reason: weighed.reason,
    trust_before: before,
    trust_after: trust(),
    changes: [...changes],
  }
}

/** A caller's time is a claim: within a week, not before the decision, and not in the future, beyond a small skew. */
function eventTimeIn(eventTime: string | undefined, decidedAtMs: number, nowMs: number): number {
  if (eventTime === undefined) return nowMs
  const atMs = Date.parse(eventTime)
  if (atMs > nowMs + EVENT_SKEW_MS_MAX)
    throw new ServiceError('bad_request', `event_time is ${Math.round((atMs - nowMs) / 1000)} s in the future`, {
      place: { pointer: '/event_time' },
      fix: 'synchronise the clock, or leave event_time out',
    })
  if (atMs < nowMs - EVENT_AGE_MS_MAX)
    throw new ServiceError('bad_request', 'event_time is more than 7 days ago', {
      place: { pointer: '/event_time' },
      fix: 'older history enters only by an import',
    })
  if (atMs < decidedAtMs - EVENT_SKEW_MS_MAX)
    throw new ServiceError('bad_request', 'event_time is before the decision', {
      place: { pointer: '/event_time' },
      fix: 'say when the outcome was seen, or leave event_time out',
    })
  return Math.min(Math.max(atMs, decidedAtMs), nowMs)
}
