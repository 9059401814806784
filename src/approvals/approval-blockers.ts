import type { Approval } from '../ledger/documents/approval.ts'
import type { Containment } from '../ledger/documents/containment.ts'
import { agentKey, tenantKey } from '../ledger/keys.ts'
import type { View } from '../ledger/store.ts'
import { parseScope } from '../model/scope.ts'
import { scopeOf } from '../trust/agent-trust.ts'

/**
 * Why an approval cannot be used for now: what is out of service, or an incident of the agent that waits for its review; null where
 * nothing stands in the way. Only for people: the retry is decided anew, and that decision says no by itself.
 */
export function approvalBlocker(approval: Approval, tenant: string, view: View): string | null {
  const containments = view.document(tenantKey(tenant))?.containments ?? []
  const held = containments.find((each) => reaches(each, approval))
  if (held !== undefined) return `contained_${held.target.kind}:${held.by}:${held.reason}`
  const trust = approval.agent === null ? undefined : view.document(agentKey(tenant, approval.agent))
  if (trust === undefined) return null
  const open = [...trust.incidents, ...scopeOf(trust, approval.scope).incidents].find(({ review }) => review === 'required')
  return open === undefined ? null : `incident:${open.class}:${open.id}`
}

/** By the agent and everybody else whom the request names: a link of its chain may be what is contained. */
function reaches({ target }: Containment, { agent, not_by, scope, action }: Approval): boolean {
  const isNamed = (id: string | undefined): boolean => id === undefined || id === agent || not_by.includes(id)
  switch (target.kind) {
    case 'tenant':
      return true
    case 'agent':
      return isNamed(target.agent)
    case 'scope':
      return isNamed(target.agent) && [scope, parseScope(scope)?.category].includes(target.scope)
    case 'action':
      return isNamed(target.agent) && target.action === action
  }
}
