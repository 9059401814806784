import { reaches } from '../../ledger/containment-reach.ts'
import type { Approval } from '../../ledger/documents/approval.ts'
import { agentKey, tenantKey } from '../../ledger/keys.ts'
import type { View } from '../../ledger/store.ts'
import { scopeOf } from '../../trust/stored-trust.ts'

/**
 * Why an approval cannot be used for now: what is out of service, or an incident of the agent that waits for its review; null where
 * nothing stands in the way. Only for people: the retry is decided anew, and that decision says no by itself.
 */
export function approvalBlocker(approval: Approval, tenant: string, view: View): string | null {
  const containments = view.document(tenantKey(tenant))?.containments ?? []
  const { agent, not_by, scope, action } = approval
  // Everybody whom the request names counts: a link of its chain may be what is contained.
  const agents = agent === null ? not_by : [agent, ...not_by]
  const held = containments.find(({ target }) => reaches(target, { agents, scope, action }))
  if (held !== undefined) return `contained_${held.target.kind}:${held.by}:${held.reason}`
  const trust = agent === null ? undefined : view.document(agentKey(tenant, agent))
  if (trust === undefined) return null
  const open = [...trust.incidents, ...scopeOf(trust, scope).incidents].find(({ review }) => review === 'required')
  return open === undefined ? null : `incident:${open.class}:${open.id}`
}
