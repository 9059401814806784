import { z } from 'zod'

import { PermissionRequest } from '../documents/permission-request.ts'
import { id } from './fields.ts'

/** Effects on the permission requests of a tenant. */
export const PERMISSION_EFFECTS = {
  /** An agent asked for a permission: a request is opened, or the one that is open is asked for once more. `id`: of this record. */
  permission_asked: z.strictObject({
    kind: z.literal('permission_asked'),
    request: PermissionRequest.pick({ id: true, permission_digest: true, permission: true, account: true, owner: true }),
  }),
  /** A person closed a request. */
  permission_closed: z.strictObject({ kind: z.literal('permission_closed'), id, verdict: z.enum(['done', 'refused']) }),
} as const
