import type { SessionClaim } from '../../access/parties.ts'
import { boundsKey, sessionKey } from '../../ledger/keys.ts'
import type { View } from '../../ledger/store.ts'
import { everywhereUntil, type FoundInjection } from '../../trust/agent-sessions.ts'

/** Whose findings are read, in which session, and when. */
export type InjectionSubject = {
  readonly tenant: string
  readonly agent: string
  readonly session: SessionClaim
  readonly nowMs: number
}

/** What tools gave back to an agent that looks like an injection and lowers a request now: in its session, or in any where nobody vouches for one. */
export function injectionsIn(
  view: Pick<View, 'document'>,
  { tenant, agent, session, nowMs }: InjectionSubject,
): readonly FoundInjection[] {
  const own = session.name === undefined ? undefined : view.document(sessionKey(tenant, agent, session.name))
  const all = view.document(boundsKey(tenant, agent))?.sessions?.injections ?? []
  const reaching = session.vouched ? all.filter((each) => everywhereUntil(each) > nowMs) : all
  const found = new Map([...(own?.injections ?? []), ...reaching].map((each) => [each.record_id, each]))
  return [...found.values()].filter(({ until_ms }) => until_ms > nowMs)
}
