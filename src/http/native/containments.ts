import { VERB_ROLES } from '../../access/authority.ts'
import { ContainmentReport, RevocationReport } from '../../incidents/wire.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Handler, jsonReply } from '../exchange.ts'
import { Id, withBody, withParam } from '../input.ts'

const CREATED = 201

/** What is taken out of service: actions, scopes, agents, the tenant. */
export const CONTAINMENT_ENDPOINTS = {
  revokeAgent: {
    method: 'post',
    path: '/api/v1/agents/{agent}/revocation',
    convention: 'native',
    summary: 'Stop an agent altogether until a person has reviewed it; the answer says what of it is still under way.',
    roles: VERB_ROLES.revoke,
    body: 'RevocationReport',
    rated: 'reports',
    answer: { status: 200, schema: 'RevocationAnswer' },
  },
  listContainments: {
    method: 'get',
    path: '/api/v1/containments',
    convention: 'native',
    lane: 'reading',
    summary: 'What is out of service.',
    roles: VERB_ROLES.read_steering,
    answer: { status: 200, schema: 'ContainmentsAnswer' },
  },
  contain: {
    method: 'post',
    path: '/api/v1/containments',
    convention: 'native',
    summary: 'Take an action, scope, agent or the tenant out of service at once.',
    roles: VERB_ROLES.contain,
    body: 'ContainmentReport',
    rated: 'reports',
    answer: { status: 201, schema: 'ContainmentAnswer' },
    refusals: ['conflict'],
  },
  lift: {
    method: 'delete',
    path: '/api/v1/containments/{containment}',
    convention: 'native',
    summary: 'Lift a containment.',
    roles: VERB_ROLES.contain,
    rated: 'reports',
    answer: { status: 200, schema: 'ContainmentAnswer' },
    refusals: ['not_found', 'conflict'],
  },
} as const satisfies Record<string, Endpoint>

/** Handlers of containments and revocations. */
export function createContainmentHandlers(service: Service): Record<keyof typeof CONTAINMENT_ENDPOINTS, Handler> {
  return {
    revokeAgent: withBody(RevocationReport, (report, { caller, params }) =>
      withParam(Id, params, 'agent', async (agent) => jsonReply(await service.revokeAgent(caller, agent, report))),
    ),
    listContainments: async ({ caller }) => jsonReply(await service.containments(caller)),
    contain: withBody(ContainmentReport, async (report, { caller }) => jsonReply(await service.contain(caller, report), CREATED)),
    lift: ({ caller, params }) => withParam(Id, params, 'containment', async (id) => jsonReply(await service.lift(caller, id))),
  }
}
