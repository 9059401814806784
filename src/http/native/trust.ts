import { z } from 'zod'

import { VERB_ROLES } from '../../access/authority.ts'
import { PAGE_AGENTS_MAX } from '../../ladder/agents-list.ts'
import { ScopeKey } from '../../model/scope.ts'
import { HISTORY_POINTS_DEFAULT, HISTORY_POINTS_MAX } from '../../reports/trust-history/query.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Exchange, type Fault, type Handler, jsonReply, type Reply } from '../exchange.ts'
import { Id, parseQuery, withParam } from '../input.ts'
import { idParam, integerParam, timeParam } from '../query-parameters.ts'

/** Query of `GET /api/v1/agents/{agent}/trust/history`. */
const HistoryQuery = z.strictObject({
  scope: ScopeKey.optional().describe('One scope only, and then every record that moved it.'),
  since: timeParam.optional().describe('ISO 8601, inclusive; the first points are as of then.'),
  from: integerParam.optional().describe('`next` of the page before.'),
  limit: integerParam
    .pipe(z.int().min(1).max(HISTORY_POINTS_MAX))
    .default(HISTORY_POINTS_DEFAULT)
    .describe(`Points of one page, 1–${HISTORY_POINTS_MAX}; those of one record are never parted.`),
})

/** Agents that one page holds when the query does not say. */
const PAGE_AGENTS_DEFAULT = 100

/** Query of `GET /api/v1/agents`. */
const AgentsQuery = z.strictObject({
  after: idParam.optional().describe('`next` of the page before: agents whose name comes after it.'),
  limit: integerParam
    .pipe(z.int().min(1).max(PAGE_AGENTS_MAX))
    .default(PAGE_AGENTS_DEFAULT)
    .describe(`Agents of one page, 1–${PAGE_AGENTS_MAX}.`),
})

/** The agents, the trust of one of them, and how it came about. */
export const TRUST_ENDPOINTS = {
  listAgents: {
    method: 'get',
    path: '/api/v1/agents',
    convention: 'native',
    lane: 'reading',
    summary: 'The agents of the catalogue and those that did anything, with where their trust stands.',
    roles: VERB_ROLES.read_trust,
    query: AgentsQuery,
    answer: { status: 200, schema: 'AgentsAnswer' },
  },
  readTrust: {
    method: 'get',
    path: '/api/v1/agents/{agent}/trust',
    convention: 'native',
    lane: 'reading',
    summary: 'Trust, level and containments of one agent, per scope.',
    roles: VERB_ROLES.read_trust,
    answer: { status: 200, schema: 'AgentTrustAnswer' },
  },
  readTrustHistory: {
    method: 'get',
    path: '/api/v1/agents/{agent}/trust/history',
    convention: 'native',
    lane: 'reading',
    summary: 'How the trust of one agent came to be what it is: points in time and what brought them about.',
    roles: VERB_ROLES.read_trust,
    query: HistoryQuery,
    answer: { status: 200, schema: 'TrustHistoryAnswer' },
    refusals: ['not_found'],
  },
} as const satisfies Record<string, Endpoint>

/** Handlers that read trust. */
export function createTrustHandlers(service: Service): Record<keyof typeof TRUST_ENDPOINTS, Handler> {
  return {
    listAgents: async ({ caller, query }) => {
      const parsed = parseQuery(AgentsQuery, query)
      return parsed.ok ? jsonReply(await service.agents(caller, parsed.value)) : parsed.fault
    },
    readTrust: ({ caller, params }) =>
      withParam(Id, params, 'agent', async (agent) => jsonReply(await service.agentTrust(caller, agent))),
    readTrustHistory: (exchange) => readHistory(service, exchange),
  }
}

async function readHistory(service: Service, { caller, params, query }: Exchange): Promise<Reply | Fault> {
  const parsed = parseQuery(HistoryQuery, query)
  if (!parsed.ok) return parsed.fault
  return withParam(Id, params, 'agent', async (agent) => jsonReply(await service.trustHistory(caller, agent, parsed.value)))
}
