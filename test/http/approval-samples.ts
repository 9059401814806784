import type { ApprovalAnswer, ApprovalSummary, ApprovalView } from '../../src/approvals/wire.ts'

/** The decision that waits in these tests. */
export const DECISION_ID = '019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10'
/** When it was asked for, ms since 1970. */
export const ASKED_MS = Date.UTC(2026, 2, 2, 10)
const DIGEST = 'd'.repeat(64)

/** A wire transfer that needs two people. */
export const SUMMARY: ApprovalSummary = {
  decision_id: DECISION_ID,
  state: 'pending',
  request_digest: DIGEST,
  agent: 'finance-agent',
  human: null,
  requester: 'credential:gateway',
  action: 'wire_transfer',
  scope: 'payments:full',
  band: 'high',
  requested_at: '2026-03-02T10:00:00.000Z',
  ends_at: '2026-03-02T10:15:00.000Z',
  approvers_needed: 2,
  votes: [],
  redeemed_by: null,
  paused: null,
  pauses: [],
}

/** All that is known of it. */
export const VIEW: ApprovalView = {
  ...SUMMARY,
  request: {
    subject: { type: 'agent', id: 'finance-agent' },
    action: { name: 'wire_transfer', properties: { arguments: { amount: 900, to: 'Muster GmbH' } } },
    resource: { type: 'account', id: 'operations' },
  },
  payload: 'whole',
  masked: {},
  ceilings: [
    { source: 'base', outcome: 'allow', reason: 'permitted to role finance_agent', obligations: [], guardrails: {} },
    {
      source: 'risk',
      outcome: 'require_approval',
      reason: 'high risk concedes at most require_approval',
      obligations: [{ id: 'named_approver', performer: 'pdp' }],
      guardrails: { amount_max: 10_000, recipient_domains: ['example.org'] },
    },
  ],
  reasons: ['high risk concedes at most require_approval'],
  risk: {
    points: 8,
    band: 'high',
    rules: [{ id: 'amount-over-100', document: 'amounts', points: 1, reason: 'more than 100' }],
    unavailable: ['payee.known'],
  },
  trust: {
    score: 0.41,
    scope: 'payments:full',
    level_granted: 2,
    level_effective: 1,
    confidence: 0.6,
    failure_bound: 0.2,
    bottleneck_layer: 'behaviour',
  },
  advice: [],
  incidents: [],
  injections: [],
  rollback: {
    reversibility: 1,
    kept: 'open',
    handle: null,
    value_digest: null,
    until: '2026-03-02T12:00:00.000Z',
    attempt: null,
  },
  resumption: null,
}

/** What a verdict of alice is answered. */
export function answerOf(verdict: 'approve' | 'reject', more: Partial<ApprovalSummary> = {}): ApprovalAnswer {
  const vote = { person: 'person:alice', verdict, reason: 'checked', at: '2026-03-02T10:01:00.000Z' }
  const state = verdict === 'approve' ? 'pending' : 'rejected'
  return {
    approval: { ...SUMMARY, state, votes: [vote], ...more },
    record_id: 'r-1',
    leaf_index: 7,
    state_version: 8,
    evidence: 'counted',
    changes: [],
  }
}
