import { ApprovalReport, OverrideReport, WithdrawalReport } from '../../approvals/wire.ts'
import type { Service } from '../../service/service.ts'
import { type Handler, jsonReply } from '../exchange.ts'
import { ApprovalsQuery } from '../query.ts'
import { parseQuery } from '../validate.ts'
import type { APPROVAL_ENDPOINTS } from './approval-endpoints.ts'
import { Id, withBody, withParam } from './parse.ts'

const CREATED = 201

/** Handlers of approvals and overrides. */
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
    listOverrides: async ({ caller }) => jsonReply(await service.overrides(caller)),
    openOverride: withBody(OverrideReport, async (report, { caller }) =>
      jsonReply(await service.openOverride(caller, report), CREATED),
    ),
    confirmOverride: ({ caller, params }) =>
      withParam(Id, params, 'override', async (id) => jsonReply(await service.confirmOverride(caller, id))),
    endOverride: ({ caller, params }) =>
      withParam(Id, params, 'override', async (id) => jsonReply(await service.endOverride(caller, id))),
  }
}
