import type { Approval, ApprovalState, ApprovalVote, ApproverRule, RaterRecord } from '../model/approval.ts'
import type { RiskBand } from '../model/outcome.ts'
import type { ScopeKey } from '../model/scope.ts'

/** A verdict this soon after the request was not read, ms. */
const HASTY_MS = 10_000

/** Where an approval stands at a time. One no is a no; being over is final. */
export function approvalState(approval: Approval, nowMs: number): ApprovalState {
  if (approval.redeemed_by !== null) return 'redeemed'
  if (approval.withdrawn_at_ms !== null) return 'withdrawn'
  if (approval.votes.some(({ verdict }) => verdict === 'reject')) return 'rejected'
  if (approval.expired_at_ms !== null) return 'expired'
  return nowMs >= approvalEndsMs(approval) ? 'expired' : isApproved(approval) ? 'approved' : 'pending'
}

/** When an approval that nothing more happens to is over, ms since 1970. */
export function approvalEndsMs(approval: Approval): number {
  const last = approval.votes.at(-1)
  return isApproved(approval) && last !== undefined ? last.at_ms + approval.redeem_within_ms : approval.expires_at_ms
}

function isApproved(approval: Approval): boolean {
  return approversOf(approval) >= approval.approvers_needed
}

/** Distinct people who said yes, without those who are behind the request themselves. */
export function approversOf({ votes }: Approval, requesters: readonly string[] = []): number {
  const people = votes.filter(({ verdict }) => verdict === 'approve').map(({ person }) => person)
  return new Set(people.filter((person) => !requesters.includes(person))).size
}

/** How many people have to say yes: the first line that fits, one where none does. */
export function approversNeeded(
  rules: readonly ApproverRule[],
  of: { readonly category: string; readonly scope: ScopeKey; readonly band: RiskBand },
): number {
  const rule = rules.find(
    ({ category, scope, band }) =>
      (category === undefined || category === of.category) &&
      (scope === undefined || scope === of.scope) &&
      (band === undefined || band === of.band),
  )
  return rule?.approvers ?? 1
}

/** Why somebody's verdict cannot be taken, or null. */
export type VoteRefusal = 'over' | 'own_request' | 'already_voted'

/** Whether this person may still say something: the requester never, and nobody twice. */
export function refuseVote(approval: Approval, person: string, nowMs: number): VoteRefusal | null {
  if (approvalState(approval, nowMs) !== 'pending') return 'over'
  if (approval.not_by.includes(person)) return 'own_request'
  return approval.votes.some((vote) => vote.person === person) ? 'already_voted' : null
}

/** The approval with one more verdict. */
export function withVote(approval: Approval, vote: ApprovalVote): Approval {
  return { ...approval, votes: [...approval.votes, vote] }
}

/** The approval taken back by who asked, or by an approver before it is redeemed. */
export function withdrawn(approval: Approval, atMs: number): Approval {
  return { ...approval, withdrawn_at_ms: atMs }
}

/** The approval of which the log says that it ran out of time. */
export function expired(approval: Approval, atMs: number): Approval {
  return { ...approval, expired_at_ms: atMs }
}

/** The approval after the one decision it was good for. */
export function redeemed(approval: Approval, decisionId: string): Approval {
  return { ...approval, redeemed_by: decisionId }
}

/** Why a retry cannot redeem an approval. */
export const REDEMPTION_PROBLEMS = [
  'unknown',
  'pending',
  'rejected',
  'expired',
  'withdrawn',
  'redeemed',
  'other_agent',
  'other_requester',
  'other_scope',
  'more_approvers',
  'clock',
] as const
export type RedemptionProblem = (typeof REDEMPTION_PROBLEMS)[number]

/** Who redeems: as established for this decision, never from its body alone. */
export type Redeemer = {
  readonly approvalId: string
  readonly agent: string | null
  readonly human: string | null
  readonly requester: string
  /** The scope that the action has by now; the people who said yes decide for another one otherwise. */
  readonly scope: ScopeKey
}

/** What makes an approval that of somebody or something else, although the request is the same; null: nothing. */
export function strangeness(approval: Approval, by: Omit<Redeemer, 'approvalId'>): RedemptionProblem | null {
  if (approval.agent !== by.agent || approval.human !== by.human) return 'other_agent'
  if (approval.requester !== by.requester) return 'other_requester'
  return approval.scope === by.scope ? null : 'other_scope'
}

/**
 * What stands against redeeming the approval kept under the digest of this very request; null: nothing but, once the risk is known,
 * the number of people it takes by now. Changed arguments and another tenant have another digest, so nothing is found for them.
 */
export function redemptionProblem(approval: Approval | undefined, by: Redeemer, nowMs: number): RedemptionProblem | null {
  // A canary is no approval: whoever said yes to it, nothing may come of it.
  if (approval?.id !== by.approvalId || approval.canary === true) return 'unknown'
  const strange = strangeness(approval, by)
  if (strange !== null) return strange
  const state = approvalState(approval, nowMs)
  return state === 'approved' ? null : state
}

/** The record of a rater of whom nothing is known. */
export function newRater(): RaterRecord {
  return {
    approved: 0,
    rejected: 0,
    latency_ms_sum: 0,
    hasty: 0,
    latencies: [],
    canaries: { seen: 0, caught: 0 },
    units_given: 0,
  }
}

/** Seconds up to which verdicts are counted together, by how long they took; the last group has no end. */
export const LATENCY_SECONDS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600] as const

/** A person's record after one more verdict. */
export function withVerdict(record: RaterRecord | undefined, verdict: 'approve' | 'reject', latencyMs: number): RaterRecord {
  const before = record ?? newRater()
  const found = LATENCY_SECONDS.findIndex((seconds) => latencyMs <= seconds * 1_000)
  const group = found === -1 ? LATENCY_SECONDS.length : found
  const latencies = Array.from(
    { length: LATENCY_SECONDS.length + 1 },
    (_, index) => (before.latencies[index] ?? 0) + (index === group ? 1 : 0),
  )
  return {
    ...before,
    approved: before.approved + (verdict === 'approve' ? 1 : 0),
    rejected: before.rejected + (verdict === 'reject' ? 1 : 0),
    latency_ms_sum: before.latency_ms_sum + latencyMs,
    hasty: before.hasty + (latencyMs < HASTY_MS ? 1 : 0),
    latencies,
  }
}

/** The end of the last group, seconds: no approval waits longer. */
const LATENCY_SECONDS_MAX = 604_800

/** How long half of a person's verdicts took at most, seconds; null without any that were timed. */
export function medianLatencySeconds({ latencies }: Pick<RaterRecord, 'latencies'>): number | null {
  const all = latencies.reduce((sum, each) => sum + each, 0)
  if (all === 0) return null
  let passed = 0
  const group = latencies.findIndex((each) => {
    passed += each
    return passed * 2 >= all
  })
  return LATENCY_SECONDS[group] ?? LATENCY_SECONDS_MAX
}
