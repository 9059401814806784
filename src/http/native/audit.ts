import { z } from 'zod'

import { VERB_ROLES } from '../../access/authority.ts'
import { RecordKind } from '../../ledger/record.ts'
import { PAGE_RECORDS_MAX, type RecordQuery, type StoredRecord } from '../../ledger/store.ts'
import { LogReviewReport } from '../../reports/wire.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Exchange, type Fault, type Handler, jsonReply, type Reply, textReply } from '../exchange.ts'
import { Id, parseQuery, withBody, withParam } from '../input.ts'
import { idParam, integerParam, limitParam, PAGE_RECORDS_DEFAULT, timeParam } from '../query-parameters.ts'

const CREATED = 201

/** Query of `GET /api/v1/audit/records`. */
export const RecordsQuery = z.strictObject({
  agent: idParam.optional().describe('The agent that acted.'),
  user: idParam.optional().describe('The human it acted for.'),
  action: idParam.optional().describe('The action name.'),
  outcome: idParam.optional().describe('The answered outcome, or the class of a report.'),
  kind: z.array(RecordKind).optional().describe('The kind of record; may be given more than once.'),
  decision_id: idParam.optional().describe('The decision a record is or is about.'),
  since: timeParam.optional().describe('ISO 8601, inclusive.'),
  until: timeParam.optional().describe('ISO 8601, exclusive.'),
  from: integerParam.optional().describe('Leaf index to go on from: `next` of the page before.'),
  order: z.enum(['oldest', 'newest']).optional().describe('Which end to start from; `oldest` when absent.'),
  limit: limitParam.describe(`Records of one page, 1–${PAGE_RECORDS_MAX}; ${PAGE_RECORDS_DEFAULT} when absent.`),
})
export type RecordsQuery = z.infer<typeof RecordsQuery>

/** Records, proofs, tree heads, and reviews of the log. */
export const AUDIT_ENDPOINTS = {
  queryRecords: {
    method: 'get',
    path: '/api/v1/audit/records',
    convention: 'native',
    lane: 'reading',
    summary: 'Records of the tenant, page by page; reading is itself recorded.',
    roles: VERB_ROLES.read_audit,
    query: RecordsQuery,
    rated: 'reports',
    answer: { status: 200, schema: 'RecordsAnswer' },
  },
  readRecord: {
    method: 'get',
    path: '/api/v1/audit/records/{record}',
    convention: 'native',
    lane: 'reading',
    summary: 'One record by its id.',
    roles: VERB_ROLES.read_audit,
    rated: 'reports',
    answer: { status: 200, schema: 'RecordAnswer' },
    refusals: ['not_found'],
  },
  proveRecord: {
    method: 'get',
    path: '/api/v1/audit/proofs/{record}',
    convention: 'native',
    lane: 'reading',
    summary: 'Proof that a record is in the log, under a signed tree head.',
    roles: VERB_ROLES.read_audit,
    answer: { status: 200, schema: 'ProofAnswer' },
    refusals: ['not_found'],
  },
  readCheckpoint: {
    method: 'get',
    path: '/api/v1/audit/checkpoint',
    convention: 'native',
    lane: 'reading',
    summary: 'The newest signed tree head (C2SP signed note).',
    roles: VERB_ROLES.read_audit,
    answer: { status: 200, schema: 'text' },
  },
  listLogReviews: {
    method: 'get',
    path: '/api/v1/audit/reviews',
    convention: 'native',
    lane: 'reading',
    summary: 'Reviews of the log that somebody owns: when each was last done, and when it is due.',
    roles: VERB_ROLES.read_audit,
    answer: { status: 200, schema: 'LogReviewsAnswer' },
  },
  reviewLog: {
    method: 'post',
    path: '/api/v1/audit/reviews',
    convention: 'native',
    summary: 'A named person looked through the log; the record says what they saw.',
    roles: VERB_ROLES.review_log,
    body: 'LogReviewReport',
    rated: 'reports',
    answer: { status: 201, schema: 'LogReviewAnswer' },
    refusals: ['not_found'],
  },
} as const satisfies Record<string, Endpoint>

/** Handlers of the audit log. */
export function createAuditHandlers(service: Service): Record<keyof typeof AUDIT_ENDPOINTS, Handler> {
  return {
    queryRecords: (exchange) => queryRecords(service, exchange),
    readRecord: ({ caller, params }) =>
      withParam(Id, params, 'record', async (id) => jsonReply(recordAnswer(await service.record(caller, id)))),
    proveRecord: ({ caller, params }) =>
      withParam(Id, params, 'record', async (id) => jsonReply(await service.proof(caller, id))),
    readCheckpoint: async ({ caller }) => textReply(await service.checkpoint(caller)),
    listLogReviews: async ({ caller }) => jsonReply(await service.logReviews(caller)),
    reviewLog: withBody(LogReviewReport, async (report, { caller }) =>
      jsonReply(await service.reviewLog(caller, report), CREATED),
    ),
  }
}

async function queryRecords(service: Service, { caller, query }: Exchange): Promise<Reply | Fault> {
  const parsed = parseQuery(RecordsQuery, query, ['kind'])
  if (!parsed.ok) return parsed.fault
  const wanted = recordQuery(parsed.value)
  const { records, next } = await service.records(caller, wanted)
  return jsonReply({ records: records.map(recordAnswer), next })
}

function recordQuery({ kind, decision_id, order, limit, ...plain }: RecordsQuery): RecordQuery {
  return {
    ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)),
    ...(kind === undefined ? {} : { kinds: kind }),
    ...(decision_id === undefined ? {} : { decisionId: decision_id }),
    ...(order === 'newest' ? { newestFirst: true } : {}),
    limit: limit ?? PAGE_RECORDS_DEFAULT,
  }
}

function recordAnswer({ leafIndex, state, record }: StoredRecord) {
  return { leaf_index: leafIndex, state, record }
}
