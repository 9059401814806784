import { z } from 'zod'

import { VERB_ROLES } from '../../access/authority.ts'
import { IncidentReport, IncidentReviewReport, IncidentStage } from '../../incidents/wire.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Handler, jsonReply } from '../exchange.ts'
import { Id, parseQuery, withBody, withParam } from '../input.ts'
import { idParam } from '../query-parameters.ts'

const CREATED = 201

/** Query of `GET /api/v1/incidents`. */
const IncidentsQuery = z.strictObject({
  agent: idParam.optional().describe('Only those of this agent.'),
  state: IncidentStage.optional().describe(
    '`open` waits for a review, `recovering` for what the agent proves; both when absent.',
  ),
})

/** Incidents that bound agents, and their reviews. */
export const INCIDENT_ENDPOINTS = {
  listIncidents: {
    method: 'get',
    path: '/api/v1/incidents',
    convention: 'native',
    lane: 'reading',
    summary: 'Incidents that still bound an agent: cap, reach, since when, and what lifts each.',
    roles: VERB_ROLES.read_steering,
    query: IncidentsQuery,
    answer: { status: 200, schema: 'IncidentsAnswer' },
  },
  readIncident: {
    method: 'get',
    path: '/api/v1/incidents/{incident}',
    convention: 'native',
    lane: 'reading',
    summary: 'One incident that still bounds an agent.',
    roles: VERB_ROLES.read_steering,
    answer: { status: 200, schema: 'IncidentView' },
    refusals: ['not_found'],
  },
  raiseIncident: {
    method: 'post',
    path: '/api/v1/incidents',
    convention: 'native',
    summary: 'Raise an incident: trust is capped at once.',
    roles: VERB_ROLES.raise_incident,
    body: 'IncidentReport',
    rated: 'reports',
    answer: { status: 201, schema: 'IncidentAnswer' },
    refusals: ['conflict'],
  },
  reviewIncident: {
    method: 'post',
    path: '/api/v1/incidents/{incident}/reviews',
    convention: 'native',
    summary: 'Review an incident, or mark it a false positive.',
    roles: VERB_ROLES.review_incident,
    body: 'IncidentReviewReport',
    rated: 'reports',
    answer: { status: 200, schema: 'IncidentAnswer' },
    refusals: ['not_found', 'conflict'],
  },
} as const satisfies Record<string, Endpoint>

/** Handlers of incidents. */
export function createIncidentHandlers(service: Service): Record<keyof typeof INCIDENT_ENDPOINTS, Handler> {
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
  }
}
