import { z } from 'zod'

import { VERB_ROLES } from '../../access/authority.ts'
import type { DecisionRequest } from '../../decisions/decision-request.ts'
import { OutcomeReport, RollbackReport } from '../../evidence/wire.ts'
import { PAGE_RECORDS_MAX } from '../../ledger/store.ts'
import { Request } from '../../model/request.ts'
import type { Service } from '../../service/service.ts'
import { prefersText } from '../accept.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Exchange, type Fault, type Handler, jsonReply, type Reply, textReply } from '../exchange.ts'
import { Id, parseQuery, withBody, withParam } from '../input.ts'
import { integerParam, limitParam, PAGE_RECORDS_DEFAULT } from '../query-parameters.ts'

/** Query of `GET /api/v1/proposals`. */
const ProposalsQuery = z.strictObject({
  from: integerParam.optional().describe('`next` of the page before.'),
  limit: limitParam.describe(`Proposals of one page, 1–${PAGE_RECORDS_MAX}; ${PAGE_RECORDS_DEFAULT} when absent.`),
})

/** Decisions, and what came of them. */
export const DECISION_ENDPOINTS = {
  decide: {
    method: 'post',
    path: '/api/v1/decisions',
    convention: 'native',
    lane: 'decision',
    summary: 'Decide one request and record the decision.',
    roles: VERB_ROLES.decide,
    body: 'Request',
    rated: 'decisions',
    answer: { status: 200, schema: 'DecisionAnswer' },
  },
  explainDecision: {
    method: 'get',
    path: '/api/v1/decisions/{decision}/explanation',
    convention: 'native',
    lane: 'reading',
    summary: 'Why a decision is what it is, and what would lift it; for who reads the log, and for who asked for it.',
    roles: VERB_ROLES.explain,
    rated: 'reports',
    answer: { status: 200, schema: 'ExplanationAnswer' },
    textOffered: true,
    refusals: ['not_found'],
  },
  reportOutcome: {
    method: 'post',
    path: '/api/v1/outcomes',
    convention: 'native',
    summary: 'Report what came of a decision; source, verifier and weight come from the credential.',
    roles: VERB_ROLES.report_outcome,
    body: 'OutcomeReport',
    rated: 'reports',
    answer: { status: 200, schema: 'EvidenceAnswer' },
    refusals: ['not_found', 'conflict'],
  },
  reportRollback: {
    method: 'post',
    path: '/api/v1/decisions/{decision}/rollbacks',
    convention: 'native',
    summary: 'Report that what a decision let run was undone, or could not be; it weighs as the outcome `rolled_back`.',
    roles: VERB_ROLES.report_outcome,
    body: 'RollbackReport',
    rated: 'reports',
    answer: { status: 200, schema: 'RollbackAnswer' },
    refusals: ['not_found', 'conflict'],
  },
  listProposals: {
    method: 'get',
    path: '/api/v1/proposals',
    convention: 'native',
    lane: 'reading',
    summary: 'Decisions that did not run but may be judged as proposals.',
    roles: VERB_ROLES.read_proposals,
    query: ProposalsQuery,
    answer: { status: 200, schema: 'ProposalsAnswer' },
  },
} as const satisfies Record<string, Endpoint>

/** Handlers of decisions, outcome reports and proposals. */
export function createDecisionHandlers(service: Service): Record<keyof typeof DECISION_ENDPOINTS, Handler> {
  return {
    decide: withBody(Request, async (request, exchange) =>
      jsonReply(await service.evaluate(exchange.caller, decisionRequest(request, exchange))),
    ),
    explainDecision: ({ caller, params, headers }) =>
      withParam(Id, params, 'decision', async (id) => {
        const { answer, text } = await service.explain(caller, id)
        return prefersText(headers) ? textReply(text) : jsonReply(answer)
      }),
    reportOutcome: withBody(OutcomeReport, async (report, { caller }) => jsonReply(await service.reportOutcome(caller, report))),
    reportRollback: withBody(RollbackReport, (report, { caller, params }) =>
      withParam(Id, params, 'decision', async (id) => jsonReply(await service.reportRollback(caller, id, report))),
    ),
    listProposals: (exchange) => listProposals(service, exchange),
  }
}

function decisionRequest(request: Request, { requestId, traceparent, network }: Exchange): DecisionRequest {
  return { request, protocol: 'native', requestId, network, ...(traceparent === undefined ? {} : { traceparent }) }
}

async function listProposals(service: Service, { caller, query }: Exchange): Promise<Reply | Fault> {
  const parsed = parseQuery(ProposalsQuery, query)
  if (!parsed.ok) return parsed.fault
  const { from, limit = PAGE_RECORDS_DEFAULT } = parsed.value
  return jsonReply(await service.proposals(caller, { limit, ...(from === undefined ? {} : { from }) }))
}
