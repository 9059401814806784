import { z } from 'zod'

import { IncidentStage } from '../incidents/wire.ts'
import { ApprovalState } from '../ledger/documents/approval.ts'
import { RecordKind } from '../ledger/record.ts'
import { PAGE_RECORDS_MAX } from '../ledger/store.ts'
import { ID_CHARS_MAX } from '../model/request.ts'
import { ScopeKey } from '../model/scope.ts'
import { HISTORY_POINTS_DEFAULT, HISTORY_POINTS_MAX } from '../reports/trust-history/query.ts'

/** Records or proposals one page holds when the query does not say. */
export const PAGE_RECORDS_DEFAULT = 100

const id = z.string().min(1).max(ID_CHARS_MAX)
const whole = z
  .string()
  .regex(/^\d{1,15}$/u, 'a whole number')
  .transform(Number)
const limit = whole.pipe(z.int().min(1).max(PAGE_RECORDS_MAX)).optional()
/** Any offset is accepted; records are compared in UTC. */
const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString())

/** Query of `GET /api/v1/audit/records`. */
export const RecordsQuery = z.strictObject({
  agent: id.optional().describe('The agent that acted.'),
  user: id.optional().describe('The human it acted for.'),
  action: id.optional().describe('The action name.'),
  outcome: id.optional().describe('The answered outcome, or the class of a report.'),
  kind: z.array(RecordKind).optional().describe('The kind of record; may be given more than once.'),
  decision_id: id.optional().describe('The decision a record is or is about.'),
  since: time.optional().describe('ISO 8601, inclusive.'),
  until: time.optional().describe('ISO 8601, exclusive.'),
  from: whole.optional().describe('Leaf index to go on from: `next` of the page before.'),
  order: z.enum(['oldest', 'newest']).optional().describe('Which end to start from; `oldest` when absent.'),
  limit: limit.describe(`Records of one page, 1–${PAGE_RECORDS_MAX}; ${PAGE_RECORDS_DEFAULT} when absent.`),
})
export type RecordsQuery = z.infer<typeof RecordsQuery>

/** Query of `GET /api/v1/agents/{agent}/trust/history`. */
export const HistoryQuery = z.strictObject({
  scope: ScopeKey.optional().describe('One scope only, and then every record that moved it.'),
  since: time.optional().describe('ISO 8601, inclusive; the first points are as of then.'),
  from: whole.optional().describe('`next` of the page before.'),
  limit: whole
    .pipe(z.int().min(1).max(HISTORY_POINTS_MAX))
    .default(HISTORY_POINTS_DEFAULT)
    .describe(`Points of one page, 1–${HISTORY_POINTS_MAX}; those of one record are never parted.`),
})
export type HistoryQuery = z.infer<typeof HistoryQuery>

/** Query of `GET /api/v1/proposals`. */
export const ProposalsQuery = z.strictObject({
  from: whole.optional().describe('`next` of the page before.'),
  limit: limit.describe(`Proposals of one page, 1–${PAGE_RECORDS_MAX}; ${PAGE_RECORDS_DEFAULT} when absent.`),
})
export type ProposalsQuery = z.infer<typeof ProposalsQuery>

/** Query of `GET /api/v1/approvals`. */
export const ApprovalsQuery = z.strictObject({
  state: ApprovalState.optional().describe('Where they stand; all that are not over when absent.'),
})
export type ApprovalsQuery = z.infer<typeof ApprovalsQuery>

/** Query of `GET /api/v1/incidents`. */
export const IncidentsQuery = z.strictObject({
  agent: id.optional().describe('Only those of this agent.'),
  state: IncidentStage.optional().describe(
    '`open` waits for a review, `recovering` for what the agent proves; both when absent.',
  ),
})
export type IncidentsQuery = z.infer<typeof IncidentsQuery>
