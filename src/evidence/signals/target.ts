import { actorOf } from '../../access/authority.ts'
import type { Caller } from '../../access/caller.ts'
import type { DocumentKey } from '../../ledger/documents/documents.ts'
import { agentKey, boundsKey, sessionKey } from '../../ledger/keys.ts'
import type { View } from '../../ledger/store.ts'
import { unknownAgent } from '../../policy/known-names.ts'
import type { VerbDeps } from '../../policy/operator-verbs.ts'
import { eventTimeIn } from '../rules/event-time.ts'
import { type SignalContext, signalDocumentKeys } from './signal-outcome.ts'
import type { SignalKey, StateEvent } from './idempotency.ts'

/** Whom a signal is about, who says so, and when. Throws `bad_request` for a time that is too old or to come. */
export function signalContextOf(deps: VerbDeps, caller: Caller, { agent, event_time }: StateEvent): SignalContext {
  const nowMs = deps.nowMs()
  return { tenant: caller.tenant, agent, by: actorOf(caller), nowMs, eventTimeMs: eventTimeIn(event_time ?? undefined, 0, nowMs) }
}

/** Documents that a signal about an agent reads or writes. */
export function signalStateKeys(tenant: string, { signal, agent }: StateEvent, key: SignalKey | null): readonly DocumentKey[] {
  const session = 'session' in signal.data ? signal.data.session : undefined
  return [
    ...signalDocumentKeys(signal, tenant, agent),
    boundsKey(tenant, agent),
    ...(session === undefined ? [] : [sessionKey(tenant, agent, session)]),
    ...(key === null ? [] : [key.key]),
  ]
}

/** Classes that stop an agent altogether, so also one that nobody knows. */
const STOPPING: readonly string[] = ['deprovisioned', 'revoked']

/** Refuses a signal about an agent that is nowhere. Throws `bad_request`. */
export function refuseUnknown(deps: VerbDeps, { signal, agent }: StateEvent, tenant: string, view: View): void {
  const policySet = deps.policySet()
  const isKnown =
    policySet.catalogue.agent(agent).known ||
    view.document(agentKey(tenant, agent)) !== undefined ||
    view.document(boundsKey(tenant, agent)) !== undefined
  if (isKnown || STOPPING.includes(signal.class)) return
  throw unknownAgent(
    policySet,
    agent,
    'body',
    'list it under "agents" in the catalogue; "revoked" stops also one that is not there',
  )
}
