import { z } from 'zod'

import { Approval, ApprovalVote } from '../documents/approval.ts'
import { id } from './fields.ts'

/** Effects on approvals. */
export const APPROVAL_EFFECTS = {
  /** A step in the life of an approval; it happens to the one kept under the digest of its request. */
  approval: z.strictObject({
    kind: z.literal('approval'),
    request_digest: z.string().length(64),
    step: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('requested'), approval: Approval }),
      z.strictObject({ kind: z.literal('voted'), vote: ApprovalVote }),
      z.strictObject({ kind: z.literal('withdrawn') }),
      z.strictObject({ kind: z.literal('redeemed'), by: id }),
      z.strictObject({ kind: z.literal('expired') }),
    ]),
  }),
} as const
