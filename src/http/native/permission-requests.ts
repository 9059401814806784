import { z } from 'zod'

import { VERB_ROLES } from '../../access/authority.ts'
import { PAGE_PERMISSION_REQUESTS_MAX, PermissionAsk, PermissionVerdict } from '../../permissions/wire.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Handler, jsonReply } from '../exchange.ts'
import { Id, parseQuery, withBody, withParam } from '../input.ts'
import { idParam, integerParam } from '../query-parameters.ts'

const CREATED = 201
/** Permission requests that one page holds when the query does not say. */
const PAGE_PERMISSION_REQUESTS_DEFAULT = 20

/** Query of `GET /api/v1/permission-requests`. */
const PermissionRequestsQuery = z.strictObject({
  agent: idParam.optional().describe('Those of one agent only.'),
  after: idParam.optional().describe('`next` of the page before.'),
  limit: integerParam
    .pipe(z.int().min(1).max(PAGE_PERMISSION_REQUESTS_MAX))
    .default(PAGE_PERMISSION_REQUESTS_DEFAULT)
    .describe(`Permission requests of one page, 1–${PAGE_PERMISSION_REQUESTS_MAX}.`),
})

/** Permission requests: agents ask for what the base denies them, people decide. */
export const PERMISSION_REQUEST_ENDPOINTS = {
  askPermission: {
    method: 'post',
    path: '/api/v1/permission-requests',
    convention: 'native',
    summary: 'An agent asks for a permission that the base does not give it. Nothing is granted by it.',
    roles: VERB_ROLES.ask_permission,
    body: 'PermissionAsk',
    rated: 'reports',
    answer: { status: 201, schema: 'PermissionAskAnswer' },
  },
  listPermissionRequests: {
    method: 'get',
    path: '/api/v1/permission-requests',
    convention: 'native',
    lane: 'reading',
    summary: 'The open permission requests, the oldest first, each with the patch that would grant it.',
    roles: VERB_ROLES.read_permission_requests,
    query: PermissionRequestsQuery,
    answer: { status: 200, schema: 'PermissionRequestsAnswer' },
  },
  readPermissionRequest: {
    method: 'get',
    path: '/api/v1/permission-requests/{request}',
    convention: 'native',
    lane: 'reading',
    summary: 'One open permission request with the patch that would grant it.',
    roles: VERB_ROLES.read_permission_requests,
    answer: { status: 200, schema: 'PermissionRequestView' },
    refusals: ['not_found'],
  },
  closePermissionRequest: {
    method: 'post',
    path: '/api/v1/permission-requests/{request}',
    convention: 'native',
    summary: 'A named person closes a permission request as done or refused. Nothing is granted by it.',
    roles: VERB_ROLES.close_permission_request,
    body: 'PermissionVerdict',
    rated: 'reports',
    answer: { status: 201, schema: 'PermissionVerdictAnswer' },
    refusals: ['not_found'],
  },
} as const satisfies Record<string, Endpoint>

/** Handlers of permission requests. */
export function createPermissionRequestHandlers(service: Service): Record<keyof typeof PERMISSION_REQUEST_ENDPOINTS, Handler> {
  return {
    askPermission: withBody(PermissionAsk, async (ask, { caller }) =>
      jsonReply(await service.askPermission(caller, ask), CREATED),
    ),
    listPermissionRequests: async ({ caller, query }) => {
      const parsed = parseQuery(PermissionRequestsQuery, query)
      return parsed.ok ? jsonReply(await service.permissionRequests(caller, parsed.value)) : parsed.fault
    },
    readPermissionRequest: ({ caller, params }) =>
      withParam(Id, params, 'request', async (id) => jsonReply(await service.permissionRequest(caller, id))),
    closePermissionRequest: withBody(PermissionVerdict, (verdict, { caller, params }) =>
      withParam(Id, params, 'request', async (id) =>
        jsonReply(await service.closePermissionRequest(caller, id, verdict), CREATED),
      ),
    ),
  }
}
