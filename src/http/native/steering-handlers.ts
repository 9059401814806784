import { ContainmentReport, IncidentReport, IncidentReviewReport, RevocationReport } from '../../incidents/wire.ts'
import { DemotionReport, PromotionReport } from '../../ladder/wire.ts'
import { ScopeKey } from '../../model/scope.ts'
import type { Service } from '../../service/service.ts'
import { type Handler, jsonReply } from '../exchange.ts'
import { IncidentsQuery } from '../query.ts'
import { parseQuery } from '../validate.ts'
import { Id, withBody, withParam } from './parse.ts'
import type { STEERING_ENDPOINTS } from './steering-endpoints.ts'

const CREATED = 201

/** Handlers of what people steer agents by. */
export function createSteeringHandlers(service: Service): Record<keyof typeof STEERING_ENDPOINTS, Handler> {
  return {
    listIncidents: async ({ caller, query }) => {
      const parsed = parseQuery(IncidentsQuery, query)
      return parsed.ok ? jsonReply(await service.incidents(caller, parsed.value)) : parsed.fault
    },
    readIncident: ({ caller, params }) =>
      withParam(Id, params, 'incident', async (id) => jsonReply(await service.incident(caller, id))),
    raiseIncident: withBody(IncidentReport, async (report, { caller }) =>
      jsonReply(await service.raiseIncident(caller, report), CREATED),
    ),
    reviewIncident: withBody(IncidentReviewReport, (report, { caller, params }) =>
      withParam(Id, params, 'incident', async (incident) => jsonReply(await service.reviewIncident(caller, incident, report))),
    ),
    promote: withBody(
      PromotionReport,
      (report, { caller, params }) =>
        withParam(Id, params, 'agent', (agent) =>
          withParam(ScopeKey, params, 'scope', async (scope) => jsonReply(await service.promote(caller, agent, scope, report))),
        ),
      {},
    ),
    demote: withBody(DemotionReport, (report, { caller, params }) =>
      withParam(Id, params, 'agent', (agent) =>
        withParam(ScopeKey, params, 'scope', async (scope) => jsonReply(await service.demote(caller, agent, scope, report))),
      ),
    ),
    revokeAgent: withBody(RevocationReport, (report, { caller, params }) =>
      withParam(Id, params, 'agent', async (agent) => jsonReply(await service.revokeAgent(caller, agent, report))),
    ),
    listContainments: async ({ caller }) => jsonReply(await service.containments(caller)),
    contain: withBody(ContainmentReport, async (report, { caller }) => jsonReply(await service.contain(caller, report), CREATED)),
    lift: ({ caller, params }) => withParam(Id, params, 'containment', async (id) => jsonReply(await service.lift(caller, id))),
  }
}
