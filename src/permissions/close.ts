import { actorOf, authorize, namedPerson } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { ServiceError } from '../format/error.ts'
import { permissionRequestsKey } from '../ledger/keys.ts'
import { recordOf } from '../ledger/new-record.ts'
import type { VerbDeps } from '../policy/operator-verbs.ts'
import type { PermissionVerdict, PermissionVerdictAnswer } from './wire.ts'

/** Closes a permission request as a named person. Nothing is granted by it. Throws `not_found` for one that is not open in the caller's tenant. */
export async function closePermissionRequest(
  deps: VerbDeps,
  caller: Caller,
  id: string,
  { verdict, note }: PermissionVerdict,
): Promise<PermissionVerdictAnswer> {
  authorize(caller, 'close_permission_request')
  namedPerson(caller)
  const { tenant } = caller
  return deps.store.transact([permissionRequestsKey(tenant)], (transaction) => {
    const request = transaction.document(permissionRequestsKey(tenant))?.open.find((each) => each.id === id)
    if (request === undefined) throw notOpen(id)
    const { permission } = request
    const { leafIndex } = transaction.append({
      record: recordOf({
        kind: 'permission_request',
        ...{ id: deps.newId(), caller, atMs: deps.nowMs(), agent: permission.subject.id, action: permission.action },
        outcome: verdict,
        body: { verb: 'close', by: actorOf(caller), request: id, permission, detail: { note } },
        effects: [{ kind: 'permission_closed', id, verdict }],
      }),
    })
    return { id, ...permission, verdict, leaf_index: leafIndex }
  })
}

/** The refusal of a request that is not open. */
export function notOpen(id: string): ServiceError {
  return new ServiceError('not_found', `no permission request "${id}" is open`, {
    fix: 'gradus permission-requests list shows those that are',
  })
}
