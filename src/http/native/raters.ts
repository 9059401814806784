import { VERB_ROLES } from '../../access/authority.ts'
import { CanaryReport } from '../../approvals/wire.ts'
import { HoldReport } from '../../incidents/wire.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Handler, jsonReply } from '../exchange.ts'
import { Id, withBody, withParam } from '../input.ts'

const CREATED = 201

/** How people watch over those who judge: holds, canaries, raters. */
export const RATER_ENDPOINTS = {
  resolveHold: {
    method: 'post',
    path: '/api/v1/agents/{agent}/holds/{hold}',
    convention: 'native',
    summary: 'Say whether what waited about an agent is true, as a named person who did not file it.',
    roles: VERB_ROLES.resolve_hold,
    body: 'HoldReport',
    rated: 'reports',
    answer: { status: 200, schema: 'HoldAnswer' },
    refusals: ['not_found'],
  },
  seedCanary: {
    method: 'post',
    path: '/api/v1/canaries',
    convention: 'native',
    summary: 'Make a decision that waits for people one of known answer, to see whether they look.',
    roles: VERB_ROLES.seed_canary,
    body: 'CanaryReport',
    rated: 'reports',
    answer: { status: 201, schema: 'CanaryAnswer' },
    refusals: ['not_found', 'conflict'],
  },
  listRaters: {
    method: 'get',
    path: '/api/v1/raters',
    convention: 'native',
    lane: 'reading',
    summary: 'Everybody who judges: canaries, catch rate, weight, approve rate, latency, units given.',
    roles: VERB_ROLES.read_raters,
    answer: { status: 200, schema: 'RatersAnswer' },
  },
  readRater: {
    method: 'get',
    path: '/api/v1/raters/{rater}',
    convention: 'native',
    lane: 'reading',
    summary: 'One who judges.',
    roles: VERB_ROLES.read_raters,
    answer: { status: 200, schema: 'RaterView' },
    refusals: ['not_found'],
  },
} as const satisfies Record<string, Endpoint>

/** Handlers of holds, canaries and raters. */
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
