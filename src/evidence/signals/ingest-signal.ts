import { authorize } from '../../access/authority.ts'
import type { Caller } from '../../access/caller.ts'
import { ServiceError } from '../../format/error.ts'
import { consequencesOf, observeChanges } from '../../ledger/changes.ts'
import { recordOf } from '../../ledger/new-record.ts'
import { sandbox } from '../../ledger/sandbox.ts'
import type { Transaction } from '../../ledger/store.ts'
import { refuseSteppedClock } from '../../policy/stepped-clock.ts'
import { decisionOf } from '../judged-decision.ts'
import type { EvidenceDeps } from '../evidence-deps.ts'
import { reportSignal } from '../report-outcome.ts'
import type { EvidenceAnswer, SignalReport } from '../wire.ts'
import { signalLayer, refuseUnconfigured } from './authorization.ts'
import { signalOutcome, isWeakInjection } from './signal-outcome.ts'
import {
  signalAnswerOf,
  isState,
  type SignalKey,
  signalKeyOf,
  recordAt,
  refuseDuplicate,
  rememberSignal,
  type StateEvent,
  DuplicateSignal,
} from './idempotency.ts'
import { judgedDecision, ingestJudgement, ingestWithEvidence } from './ingest-judgement.ts'
import { refuseUnknown, signalContextOf, signalStateKeys } from './target.ts'
import type { SignalAnswer, SignalEvent } from './wire.ts'

/** Takes one signal: refuses what its credential may not say, counts it once, and does what its class does. */
export async function ingestSignal(deps: EvidenceDeps, caller: Caller, event: SignalEvent): Promise<SignalAnswer> {
  const layer = signalLayer(event.signal)
  const labels = { kind: 'signal', class: event.signal.class, layer } as const
  try {
    const answer = await ingest(deps, caller, event)
    deps.observe({ ...labels, result: answer.duplicate ? 'duplicate' : 'accepted' })
    return answer
  } catch (error) {
    if (error instanceof DuplicateSignal) {
      if (error.same) {
        deps.observe({ ...labels, result: 'duplicate' })
        return signalAnswerOf(await recordAt(deps, caller.tenant, error.recordId), true)
      }
      deps.observe({ ...labels, result: 'conflict' })
      throw await conflicting(deps, caller, event, error.recordId)
    }
    if (error instanceof ServiceError) deps.observe({ ...labels, result: 'refused' })
    throw error
  }
}

/** A judged signal without an id of its own, answered with the evidence it was. */
export async function reportJudged(deps: EvidenceDeps, caller: Caller, report: SignalReport): Promise<EvidenceAnswer> {
  const labels = { kind: 'signal', class: report.class, layer: report.layer } as const
  try {
    authorize(caller, 'report_signal')
    if (caller.signal_classes !== undefined || caller.signal_agents !== undefined) {
      const { class: of, layer, decision_id } = report
      const agent = await deps.store.read([], (view) => decisionOf(view, caller.tenant, report.decision_id).record.agent)
      refuseUnconfigured(caller, { class: of, data: { layer, decision_id } }, agent)
    }
    const answer = await reportSignal(deps, caller, report)
    deps.observe({ ...labels, result: answer.counted ? 'accepted' : 'duplicate' })
    return answer
  } catch (error) {
    if (error instanceof ServiceError) deps.observe({ ...labels, result: 'refused' })
    throw error
  }
}

async function ingest(deps: EvidenceDeps, caller: Caller, event: SignalEvent): Promise<SignalAnswer> {
  authorize(caller, 'report_signal')
  const { signal, agent } = event
  const key = signalKeyOf(caller, event)
  if (key !== null) await deps.store.read([key.key], (view) => refuseDuplicate(key, view))
  if (!isState(signal)) return ingestJudgement(deps, caller, event, key)
  if (agent === null)
    throw new ServiceError('bad_request', `a signal "${signal.class}" is about an agent, so name it`, {
      place: { pointer: '/agent' },
      fix: 'say which agent, as its id in the catalogue',
    })
  refuseUnconfigured(caller, signal, agent)
  refuseSteppedClock(deps, 'signals are not taken')
  const judged = await judgedDecision(deps, caller, signal, agent)
  return isWeakInjection(signal) && judged !== null
    ? ingestWithEvidence(deps, caller, { event: { ...event, signal, agent }, key, decisionId: judged })
    : ingestState(deps, caller, { ...event, signal, agent }, key)
}

/** A signal about an agent or a session: what it does, and its record, in one write. */
async function ingestState(deps: EvidenceDeps, caller: Caller, event: StateEvent, key: SignalKey | null): Promise<SignalAnswer> {
  const context = signalContextOf(deps, caller, event)
  const id = deps.newId()
  await deps.store.transact(signalStateKeys(caller.tenant, event, key), (transaction) => {
    if (key !== null) refuseDuplicate(key, transaction)
    refuseUnknown(deps, event, caller.tenant, transaction)
    const { effects: own, did } = signalOutcome(event.signal, context, id, transaction)
    const given = [...own, ...rememberSignal(key, id)]
    const { changes, named, effects } = consequencesOf(given, context.nowMs, caller.tenant, sandbox(transaction))
    observeChanges(deps, changes)
    const body = { signal: event.raw, taken: { class: event.signal.class, layer: signalLayer(event.signal), did }, ...named }
    transaction.append({
      record: recordOf({
        kind: 'signal',
        id,
        caller,
        atMs: context.nowMs,
        agent: event.agent,
        outcome: event.signal.class,
        decisionId: 'decision_id' in event.signal.data ? (event.signal.data.decision_id ?? null) : null,
        body,
        effects,
      }),
    })
  })
  return signalAnswerOf(await recordAt(deps, caller.tenant, id), false)
}

/** Writes down that a source said something else under an id that it had used, and gives the refusal. */
async function conflicting(deps: EvidenceDeps, caller: Caller, event: SignalEvent, firstId: string): Promise<ServiceError> {
  const { origin, raw, signal, agent } = event
  const conflict = { class: signal.class, source: origin?.source ?? null, id: origin?.id ?? null, first_record: firstId }
  await deps.store.transact([], (transaction: Transaction) =>
    transaction.append({
      record: recordOf({
        kind: 'signal',
        id: deps.newId(),
        caller,
        atMs: deps.nowMs(),
        agent,
        outcome: 'conflict',
        body: { conflict, signal: raw },
        effects: [],
      }),
    }),
  )
  return new ServiceError(
    'conflict',
    `the id "${conflict.id ?? ''}" of the source "${conflict.source ?? ''}" was used for another signal`,
    {
      place: { pointer: '/id' },
      fix: 'give each signal an id of its own; send the same signal again only as it was',
    },
  )
}
