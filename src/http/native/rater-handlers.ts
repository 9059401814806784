import { CanaryReport } from '../../approvals/wire.ts'
import { HoldReport } from '../../incidents/wire.ts'
import type { Service } from '../../service/service.ts'
import { type Handler, jsonReply } from '../exchange.ts'
import { Id, withBody, withParam } from './parse.ts'
import type { RATER_ENDPOINTS } from './rater-endpoints.ts'

const CREATED = 201

/** Handlers of what watches over those who judge. */
export function createRaterHandlers(service: Service): Record<keyof typeof RATER_ENDPOINTS, Handler> {
  return {
    resolveHold: withBody(HoldReport, (report, { caller, params }) =>
      withParam(Id, params, 'agent', (agent) =>
        withParam(Id, params, 'hold', async (hold) => jsonReply(await service.resolveHold(caller, agent, { hold, report }))),
      ),
    ),
    seedCanary: withBody(CanaryReport, async (report, { caller }) =>
      jsonReply(await service.seedCanary(caller, report), CREATED),
    ),
    listRaters: async ({ caller }) => jsonReply(await service.raters(caller)),
    readRater: ({ caller, params }) =>
      withParam(Id, params, 'rater', async (name) => jsonReply(await service.rater(caller, name))),
  }
}
