import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { approversNeeded, redemptionProblem, refuseVote } from '../../src/approvals/rules/approval-rules.ts'
import type { Approval, ApprovalVote } from '../../src/ledger/documents/approval.ts'
import {
  approvalEndsMs,
  approvalState,
  approversOf,
  expired,
  redeemed,
  withdrawn,
  withVote,
} from '../../src/ledger/fold/approvals.ts'
import { medianLatencySeconds, newRater, withVerdict } from '../../src/ledger/fold/rater-record.ts'

const AT = 1_000_000
const MINUTE = 60_000

const PENDING: Approval = {
  id: 'd1',
  request_digest: 'a'.repeat(64),
  agent: 'mailer',
  human: 'user:ann',
  requester: 'credential:gateway',
  not_by: ['credential:gateway', 'person:ann', 'mailer', 'user:ann'],
  action: 'send_email',
  scope: 'communication:full',
  band: 'medium',
  requested_at_ms: AT,
  expires_at_ms: AT + 15 * MINUTE,
  redeem_within_ms: 10 * MINUTE,
  approvers_needed: 1,
  votes: [],
  withdrawn_at_ms: null,
  expired_at_ms: null,
  redeemed_by: null,
  stake: 'proposal',
}
const vote = (person: string, verdict: 'approve' | 'reject' = 'approve', at_ms = AT + MINUTE): ApprovalVote => ({
  person,
  verdict,
  reason: 'looked at it',
  at_ms,
})
const APPROVED = withVote(PENDING, vote('bea'))
const redeemer = {
  approvalId: 'd1',
  agent: 'mailer',
  human: 'user:ann',
  requester: 'credential:gateway',
  scope: 'communication:full',
}

describe('an approval', () => {
  it('is pending until its time is over, and then as good as rejected', () => {
    expect(approvalState(PENDING, AT)).toBe('pending')
    expect(approvalState(PENDING, AT + 15 * MINUTE - 1)).toBe('pending')
    expect(approvalState(PENDING, AT + 15 * MINUTE)).toBe('expired')
  })

  it('that was given can be redeemed for a while from the last verdict on', () => {
    expect(approvalEndsMs(APPROVED)).toBe(AT + 11 * MINUTE)
    expect(approvalState(APPROVED, AT + 11 * MINUTE - 1)).toBe('approved')
    expect(approvalState(APPROVED, AT + 11 * MINUTE)).toBe('expired')
  })

  it('needs as many distinct people as it says, and one no is a no', () => {
    const two = { ...PENDING, approvers_needed: 2 }
    expect(approvalState(withVote(two, vote('bea')), AT)).toBe('pending')
    expect(approvalState(withVote(withVote(two, vote('bea')), vote('bea')), AT)).toBe('pending')
    expect(approvalState(withVote(withVote(two, vote('bea')), vote('cem')), AT)).toBe('approved')
    expect(approvalState(withVote(withVote(two, vote('bea')), vote('cem', 'reject')), AT)).toBe('rejected')
  })

  it('of which the log says that it ran out of time is over, whatever a clock says then', () => {
    expect(approvalState(expired(APPROVED, AT + 11 * MINUTE), AT + MINUTE)).toBe('expired')
    expect(approvalState(expired(PENDING, AT + 15 * MINUTE), AT)).toBe('expired')
  })

  it('that is withdrawn or redeemed stays so', () => {
    expect(approvalState(withdrawn(APPROVED, AT), AT)).toBe('withdrawn')
    expect(approvalState(redeemed(APPROVED, 'd2'), AT)).toBe('redeemed')
    expect(approvalState(redeemed(APPROVED, 'd2'), AT + 1e9)).toBe('redeemed')
  })

  it('takes no verdict of who asked, none twice, and none when it is over', () => {
    expect(refuseVote(PENDING, 'bea', AT)).toBeNull()
    expect(refuseVote(PENDING, 'user:ann', AT)).toBe('own_request')
    expect(refuseVote(PENDING, 'gateway', AT)).toBe('own_request')
    expect(refuseVote({ ...APPROVED, approvers_needed: 2 }, 'bea', AT)).toBe('already_voted')
    for (const over of [APPROVED, withdrawn(PENDING, AT), withVote(PENDING, vote('bea', 'reject'))])
      expect(refuseVote(over, 'cem', AT)).toBe('over')
    expect(refuseVote(PENDING, 'bea', AT + 15 * MINUTE)).toBe('over')
  })

  it('knows people by kind: a credential or an agent of the same name is somebody else, a name without a kind is of any', () => {
    for (const person of ['person:ann', 'person:mailer']) expect(refuseVote(PENDING, person, AT)).toBe('own_request')
    expect(refuseVote(PENDING, 'person:gateway', AT)).toBeNull()
  })

  it('of an older record goes on, and nobody who asked or has voted counts again under a name with a kind', () => {
    const older = { ...PENDING, requester: 'gateway', not_by: ['gateway', 'ann'], approvers_needed: 2 }
    const voted = withVote(older, vote('bea'))
    expect(refuseVote(older, 'person:ann', AT)).toBe('own_request')
    expect(refuseVote(older, 'person:gateway', AT)).toBe('own_request')
    expect(refuseVote(voted, 'person:bea', AT)).toBe('already_voted')
    const given = withVote(voted, vote('person:cem'))
    expect(redemptionProblem(given, redeemer, { nowMs: AT + MINUTE, paused: false })).toBeNull()
    expect(approversOf(given, ['person:bea'])).toBe(1)
  })
})

describe('redeeming', () => {
  it('works once, for who asked', () => {
    expect(redemptionProblem(APPROVED, redeemer, { nowMs: AT + MINUTE, paused: false })).toBeNull()
    expect(redemptionProblem(redeemed(APPROVED, 'd2'), redeemer, { nowMs: AT + MINUTE, paused: false })).toBe('redeemed')
  })

  it.each([
    ['nothing is kept for this request', undefined, {}, 'unknown'],
    ['another approval is named', APPROVED, { approvalId: 'd9' }, 'unknown'],
    ['another agent acts', APPROVED, { agent: 'other' }, 'other_agent'],
    ['another person stands behind it', APPROVED, { human: null }, 'other_agent'],
    ['another credential asks', APPROVED, { requester: 'other' }, 'other_requester'],
    ['its action has another scope by now', APPROVED, { scope: 'files:full' }, 'other_scope'],
    ['nobody decided', PENDING, {}, 'pending'],
    ['somebody said no', withVote(PENDING, vote('bea', 'reject')), {}, 'rejected'],
    ['it was withdrawn', withdrawn(APPROVED, AT), {}, 'withdrawn'],
  ] as const)('is refused where %s', (_, approval, by, problem) => {
    expect(redemptionProblem(approval, { ...redeemer, ...by }, { nowMs: AT + MINUTE, paused: false })).toBe(problem)
  })

  it('is refused while it is paused; what is over says so first', () => {
    expect(redemptionProblem(APPROVED, redeemer, { nowMs: AT + MINUTE, paused: true })).toBe('paused')
    expect(redemptionProblem(PENDING, redeemer, { nowMs: AT + MINUTE, paused: true })).toBe('pending')
  })

  it('is refused when it comes too late', () => {
    expect(redemptionProblem(APPROVED, redeemer, { nowMs: AT + 11 * MINUTE, paused: false })).toBe('expired')
  })

  it('needs a yes of enough people who did not ask, whatever happened in whatever order', () => {
    const people = ['bea', 'cem', 'user:ann', 'gateway']
    const step = fc.record({
      person: fc.constantFrom(...people),
      verdict: fc.constantFrom('approve' as const, 'reject' as const),
      wait: fc.integer({ min: 0, max: 6 * MINUTE }),
    })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 8 }), (approvers_needed, steps) => {
        let approval: Approval = { ...PENDING, approvers_needed }
        let nowMs = AT
        for (const { person, verdict, wait } of steps) {
          nowMs += wait
          if (refuseVote(approval, person, nowMs) === null) approval = withVote(approval, vote(person, verdict, nowMs))
        }
        const yes = new Set(approval.votes.filter(({ verdict }) => verdict === 'approve').map(({ person }) => person))
        expect(yes.has('user:ann') || yes.has('gateway')).toBe(false)
        expect(yes.size).toBeLessThanOrEqual(approvers_needed)
        if (redemptionProblem(approval, redeemer, { nowMs: nowMs, paused: false }) !== null) return
        expect(yes.size).toBe(approvers_needed)
        expect(approval.votes.every(({ verdict, at_ms }) => verdict === 'approve' && at_ms < PENDING.expires_at_ms)).toBe(true)
      }),
    )
  })
})

describe('the number of people who have to say yes', () => {
  const rules = [
    { category: 'financial', approvers: 3 },
    { scope: 'crm:full', approvers: 2 },
    { band: 'high', approvers: 2 },
  ] as const
  it.each([
    ['financial', 'crm:full', 'high', 3],
    ['read_write', 'crm:full', 'low', 2],
    ['read_write', 'files:full', 'high', 2],
    ['read_write', 'files:full', 'medium', 1],
  ] as const)('for %s in %s at %s risk is %4$i: the first line that fits', (category, scope, band, needed) => {
    expect(approversNeeded([...rules] as never, { category, scope, band })).toBe(needed)
  })
})

describe('the record of who decides', () => {
  it('counts verdicts, their time, and those given too fast to have been read', () => {
    const first = withVerdict(undefined, 'approve', 2_000)
    expect(first).toMatchObject({ approved: 1, rejected: 0, latency_ms_sum: 2_000, hasty: 1, units_given: 0 })
    const second = withVerdict(first, 'reject', 60_000)
    expect(second).toMatchObject({ approved: 1, rejected: 1, latency_ms_sum: 62_000, hasty: 1 })
    expect(medianLatencySeconds(newRater())).toBeNull()
    expect(medianLatencySeconds(second)).toBe(2)
    expect(medianLatencySeconds(withVerdict(undefined, 'approve', 4_000_000))).toBe(604_800)
  })
})

describe('a canary', () => {
  it('redeems nothing, whoever said yes to it', () => {
    expect(redemptionProblem(APPROVED, redeemer, { nowMs: AT + 2 * MINUTE, paused: false })).toBeNull()
    expect(redemptionProblem({ ...APPROVED, canary: true }, redeemer, { nowMs: AT + 2 * MINUTE, paused: false })).toBe('unknown')
  })
})
