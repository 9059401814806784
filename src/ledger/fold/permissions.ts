import { DAY_MS } from '../../format/time.ts'
import type { PermissionAsks, PermissionRequest } from '../documents/permission-request.ts'
import type { PERMISSION_EFFECTS } from '../effects/permissions.ts'
import { permissionAsksKey, permissionRequestsKey } from '../keys.ts'
import { type FoldRules, NO_CHANGES, type ProjectionState } from './state.ts'

/** Permission requests are opened, asked for once more, and closed. How often an account asks is remembered for a day. */
export const PERMISSION_RULES: FoldRules<keyof typeof PERMISSION_EFFECTS> = {
  permission_asked: ({ request: asked }, { tenant, nowMs }, state) => {
    const key = permissionAsksKey(tenant, asked.account)
    const ask = { permission_digest: asked.permission_digest, at_ms: nowMs }
    state.put(key, { asks: [...asksWithinDay(state.document(key), nowMs), ask] })
    return onOpen(tenant, state, (open) => {
      const before = open.find(({ permission_digest }) => permission_digest === asked.permission_digest)
      const opened = { ...asked, asked: 1, first_at_ms: nowMs, last_at_ms: nowMs, last_record: asked.id }
      if (before === undefined) return [...open, opened]
      const again = { ...before, asked: before.asked + 1, last_at_ms: nowMs, last_record: asked.id }
      return open.map((each) => (each === before ? again : each))
    })
  },
  permission_closed: ({ id }, { tenant }, state) => onOpen(tenant, state, (open) => open.filter((each) => each.id !== id)),
}

/** What of an account's asking is not older than a day. */
export function asksWithinDay(document: PermissionAsks | undefined, nowMs: number): PermissionAsks['asks'] {
  return (document?.asks ?? []).filter(({ at_ms }) => at_ms > nowMs - DAY_MS)
}

function onOpen(
  tenant: string,
  state: ProjectionState,
  change: (open: readonly PermissionRequest[]) => PermissionRequest[],
): typeof NO_CHANGES {
  const key = permissionRequestsKey(tenant)
  state.put(key, { open: change(state.document(key)?.open ?? []) })
  return NO_CHANGES
}
