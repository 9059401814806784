import type { Caller, Role } from '../../access/caller.ts'
import { parseScope } from '../../model/scope.ts'

/** Roles that see the approvals of every scope; an approver sees those of the scopes it decides for. */
const READS_ALL = ['operator', 'auditor', 'administrator'] as const satisfies readonly Role[]

/** Whether this credential may decide for a scope: by `approver_scopes`, a scope, a whole tool category, or `*`. */
export function mayApprove({ approver_scopes }: Pick<Caller, 'approver_scopes'>, scope: string): boolean {
  const category = parseScope(scope)?.category
  return (approver_scopes ?? ['*']).some((each) => each === '*' || each === scope || each === category)
}

/** Whether this credential may see the approvals of a scope. */
export function mayRead(caller: Pick<Caller, 'approver_scopes' | 'roles'>, scope: string): boolean {
  return READS_ALL.some((role) => caller.roles.includes(role)) || mayApprove(caller, scope)
}
