import { z } from 'zod'

import { CHAIN_DEPTH_MAX } from '../../access/parties.ts'
import { REASON_CHARS_MAX } from '../../model/ceiling.ts'
import { RiskBand } from '../../model/outcome.ts'
import { ScopeKey } from '../../model/scope.ts'
import { INJECTIONS_MAX } from '../../trust/agent-sessions.ts'
import { EvidenceStake } from '../../trust/constants.ts'
import { INCIDENTS_MAX } from '../../trust/stored-trust.ts'
import { Resumption } from './pause.ts'

const id = z.string().min(1).max(512)
const atMs = z.int().nonnegative()

/** Most distinct people one decision can be made to need. */
export const APPROVERS_MAX = 5

/** Most findings of an injection that one request can be under: of each agent of a chain those of its session, and of all of its sessions. */
const INJECTIONS_SHOWN_MAX = CHAIN_DEPTH_MAX * 2 * INJECTIONS_MAX

/** What a person said about a pending approval. */
export const ApprovalVote = z.strictObject({
  /** The named person; one vote each. */
  person: id,
  verdict: z.enum(['approve', 'reject']),
  reason: z.string().min(1).max(REASON_CHARS_MAX),
  at_ms: atMs,
})
export type ApprovalVote = z.infer<typeof ApprovalVote>

/**
 * A decision that waits for people. It is kept under the digest of its request, so an approval of one request cannot be found
 * from another; what it is bound to beyond the request (agent, person, credential) is here.
 */
export const Approval = z.strictObject({
  /** The decision that asked for it; the approval's id. */
  id,
  request_digest: z.string().length(64),
  agent: id.nullable(),
  human: id.nullable(),
  /** The credential that asked; only it may redeem. */
  requester: id,
  /** Everybody the request comes from or names, proven or not: none of them may approve it. */
  not_by: z.array(id).max(64),
  action: id,
  scope: ScopeKey,
  band: RiskBand,
  requested_at_ms: atMs,
  /** Nobody decided by then: rejected. */
  expires_at_ms: atMs,
  /** How long an approval that was given can be redeemed, ms. */
  redeem_within_ms: z.int().positive(),
  /** Digest of the policy set that asked for it; absent in what is older. */
  policy_set: z.string().length(64).optional(),
  /** Records that tell of an injection in what tools gave back, as the people who are asked are shown them; absent: none. */
  injections: z.array(id).max(INJECTIONS_SHOWN_MAX).optional(),
  /** Distinct people who have to say yes. */
  approvers_needed: z.int().min(1).max(APPROVERS_MAX),
  votes: z.array(ApprovalVote).max(APPROVERS_MAX),
  withdrawn_at_ms: atMs.nullable(),
  /** The log says that it ran out of time; then no clock makes it good again. */
  expired_at_ms: atMs.nullable(),
  /** The decision that redeemed it. */
  redeemed_by: id.nullable(),
  /** What the verdicts weigh as evidence. */
  stake: EvidenceStake,
  /** Nobody vouches for who asked. Absent: somebody does. */
  unvouched: z.literal(true).optional(),
  /** It was seeded: verdicts count for their rater only, and it can never be redeemed. No rater is shown this. */
  canary: z.literal(true).optional(),
  /** Who said that it goes on after a pause; absent: nobody. */
  resumptions: z.array(Resumption).optional(),
})
export type Approval = z.infer<typeof Approval>

/** What a rater has to find about a request that was seeded to see whether raters look: the right verdict, and who seeded it. */
export const Canary = z.strictObject({ expected: z.enum(['approve', 'reject']), by: id, at_ms: atMs })
export type Canary = z.infer<typeof Canary>

/** Where an approval stands. `expired`: nobody decided in time, or nobody redeemed it in time. */
const APPROVAL_STATES = ['pending', 'approved', 'rejected', 'expired', 'withdrawn', 'redeemed'] as const
export const ApprovalState = z.enum(APPROVAL_STATES)
export type ApprovalState = z.infer<typeof ApprovalState>

/** Approvals of one tenant that are not over yet, by the digest of their request. */
export const ApprovalInbox = z.strictObject({
  open: z.array(
    z.strictObject({
      id,
      request_digest: z.string().length(64),
      agent: id.nullable(),
      until_ms: atMs,
      /** Nobody vouches for who asked; it counts among those of strangers alone. Absent: somebody does. */
      unvouched: z.literal(true).optional(),
    }),
  ),
})
export type ApprovalInbox = z.infer<typeof ApprovalInbox>

/**
 * A person takes over in an emergency: for one agent, scope and action, trust and context are left out of the meet for at most an
 * hour. Everything else stays, so the answer is never above the base.
 */
export const Override = z.strictObject({
  id,
  agent: id,
  scope: ScopeKey,
  /** One action of the scope; null: all of them. */
  action: id.nullable(),
  /** Distinct people behind it, in the order they said so; two are needed for high risk. */
  people: z.array(id).min(1).max(APPROVERS_MAX),
  /** Incidents that waited for their review when somebody who may review them stood behind it. */
  reviewed: z
    .array(id)
    .max(INCIDENTS_MAX * 2)
    .optional(),
  reason: z.string().min(1).max(REASON_CHARS_MAX),
  at_ms: atMs,
  until_ms: atMs,
})
export type Override = z.infer<typeof Override>

/** Why a retry cannot redeem an approval. */
export type RedemptionProblem =
  | 'unknown'
  | 'pending'
  | 'rejected'
  | 'expired'
  | 'withdrawn'
  | 'redeemed'
  | 'other_agent'
  | 'other_requester'
  | 'other_scope'
  | 'other_policy_set'
  | 'more_approvers'
  | 'new_injection'
  | 'clock'
  | 'paused'
