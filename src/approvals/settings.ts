import { z } from 'zod'

import { ActionCategory } from '../catalogue/catalogue-file.ts'
import { APPROVERS_MAX } from '../ledger/documents/approval.ts'
import { RiskBand } from '../model/outcome.ts'
import { ScopeKey } from '../model/scope.ts'

/** Who has to say yes to what, the first line that fits: more people where more is at stake. */
export const ApproverRule = z.strictObject({
  category: ActionCategory.optional(),
  scope: ScopeKey.optional(),
  band: RiskBand.optional(),
  approvers: z.int().min(1).max(APPROVERS_MAX),
})

export type ApproverRule = z.infer<typeof ApproverRule>

/** How approvals work (`approvals` in the configuration). */
export const ApprovalPolicy = z
  .strictObject({
    /** Nobody decided by then: rejected. */
    expire_minutes: z.number().positive().max(10_080).default(15),
    /** How long an approval that was given can be redeemed. */
    redeem_minutes: z.number().positive().max(10_080).default(15),
    /** Approvals that one agent may have waiting; beyond it none is opened. */
    open_per_agent_max: z.int().min(1).max(10_000).default(100),
    /** Approvals that one tenant may have waiting. */
    open_per_tenant_max: z.int().min(1).max(10_000).default(1_000),
    /** Approvals that all callers of a tenant together may have waiting for whom nobody vouches. */
    open_unvouched_max: z.int().min(0).max(1_000).default(10),
    approvers: z
      .array(ApproverRule)
      .max(256)
      .default([{ band: 'high', approvers: 2 }]),
  })
  .prefault({})

export type ApprovalPolicy = z.infer<typeof ApprovalPolicy>
