import type { Caller } from '../../access/caller.ts'
import { InvariantError, ServiceError } from '../../format/error.ts'
import { withIdempotency } from '../../ledger/idempotency.ts'
import { recordOf } from '../../ledger/new-record.ts'
import { decisionOf, judgedOf } from '../judged-decision.ts'
import { type EvidenceDeps, reportOutcome, reportSignal } from '../report-outcome.ts'
import type { SignalReport } from '../wire.ts'
import { signalLayer, refuseUnconfigured } from './authorization.ts'
import { signalOutcome } from './effects.ts'
import {
  signalAnswerOf,
  isState,
  type SignalKey,
  recordAt,
  refuseDuplicate,
  rememberSignal,
  type StateEvent,
} from './idempotency.ts'
import { refuseUnknown, signalContextOf, signalStateKeys } from './target.ts'
import type { SignalAnswer, SignalEvent, StateSignal } from './wire.ts'

/** A signal about a decision: evidence, by the rules of evidence, in the same write in which it is remembered. */
export async function ingestJudgement(
  deps: EvidenceDeps,
  caller: Caller,
  event: SignalEvent,
  memory: SignalKey | null,
): Promise<SignalAnswer> {
  const { signal, agent: named, event_time, raw } = event
  if (isState(signal)) throw new InvariantError('a signal about an agent is no judgement')
  const { data } = signal
  const { agent } = await deps.store.read([], (view) => decisionOf(view, caller.tenant, data.decision_id).record)
  refuseUnconfigured(caller, signal, agent)
  if (named !== null && named !== agent) throw otherAgent(named, data.decision_id)
  const layer = signalLayer(signal)
  const written = written_()
  const store = withIdempotency(
    deps.store,
    memory === null ? [] : [memory.key],
    (transaction) => {
      if (memory !== null) refuseDuplicate(memory, transaction)
    },
    {
      effects: (recordId) => {
        written.id = recordId
        return rememberSignal(memory, recordId)
      },
      body: { signal: raw, taken: { class: signal.class, layer, did: [] } },
      alone: () => signalRecord(deps, caller, { class: signal.class, agent, decisionId: data.decision_id }),
    },
  )
  const when = event_time === null ? {} : { event_time: new Date(event_time).toISOString() }
  const detail = data.detail === undefined ? {} : { detail: data.detail }
  if ('layer' in data)
    await reportSignal({ ...deps, store }, caller, {
      decision_id: data.decision_id,
      layer: data.layer,
      class: signal.class as SignalReport['class'],
      ...when,
      ...detail,
    })
  else
    await reportOutcome({ ...deps, store }, caller, {
      decision_id: data.decision_id,
      class: signal.class as Exclude<typeof signal.class, SignalReport['class']>,
      ...when,
      ...detail,
      ...(data.result === undefined ? {} : { result: data.result }),
    })
  return signalAnswerOf(await recordAt(deps, caller.tenant, written.id), false)
}

/** The id of a record that is written elsewhere. */
function written_(): { id: string } {
  return { id: '' }
}

type Header = { readonly class: string; readonly agent: string | null; readonly decisionId: string | null }

function signalRecord(deps: EvidenceDeps, caller: Caller, header: Header) {
  return recordOf({
    kind: 'signal',
    id: deps.newId(),
    caller,
    atMs: deps.nowMs(),
    agent: header.agent,
    outcome: header.class,
    decisionId: header.decisionId,
    body: {},
    effects: [],
  })
}

/** The decision that a signal about an agent names, if evidence can be about it; null where it names none, or none that ran. */
export async function judgedDecision(
  deps: EvidenceDeps,
  caller: Caller,
  signal: StateSignal,
  agent: string,
): Promise<string | null> {
  const decisionId = 'decision_id' in signal.data ? signal.data.decision_id : undefined
  if (decisionId === undefined) return null
  return deps.store.read([], (view) => {
    const { record, decided } = decisionOf(view, caller.tenant, decisionId)
    if (record.agent !== agent) throw otherAgent(agent, decisionId)
    try {
      return judgedOf(decisionId, decided).decision_id === '' ? null : decisionId
    } catch (error) {
      if (error instanceof ServiceError) return null
      throw error
    }
  })
}

function otherAgent(named: string, decisionId: string): ServiceError {
  return new ServiceError('bad_request', `decision "${decisionId}" is not one of the agent "${named}"`, {
    place: { pointer: '/agent' },
    fix: 'name the agent of the decision, or leave it out where the signal is about a decision',
  })
}

/** A weak indicator is evidence about its decision too: a broken rule, by the rules of evidence, in the same write. */
export async function ingestWithEvidence(
  deps: EvidenceDeps,
  caller: Caller,
  event: StateEvent,
  memory: SignalKey | null,
  decisionId: string,
): Promise<SignalAnswer> {
  const told = signalContextOf(deps, caller, event)
  const { class: of } = event.signal
  const written = written_()
  const store = withIdempotency(
    deps.store,
    signalStateKeys(caller.tenant, event, memory),
    (transaction) => {
      if (memory !== null) refuseDuplicate(memory, transaction)
      refuseUnknown(deps, event, caller.tenant, transaction)
    },
    {
      effects: (recordId, view) => {
        written.id = recordId
        return [...signalOutcome(event.signal, told, recordId, view).effects, ...rememberSignal(memory, recordId)]
      },
      body: {
        signal: event.raw,
        taken: { class: of, layer: signalLayer(event.signal), did: ['incident "injection_weak" of the agent', 'bad evidence'] },
      },
      alone: () => signalRecord(deps, caller, { class: of, agent: event.agent, decisionId }),
    },
  )
  await reportSignal({ ...deps, store }, caller, {
    decision_id: decisionId,
    layer: 'behaviour',
    class: 'violating',
    ...(event.event_time === null ? {} : { event_time: new Date(event.event_time).toISOString() }),
  })
  return signalAnswerOf(await recordAt(deps, caller.tenant, written.id), false)
}
