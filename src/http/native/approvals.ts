import { z } from 'zod'

import { VERB_ROLES } from '../../access/authority.ts'
import { ApprovalReport, ResumptionReport, WithdrawalReport } from '../../approvals/wire.ts'
import { ApprovalState } from '../../ledger/documents/approval.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Handler, jsonReply } from '../exchange.ts'
import { Id, parseQuery, withBody, withParam } from '../input.ts'

/** Query of `GET /api/v1/approvals`. */
const ApprovalsQuery = z.strictObject({
  state: ApprovalState.optional().describe('Where they stand; all that are not over when absent.'),
})

/** Approvals. Nothing is decided by reading. */
export const APPROVAL_ENDPOINTS = {
  listApprovals: {
    method: 'get',
    path: '/api/v1/approvals',
    convention: 'native',
    lane: 'reading',
    summary: 'Approvals that are not over, of the scopes the credential decides for.',
    roles: VERB_ROLES.read_approvals,
    query: ApprovalsQuery,
    answer: { status: 200, schema: 'ApprovalsAnswer' },
  },
  readApproval: {
    method: 'get',
    path: '/api/v1/decisions/{decision}/approvals',
    convention: 'native',
    lane: 'reading',
    summary: 'One approval with the complete request, the terms, risk, trust and the way back.',
    roles: VERB_ROLES.read_approvals,
    answer: { status: 200, schema: 'ApprovalView' },
    refusals: ['not_found'],
  },
  decideApproval: {
    method: 'post',
    path: '/api/v1/decisions/{decision}/approvals',
    convention: 'native',
    summary: 'Approve or reject, as a named person who did not ask.',
    roles: VERB_ROLES.approve,
    body: 'ApprovalReport',
    rated: 'reports',
    answer: { status: 200, schema: 'ApprovalAnswer' },
    refusals: ['not_found', 'conflict'],
  },
  withdrawApproval: {
    method: 'post',
    path: '/api/v1/decisions/{decision}/approvals/withdrawal',
    convention: 'native',
    summary: 'Take an approval out of the world before it is redeemed.',
    roles: VERB_ROLES.withdraw_approval,
    body: 'WithdrawalReport',
    bodyOptional: true,
    rated: 'reports',
    answer: { status: 200, schema: 'ApprovalAnswer' },
    refusals: ['not_found', 'conflict'],
  },
  resumeDecision: {
    method: 'post',
    path: '/api/v1/decisions/{decision}/resumption',
    convention: 'native',
    summary: 'Let an approval or a reservation go on that something paused.',
    roles: VERB_ROLES.resume,
    body: 'ResumptionReport',
    rated: 'reports',
    answer: { status: 200, schema: 'ResumptionAnswer' },
    refusals: ['not_found', 'conflict'],
  },
  listReservations: {
    method: 'get',
    path: '/api/v1/agents/{agent}/reservations',
    convention: 'native',
    lane: 'reading',
    summary: 'What an agent was let run and nobody has verified yet, and what paused it.',
    roles: VERB_ROLES.read_reservations,
    answer: { status: 200, schema: 'ReservationsAnswer' },
  },
} as const satisfies Record<string, Endpoint>

/** Handlers of approvals. */
export function createApprovalHandlers(service: Service): Record<keyof typeof APPROVAL_ENDPOINTS, Handler> {
  return {
    listApprovals: async ({ caller, query }) => {
      const parsed = parseQuery(ApprovalsQuery, query)
      return parsed.ok ? jsonReply(await service.approvals(caller, parsed.value)) : parsed.fault
    },
    readApproval: ({ caller, params }) =>
      withParam(Id, params, 'decision', async (id) => jsonReply(await service.approval(caller, id))),
    decideApproval: withBody(ApprovalReport, (report, { caller, params }) =>
      withParam(Id, params, 'decision', async (id) => jsonReply(await service.decideApproval(caller, id, report))),
    ),
    withdrawApproval: withBody(
      WithdrawalReport,
      (report, { caller, params }) =>
        withParam(Id, params, 'decision', async (id) => jsonReply(await service.withdrawApproval(caller, id, report))),
      {},
    ),
    resumeDecision: withBody(ResumptionReport, (report, { caller, params }) =>
      withParam(Id, params, 'decision', async (id) => jsonReply(await service.resumeDecision(caller, id, report))),
    ),
    listReservations: ({ caller, params }) =>
      withParam(Id, params, 'agent', async (agent) => jsonReply(await service.reservations(caller, agent))),
  }
}
