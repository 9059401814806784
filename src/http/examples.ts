import type { SchemaName } from './schemas.ts'

const REFUND = {
  subject: { type: 'agent', id: 'support-agent', properties: { composition: { model: 'model-4' } } },
  action: { name: 'payments.refund', properties: { arguments: { amount: 40, order: 'A-1001' } } },
  resource: { type: 'order', id: 'A-1001' },
  context: { session: 's-17', environment: 'production', purpose: 'refund a returned item' },
} as const

const DECISION_ID = '019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10'

/** An example of each body where one helps; a test checks each against its schema. */
export const EXAMPLES: Partial<Record<SchemaName, unknown>> = {
  Request: REFUND,
  OutcomeReport: { decision_id: DECISION_ID, class: 'validated', result: { refund: 'R-77' } },
  RollbackReport: { result: 'done', handle: 'crm-4711' },
  PlainSignal: { decision_id: DECISION_ID, layer: 'behaviour', class: 'clean' },
  SignalCloudEvent: {
    specversion: '1.0',
    id: 'f3a1',
    source: '/detectors/mail',
    type: 'gradus.signal.injection_indicator',
    subject: 'support-agent',
    time: '2026-11-21T02:00:00Z',
    data: { confidence: 0.9, found_in: 'output', session: 's-17' },
  },
  IncidentReport: { agent: 'support-agent', class: 'injection_suspected', detail: { found_in: 'mail 4711' } },
  IncidentReviewReport: { agent: 'support-agent', false_positive: true, note: 'The mail quoted our own help page.' },
  PromotionReport: { note: 'Quarterly review' },
  DemotionReport: { level: 1, reason: 'New duties: it starts again under review' },
  HoldReport: { resolution: 'accept', note: 'Looked at all five: they did fail' },
  CanaryReport: { decision_id: DECISION_ID, expected: 'reject', note: 'The payee is one that nobody knows' },
  RevocationReport: { reason: 'Its key was found in a public repository' },
  ContainmentReport: { target: { kind: 'agent', agent: 'support-agent' }, reason: 'Under investigation' },
  LegalHoldReport: { kinds: ['decision', 'outcome'], reason: 'Litigation 7 of 2026' },
  LegalHoldRelease: { reason: 'Settled' },
  LogReviewReport: { review: 'weekly', notes: 'Looked through the denials and the overrides of the week' },
  SpotCheckReport: { decision_id: DECISION_ID, finding: 'sound', notes: 'The order was late, and the refund is right' },
  PermissionAsk: {
    subject: { type: 'agent', id: 'support-agent' },
    action: { name: 'query_database' },
    resource: { type: 'database', id: 'sales/2026' },
    reason: 'The market report needs the figures of the first quarter',
    expected_use: 'One query a day until the report is out',
  },
  PermissionVerdict: { verdict: 'refused', note: 'The analytics copy has the same figures' },
  HistoryText: '{"agent":"support-agent","scope":"email:full","layer":"outcome","polarity":"positive","weight":0.3}\n',
  ApprovalReport: { verdict: 'approve', reason: 'Checked the invoice and called the payee', request_digest: 'd'.repeat(64) },
  ResumptionReport: { reason: 'Read the incident, and this request has nothing of it' },
  WithdrawalReport: { reason: 'The customer cancelled' },
  OverrideReport: { agent: 'support-agent', scope: 'payments:full', reason: 'Refunds after the outage', minutes: 30 },
  Evaluation: {
    subject: { type: 'agent', id: 'support-agent' },
    action: { name: 'orders.read' },
    resource: { type: 'order', id: 'A-1001' },
  },
  Evaluations: {
    subject: { type: 'agent', id: 'support-agent' },
    action: { name: 'orders.read' },
    evaluations: [{ resource: { type: 'order', id: 'A-1001' } }, { resource: { type: 'order', id: 'A-1002' } }],
    options: { evaluations_semantic: 'deny_on_first_deny' },
  },
  DataRequest: { input: REFUND },
  DataResponse: { decision_id: DECISION_ID, result: true },
  DecisionLog: [
    { decision_id: 'b84cf736', timestamp: '2026-11-21T02:00:00.000Z', path: 'authz/allow', input: REFUND, result: true },
  ],
  LogAnswer: { received: 1, recorded: 1, repeated: 0, rejected: 0, problems: [] },
  AuthzenDecision: {
    decision: false,
    context: { evaluation_id: DECISION_ID, outcome: 'require_approval', reason: 'approval_required' },
  },
  Problem: {
    type: 'urn:gradus:problem:bad_request',
    title: 'The request is not valid',
    status: 400,
    detail: '/subject/id: The identifier is empty: give it at least one character.',
    instance: 'urn:gradus:request:6f1f9c58-4e0f-4b5b-8f4e-0c6a4f0f8d52',
    code: 'bad_request',
    errors: [{ pointer: '/subject/id', message: 'The identifier is empty: give it at least one character.' }],
  },
  OpaError: {
    code: 'invalid_parameter',
    message: 'body contains malformed input document: The body is empty: send one JSON value.',
  },
  Health: {},
}
