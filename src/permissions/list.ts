import { authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { byCodeUnit } from '../format/order.ts'
import type { PermissionRequest } from '../ledger/documents/permission-request.ts'
import { permissionRequestsKey } from '../ledger/keys.ts'
import type { View } from '../ledger/store.ts'
import { notOpen } from './close.ts'
import { type GrantDeps, grantChanges } from './grant-change.ts'
import type { PermissionRequestsAnswer, PermissionRequestView } from './wire.ts'

/** Which permission requests: of one agent, those after an id, and how many at most. */
export type PermissionRequestsPage = {
  readonly agent?: string | undefined
  readonly after?: string | undefined
  readonly limit: number
}

/** The open permission requests of the caller's tenant, the oldest first, each with what would grant it. */
export async function permissionRequests(
  deps: GrantDeps,
  caller: Caller,
  { agent, after, limit }: PermissionRequestsPage,
): Promise<PermissionRequestsAnswer> {
  authorize(caller, 'read_permission_requests')
  const open = (await openOf(deps, caller)).filter(({ permission }) => agent === undefined || permission.subject.id === agent)
  const rest = after === undefined ? open : open.filter(({ id }) => byCodeUnit(id, after) > 0)
  const page = rest.slice(0, limit)
  const next = rest.length > page.length ? (page.at(-1)?.id ?? null) : null
  return { requests: await viewsOf(deps, caller, page), total: open.length, next }
}

/** One open permission request of the caller's tenant. Throws `not_found`. */
export async function permissionRequest(deps: GrantDeps, caller: Caller, id: string): Promise<PermissionRequestView> {
  authorize(caller, 'read_permission_requests')
  const found = (await openOf(deps, caller)).filter((each) => each.id === id)
  const [view] = await viewsOf(deps, caller, found)
  if (view === undefined) throw notOpen(id)
  return view
}

/** By id, which begins with the time it was opened. */
async function openOf({ store }: GrantDeps, { tenant }: Caller): Promise<readonly PermissionRequest[]> {
  const key = permissionRequestsKey(tenant)
  const open = await store.read([key], (view) => view.document(key)?.open ?? [])
  return open.toSorted((a, b) => byCodeUnit(a.id, b.id))
}

async function viewsOf(
  deps: GrantDeps,
  { tenant }: Caller,
  page: readonly PermissionRequest[],
): Promise<PermissionRequestView[]> {
  const changes = await grantChanges(
    deps,
    tenant,
    page.map(({ permission }) => permission),
  )
  const written = await deps.store.read([], (view) => page.map((request) => writtenWith(request, tenant, view)))
  return page.map(({ id, permission, owner, asked, first_at_ms, last_at_ms }, index) => ({
    ...{ id, ...permission, owner, asked },
    first_at: new Date(first_at_ms).toISOString(),
    last_at: new Date(last_at_ms).toISOString(),
    ...(written[index] ?? NOTHING_WRITTEN),
    change: changes[index] ?? { kind: 'none', why: 'nothing is known of it' },
  }))
}

const NOTHING_WRITTEN = { asked_by: null, reason: null, expected_use: null }

/** What was written the last time it was asked for; nothing where it was erased. */
function writtenWith({ last_record }: PermissionRequest, tenant: string, view: View): typeof NOTHING_WRITTEN | Written {
  const record = view.record(tenant, last_record)?.record
  const { reason = null, expected_use = null } = (record?.body['detail'] ?? {}) as Partial<Written>
  return { asked_by: record?.actor ?? null, reason, expected_use }
}

type Written = Pick<PermissionRequestView, 'asked_by' | 'reason' | 'expected_use'>
