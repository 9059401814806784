import { CanaryReport } from '../../approvals/wire.ts'
import { HoldReport } from '../../incidents/wire.ts'
import type { Service } from '../../service/service.ts'
import { type Handler, json } from '../exchange.ts'
import { Id, withBody, withParam } from './parse.ts'
import type { RATER_ENDPOINTS } from './rater-endpoints.ts'

const CREATED = 201

/** Handlers of what watches over those who judge. */
export function createRaterHandlers(service: Service): Record<keyof typeof RATER_ENDPOINTS, Handler> {
  return {
    resolveHold: withBody(HoldReport, (report, { caller, params }) =>
      withParam(Id, params, 'agent', (agent) =>
        withParam(Id, params, 'hold', async (hold) => json(await service.resolveHold(caller, agent, { hold, report }))),
      ),
    ),
    seedCanary: withBody(CanaryReport, async (report, { caller }) => json(await service.seedCanary(caller, report), CREATED)),
    listRaters: async ({ caller }) => json(await service.raters(caller)),
    readRater: ({ caller, params }) => withParam(Id, params, 'rater', async (name) => json(await service.rater(caller, name))),
  }
}
