import { z } from 'zod'

import { Permission } from '../ledger/documents/permission-request.ts'
import { Action, Party, Resource } from '../model/request.ts'
import { WireId, WireNote, WireTime } from '../model/wire-fields.ts'

/** Most permission requests of one page. */
export const PAGE_PERMISSION_REQUESTS_MAX = 50

/** `POST /api/v1/permission-requests`: an agent asks for what the base denies it. Named as in a request for a decision; `*` stands for itself. */
export const PermissionAsk = z.strictObject({
  subject: Party,
  action: Action.pick({ name: true }),
  resource: Resource.pick({ type: true, id: true }),
  /** Why it is needed. */
  reason: WireNote,
  /** How often, for how long, for what. */
  expected_use: WireNote,
})
export type PermissionAsk = z.infer<typeof PermissionAsk>

/** The answer to it: the request that is open for this permission. Nothing is granted by it. */
export const PermissionAskAnswer = z.strictObject({
  id: WireId,
  state: z.literal('open'),
  /** How often it was asked for while it is open, and within the last day. */
  asked: z.int().positive(),
  asked_today: z.int().positive(),
  leaf_index: z.int(),
})
export type PermissionAskAnswer = z.infer<typeof PermissionAskAnswer>

/** What would grant a permission: a patch of the shipped base's data, tried out and found to grant it; or why there is none. */
export const GrantChange = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('patch'),
    /** The file, relative to the directory of the configuration. */
    file: z.string(),
    /** The role that the patch adds, for this permission alone. */
    role: z.string(),
    /** A unified diff for `patch -p1` or `git apply` in that directory. */
    patch: z.string(),
  }),
  z.strictObject({ kind: z.literal('none'), why: z.string() }),
])
export type GrantChange = z.infer<typeof GrantChange>

/** One open permission request. What was written with it is null where it was erased. */
export const PermissionRequestView = z.strictObject({
  id: WireId,
  ...Permission.shape,
  owner: z.string().nullable(),
  asked: z.int().positive(),
  first_at: WireTime,
  last_at: WireTime,
  /** The credential that asked the last time. */
  asked_by: z.string().nullable(),
  reason: z.string().nullable(),
  expected_use: z.string().nullable(),
  change: GrantChange,
})
export type PermissionRequestView = z.infer<typeof PermissionRequestView>

/** `GET /api/v1/permission-requests`. `next`: what to give as `after` for the page behind; null: there is none. */
export const PermissionRequestsAnswer = z.strictObject({
  requests: z.array(PermissionRequestView),
  total: z.int().nonnegative(),
  next: WireId.nullable(),
})
export type PermissionRequestsAnswer = z.infer<typeof PermissionRequestsAnswer>

/** `POST /api/v1/permission-requests/{request}`: a person closes it. Nothing is granted by it: `done` says that somebody changed the policy. */
export const PermissionVerdict = z.strictObject({ verdict: z.enum(['done', 'refused']), note: WireNote })
export type PermissionVerdict = z.infer<typeof PermissionVerdict>

/** The answer to that. */
export const PermissionVerdictAnswer = z.strictObject({
  id: WireId,
  ...Permission.shape,
  verdict: PermissionVerdict.shape.verdict,
  leaf_index: z.int(),
})
export type PermissionVerdictAnswer = z.infer<typeof PermissionVerdictAnswer>
