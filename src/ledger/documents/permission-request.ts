import { z } from 'zod'

import { NAME_CHARS_MAX } from '../../model/ceiling.ts'
import { Party } from '../../model/request.ts'

const id = z.string().min(1).max(512)
const atMs = z.int().nonnegative()
const digest = z.string().regex(/^[0-9a-f]{64}$/u)

/** A permission that is asked for: who is to have it, for which action, on which resource. One agent asks for it, and nobody else. */
export const Permission = z.strictObject({ subject: Party, action: id, resource: Party })
export type Permission = z.infer<typeof Permission>

/** A permission request that is open. What was written with it stands in its records, where it can be erased. */
export const PermissionRequest = z.strictObject({
  /** Id of the record that opened it. */
  id,
  /** Digest of the permission; of a tenant's open requests one has it. */
  permission_digest: digest,
  permission: Permission,
  /** Whose open requests it counts among: the agent's, or those of all agents outside the catalogue. */
  account: id,
  /** Who answers for the agent; null: the catalogue names nobody. */
  owner: z.string().max(NAME_CHARS_MAX).nullable(),
  /** How often it was asked for while it is open. */
  asked: z.int().positive(),
  first_at_ms: atMs,
  last_at_ms: atMs,
  /** Id of the record of the last time. */
  last_record: id,
})
export type PermissionRequest = z.infer<typeof PermissionRequest>

/** The open permission requests of a tenant, in the order they were opened. */
export const PermissionRequests = z.strictObject({ open: z.array(PermissionRequest) })
export type PermissionRequests = z.infer<typeof PermissionRequests>

/** Which permissions an account asked for within the last day, in the order it did. */
export const PermissionAsks = z.strictObject({ asks: z.array(z.strictObject({ permission_digest: digest, at_ms: atMs })) })
export type PermissionAsks = z.infer<typeof PermissionAsks>
