import type { Caller } from '../../access/caller.ts'
import { InvariantError, ServiceError } from '../../format/error.ts'
import type { DocumentKey } from '../../ledger/documents/documents.ts'
import type { Effect } from '../../ledger/effect.ts'
import { withIdempotency } from '../../ledger/idempotency.ts'
import { recordOf } from '../../ledger/new-record.ts'
import type { Store, Transaction, View } from '../../ledger/store.ts'
import type { EvidenceDeps } from '../evidence-deps.ts'
import { decisionOf, judgedOf, refuseUnvouched } from '../judged-decision.ts'
import { reportOutcome, reportSignal } from '../report-outcome.ts'
import type { SignalReport } from '../wire.ts'
import { refuseUnconfigured, signalLayer } from './authorization.ts'
import { signalOutcome } from './signal-outcome.ts'
import {
  isState,
  recordAt,
  refuseDuplicate,
  rememberSignal,
  signalAnswerOf,
  type SignalKey,
  type StateEvent,
} from './idempotency.ts'
import { refuseUnknown, signalContextOf, signalStateKeys } from './target.ts'
import type { SignalAnswer, SignalBody, SignalEvent, StateSignal } from './wire.ts'

/** A signal about a decision: evidence, by the rules of evidence, in the same write in which it is remembered. */
export async function ingestJudgement(
  deps: EvidenceDeps,
  caller: Caller,
  event: SignalEvent,
  key: SignalKey | null,
): Promise<SignalAnswer> {
  const { signal, agent: named, raw } = event
  if (isState(signal)) throw new InvariantError('a signal about an agent is no judgement')
  const { decision_id } = signal.data
  const { agent } = await deps.store.read([], (view) => decisionOf(view, caller.tenant, decision_id).record)
  refuseUnconfigured(caller, signal, agent)
  if (named !== null && named !== agent) throw otherAgent(named, decision_id)
  const { store, recordId } = rememberingStore(deps, caller, {
    keys: key === null ? [] : [key.key],
    refuse: (transaction) => {
      if (key !== null) refuseDuplicate(key, transaction)
    },
    effects: (id) => rememberSignal(key, id),
    body: { signal: raw, taken: { class: signal.class, layer: signalLayer(signal), did: [] } },
    header: { class: signal.class, agent, decisionId: decision_id },
  })
  await reportJudgement({ ...deps, store }, caller, { signal, event_time: event.event_time })
  return signalAnswerOf(await recordAt(deps, caller.tenant, recordId()), false)
}

/** A judged observation or an outcome, as the evidence that it is. */
async function reportJudgement(
  deps: EvidenceDeps,
  caller: Caller,
  {
    signal: { class: of, data },
    event_time,
  }: { readonly signal: Exclude<SignalBody, StateSignal> } & Pick<SignalEvent, 'event_time'>,
): Promise<void> {
  const common = {
    decision_id: data.decision_id,
    ...eventTimeOf(event_time),
    ...(data.detail === undefined ? {} : { detail: data.detail }),
  }
  if ('layer' in data) await reportSignal(deps, caller, { ...common, layer: data.layer, class: of as SignalReport['class'] })
  else
    await reportOutcome(deps, caller, {
      ...common,
      class: of as Exclude<typeof of, SignalReport['class']>,
      ...(data.result === undefined ? {} : { result: data.result }),
    })
}

/** A weak indicator is evidence about its decision too: a broken rule, by the rules of evidence, in the same write. */
export async function ingestWithEvidence(
  deps: EvidenceDeps,
  caller: Caller,
  { event, key, decisionId }: { readonly event: StateEvent; readonly key: SignalKey | null; readonly decisionId: string },
): Promise<SignalAnswer> {
  const context = signalContextOf(deps, caller, event)
  const { class: of } = event.signal
  const { store, recordId } = rememberingStore(deps, caller, {
    keys: signalStateKeys(caller.tenant, event, key),
    refuse: (transaction) => {
      if (key !== null) refuseDuplicate(key, transaction)
      refuseUnknown(deps, event, caller.tenant, transaction)
    },
    effects: (id, view) => [...signalOutcome(event.signal, context, id, view).effects, ...rememberSignal(key, id)],
    body: {
      signal: event.raw,
      taken: { class: of, layer: signalLayer(event.signal), did: ['incident "injection_weak" of the agent', 'bad evidence'] },
    },
    header: { class: of, agent: event.agent, decisionId },
  })
  const report = { decision_id: decisionId, layer: 'behaviour', class: 'violating' } as const
  await reportSignal({ ...deps, store }, caller, { ...report, ...eventTimeOf(event.event_time) })
  return signalAnswerOf(await recordAt(deps, caller.tenant, recordId()), false)
}

function eventTimeOf(eventTime: string | null): { readonly event_time?: string } {
  return eventTime === null ? {} : { event_time: new Date(eventTime).toISOString() }
}

/** What a signal adds to the record of the evidence that it is. */
type SignalBeside = {
  readonly keys: readonly DocumentKey[]
  /** Refuses a signal that cannot be taken, in the very change. */
  readonly refuse: (transaction: Transaction) => void
  readonly effects: (recordId: string, view: View) => readonly Effect[]
  readonly body: Readonly<Record<string, unknown>>
  /** Of the record that is written where the evidence wrote none. */
  readonly header: { readonly class: string; readonly agent: string | null; readonly decisionId: string | null }
}

/** A store in whose next change the signal is remembered too; `recordId` names the record of that change once it is made. */
function rememberingStore(
  deps: EvidenceDeps,
  caller: Caller,
  { keys, refuse, effects, body, header }: SignalBeside,
): { readonly store: Store; readonly recordId: () => string } {
  let written = ''
  const store = withIdempotency(deps.store, keys, refuse, {
    effects: (recordId, view) => {
      written = recordId
      return effects(recordId, view)
    },
    body,
    alone: () =>
      recordOf({
        kind: 'signal',
        id: deps.newId(),
        caller,
        atMs: deps.nowMs(),
        agent: header.agent,
        outcome: header.class,
        decisionId: header.decisionId,
        body: {},
        effects: [],
      }),
  })
  return { store, recordId: () => written }
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
    refuseUnvouched(decisionId, decided)
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
