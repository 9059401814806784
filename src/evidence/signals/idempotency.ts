import type { Caller } from '../../access/caller.ts'
import { InvariantError } from '../../format/error.ts'
import type { AgentChange } from '../../trust/trust-change.ts'
import type { DocumentKey } from '../../ledger/documents/documents.ts'
import type { Effect } from '../../ledger/effect.ts'
import { eventDigest, compareReceived, idempotencyKey, idempotencyName } from '../../ledger/idempotency.ts'
import type { StoredRecord, View } from '../../ledger/store.ts'
import { isStateClass } from '../../model/signal-classes.ts'
import type { VerbDeps } from '../../policy/operator-verbs.ts'
import type { TrustChange } from '../../trust/trust-change.ts'
import type { SignalAnswer, SignalBody, SignalEvent, StateSignal } from './wire.ts'

/** A signal about an agent or a session, which names the agent. */
export type StateEvent = Omit<SignalEvent, 'signal' | 'agent'> & { readonly signal: StateSignal; readonly agent: string }

/** Whether a signal is about an agent or a session. */
export function isState(signal: SignalBody): signal is StateSignal {
  return isStateClass(signal.class)
}

/** A signal was taken before. Leaves a change of the state without a trace; never leaves the service. */
export class DuplicateSignal extends Error {
  readonly recordId: string
  readonly same: boolean

  constructor(recordId: string, same: boolean) {
    super('taken before')
    this.recordId = recordId
    this.same = same
  }
}

/** What is remembered of a signal that has an id. */
export type SignalKey = { readonly key: DocumentKey<'received'>; readonly digest: string }

/** Where a signal is remembered; null for one that nothing tells from others. */
export function signalKeyOf({ tenant, credential }: Caller, { origin, raw, compared = raw }: SignalEvent): SignalKey | null {
  if (origin === null) return null
  const name = idempotencyName('signal', credential ?? '', origin.source, origin.id)
  return { key: idempotencyKey(tenant, name), digest: eventDigest(compared) }
}

/** Refuses what was received before. Throws `DuplicateSignal`. */
export function refuseDuplicate({ key, digest }: SignalKey, view: View): void {
  const received = view.document(key)
  if (received !== undefined) throw new DuplicateSignal(received.record_id, compareReceived(received, digest) === 'same')
}

/** The effect by which a signal is remembered. */
export function rememberSignal(signalKey: SignalKey | null, recordId: string): readonly Effect[] {
  return signalKey === null ? [] : [{ kind: 'received', key: signalKey.key.id, digest: signalKey.digest, record_id: recordId }]
}

/** The record of a signal. */
export async function recordAt(deps: VerbDeps, tenant: string, id: string): Promise<StoredRecord> {
  const stored = await deps.store.read([], (view) => view.record(tenant, id))
  if (stored === undefined) throw new InvariantError(`the record "${id}" of a signal is not in the log`)
  return stored
}

/** The answer that the record of a signal stands for: the same however often it is asked for. */
export function signalAnswerOf({ record, leafIndex }: StoredRecord, duplicate: boolean): SignalAnswer {
  const body = record.body as unknown as {
    readonly taken: Pick<SignalAnswer, 'class' | 'layer' | 'did'>
    readonly weighed?: { readonly reason: string }
    readonly changes?: readonly AgentChange[]
  }
  return {
    record_id: record.id,
    leaf_index: leafIndex,
    state_version: leafIndex + 1,
    class: body.taken.class,
    layer: body.taken.layer,
    agent: record.agent,
    decision_id: record.decision_id,
    did: [...body.taken.did, ...(body.weighed === undefined ? [] : [`evidence: ${body.weighed.reason}`])],
    changes: (body.changes ?? []).map(changeOf),
    duplicate,
  }
}

/** A change without whom it happened to. */
export function changeOf(happened: AgentChange): TrustChange {
  const change: Record<string, unknown> = { ...happened }
  delete change['agent']
  return change as TrustChange
}
