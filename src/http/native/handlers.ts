import { isAgents } from '../../access/authority.ts'
import type { DecisionRequest } from '../../decisions/decision-request.ts'
import type { EventStreams } from '../../events/event-streams.ts'
import { OutcomeReport } from '../../evidence/wire.ts'
import type { RecordQuery, StoredRecord } from '../../ledger/store.ts'
import { Request } from '../../model/request.ts'
import { LogReviewReport } from '../../reports/wire.ts'
import type { Service } from '../../service/service.ts'
import { POLICY_READERS } from '../endpoint.ts'
import { type Exchange, type Fault, type Handler, jsonReply, type Reply, textReply } from '../exchange.ts'
import { HistoryQuery, PAGE_RECORDS_DEFAULT, ProposalsQuery, RecordsQuery } from '../query.ts'
import { parseQuery } from '../validate.ts'
import { createApprovalHandlers } from './approval-handlers.ts'
import type { NATIVE_ENDPOINTS } from './endpoints.ts'
import { openEvents } from './event-stream.ts'
import { Id, withBody, withParam } from './parse.ts'
import { createRaterHandlers } from './rater-handlers.ts'
import { createSignalHandlers } from './signal-handlers.ts'
import { createSteeringHandlers } from './steering-handlers.ts'

const CREATED = 201

/** Handlers of the native interface but its OpenAPI document. */
export type NativeHandlers = Record<Exclude<keyof typeof NATIVE_ENDPOINTS, 'readOpenapi'>, Handler>

/** Handlers of the native interface: parse strictly, ask the service, answer its answer. */
export function createNativeHandlers(service: Service, streams: EventStreams): NativeHandlers {
  return {
    decide: withBody(Request, async (request, exchange) =>
      jsonReply(await service.evaluate(exchange.caller, askOf(request, exchange))),
    ),
    reportOutcome: withBody(OutcomeReport, async (report, { caller }) => jsonReply(await service.reportOutcome(caller, report))),
    listProposals: (exchange) => listProposals(service, exchange),
    readTrust: ({ caller, params }) =>
      withParam(Id, params, 'agent', async (agent) => jsonReply(await service.agentTrust(caller, agent))),
    readTrustHistory: (exchange) => readHistory(service, exchange),
    followEvents: (exchange) => openEvents(streams, exchange),
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
    readPolicies: (exchange) => readPolicies(service, exchange),
    reloadPolicies: async ({ caller }) => jsonReply(await service.reloadPolicies(caller)),
    ...createSteeringHandlers(service),
    ...createRaterHandlers(service),
    ...createSignalHandlers(service),
    ...createApprovalHandlers(service),
  }
}

function askOf(request: Request, { requestId, traceparent }: Exchange): DecisionRequest {
  return { request, protocol: 'native', requestId, ...(traceparent === undefined ? {} : { traceparent }) }
}

async function listProposals(service: Service, { caller, query }: Exchange): Promise<Reply | Fault> {
  const parsed = parseQuery(ProposalsQuery, query)
  if (!parsed.ok) return parsed.fault
  const { from, limit = PAGE_RECORDS_DEFAULT } = parsed.value
  return jsonReply(await service.proposals(caller, { limit, ...(from === undefined ? {} : { from }) }))
}

async function readHistory(service: Service, { caller, params, query }: Exchange): Promise<Reply | Fault> {
  const parsed = parseQuery(HistoryQuery, query)
  if (!parsed.ok) return parsed.fault
  return withParam(Id, params, 'agent', async (agent) => jsonReply(await service.trustHistory(caller, agent, parsed.value)))
}

async function queryRecords(service: Service, { caller, query }: Exchange): Promise<Reply | Fault> {
  const parsed = parseQuery(RecordsQuery, query, ['kind'])
  if (!parsed.ok) return parsed.fault
  const wanted = recordQuery(parsed.value)
  const found = await service.records(caller, wanted)
  const last = found.at(-1)
  const next = last === undefined || found.length < wanted.limit ? null : last.leafIndex + (wanted.newestFirst === true ? 0 : 1)
  return jsonReply({ records: found.map(recordAnswer), next })
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

/** The only verb whose roles the adapter checks: the view belongs to no tenant, so the service asks for no caller. */
function readPolicies(service: Service, { caller }: Exchange): Reply | Fault {
  if (!isAgents(caller) && caller.roles.some((role) => POLICY_READERS.some((reader) => reader === role)))
    return jsonReply(service.policySet())
  const fix = `It needs one of the roles ${POLICY_READERS.join(', ')}.`
  if (caller.credential === null) return { code: 'unauthenticated', message: 'Reading the policy set needs a credential.', fix }
  return { code: 'forbidden', message: `The credential ${caller.credential} may not read the policy set.`, fix }
}
