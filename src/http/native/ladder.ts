import { VERB_ROLES } from '../../access/authority.ts'
import { DemotionReport, PromotionReport } from '../../ladder/wire.ts'
import { ScopeKey } from '../../model/scope.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Handler, jsonReply } from '../exchange.ts'
import { Id, withBody, withParam } from '../input.ts'

/** Promotions and demotions by people. */
export const LADDER_ENDPOINTS = {
  promote: {
    method: 'post',
    path: '/api/v1/agents/{agent}/scopes/{scope}/promotions',
    convention: 'native',
    summary: 'Promote an agent in a scope if every gate is passed; the answer lists every gate.',
    roles: VERB_ROLES.promote,
    body: 'PromotionReport',
    bodyOptional: true,
    rated: 'reports',
    answer: { status: 200, schema: 'PromotionAnswer' },
    refusals: ['not_found', 'conflict'],
  },
  demote: {
    method: 'post',
    path: '/api/v1/agents/{agent}/scopes/{scope}/demotion',
    convention: 'native',
    summary: 'Take the rungs of an agent in a scope above a level away.',
    roles: VERB_ROLES.demote,
    body: 'DemotionReport',
    rated: 'reports',
    answer: { status: 200, schema: 'DemotionAnswer' },
    refusals: ['not_found', 'conflict'],
  },
} as const satisfies Record<string, Endpoint>

/** Handlers of promotions and demotions. */
export function createLadderHandlers(service: Service): Record<keyof typeof LADDER_ENDPOINTS, Handler> {
  return {
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
  }
}
