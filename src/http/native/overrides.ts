import { VERB_ROLES } from '../../access/authority.ts'
import { OverrideReport } from '../../approvals/wire.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Handler, jsonReply } from '../exchange.ts'
import { Id, withBody, withParam } from '../input.ts'

const CREATED = 201

/** Emergency overrides. */
export const OVERRIDE_ENDPOINTS = {
  listOverrides: {
    method: 'get',
    path: '/api/v1/overrides',
    convention: 'native',
    lane: 'reading',
    summary: 'The emergency overrides in force.',
    roles: VERB_ROLES.read_approvals,
    answer: { status: 200, schema: 'OverridesAnswer' },
  },
  openOverride: {
    method: 'post',
    path: '/api/v1/overrides',
    convention: 'native',
    summary: 'Leave trust and context out for a scope of an agent for at most an hour, never above the base.',
    roles: VERB_ROLES.override,
    body: 'OverrideReport',
    rated: 'reports',
    answer: { status: 201, schema: 'OverrideAnswer' },
  },
  confirmOverride: {
    method: 'post',
    path: '/api/v1/overrides/{override}/confirmations',
    convention: 'native',
    summary: 'Stand behind an override as a second person, so that it reaches actions of high risk.',
    roles: VERB_ROLES.override,
    rated: 'reports',
    answer: { status: 200, schema: 'OverrideAnswer' },
    refusals: ['not_found', 'conflict'],
  },
  endOverride: {
    method: 'delete',
    path: '/api/v1/overrides/{override}',
    convention: 'native',
    summary: 'End an override before its time.',
    roles: VERB_ROLES.end_override,
    rated: 'reports',
    answer: { status: 200, schema: 'OverrideAnswer' },
    refusals: ['not_found'],
  },
} as const satisfies Record<string, Endpoint>

/** Handlers of emergency overrides. */
export function createOverrideHandlers(service: Service): Record<keyof typeof OVERRIDE_ENDPOINTS, Handler> {
  return {
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
