import { reaches } from '../../ledger/containment-reach.ts'
import type { Pause } from '../../ledger/documents/pause.ts'
import type { Pausable } from '../../ledger/fold/pauses.ts'
import { agentKey, tenantKey } from '../../ledger/keys.ts'
import type { View } from '../../ledger/store.ts'
import { scopeOf } from '../../trust/stored-trust.ts'

/**
 * Why something cannot go on for now, whoever says so: what is out of service, or an incident that waits for its review; null where
 * nothing stands in the way.
 */
export function blockerOf({ own, named, scope, action }: Pausable, tenant: string, view: View): string | null {
  const containments = view.document(tenantKey(tenant))?.containments ?? []
  // Everybody whom the request names counts: a link of its chain may be what is contained.
  const held = containments.find(({ target }) => reaches(target, { agents: named, scope, action }))
  if (held !== undefined) return `contained_${held.target.kind}:${held.by}:${held.reason}`
  const incidents = own.flatMap((agent) => {
    const trust = view.document(agentKey(tenant, agent))
    return trust === undefined ? [] : [...trust.incidents, ...scopeOf(trust, scope).incidents]
  })
  const open = incidents.find(({ review }) => review === 'required')
  return open === undefined ? null : `incident:${open.class}:${open.id}`
}

/** Why something is paused: what stands in the way, or, where nothing does any more, what paused it. Null: it is not. */
export function pauseReason(blocker: string | null, pauses: readonly Pause[]): string | null {
  const [first] = pauses
  return blocker ?? (first === undefined ? null : `${first.cause}:${first.id}`)
}
