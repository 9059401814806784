import { VERB_ROLES } from '../../access/authority.ts'
import { LegalHoldRelease, LegalHoldReport } from '../../reports/wire.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Handler, jsonReply } from '../exchange.ts'
import { Id, withBody, withParam } from '../input.ts'

const CREATED = 201

/** Legal holds on records of the log. */
export const LEGAL_HOLD_ENDPOINTS = {
  listLegalHolds: {
    method: 'get',
    path: '/api/v1/audit/legal-holds',
    convention: 'native',
    lane: 'reading',
    summary: 'The legal holds in force: which records neither expire nor are erased.',
    roles: VERB_ROLES.read_audit,
    answer: { status: 200, schema: 'LegalHoldsAnswer' },
  },
  placeLegalHold: {
    method: 'post',
    path: '/api/v1/audit/legal-holds',
    convention: 'native',
    summary: 'Keep records of some kinds, or all, from expiring and from being erased, until the hold is released.',
    roles: VERB_ROLES.hold_records,
    body: 'LegalHoldReport',
    rated: 'reports',
    answer: { status: 201, schema: 'LegalHoldAnswer' },
    refusals: ['conflict'],
  },
  releaseLegalHold: {
    method: 'post',
    path: '/api/v1/audit/legal-holds/{hold}/release',
    convention: 'native',
    summary: 'End a legal hold; the record says who and why.',
    roles: VERB_ROLES.hold_records,
    body: 'LegalHoldRelease',
    rated: 'reports',
    answer: { status: 200, schema: 'LegalHoldAnswer' },
    refusals: ['not_found'],
  },
} as const satisfies Record<string, Endpoint>

/** Handlers of legal holds. */
export function createLegalHoldHandlers(service: Service): Record<keyof typeof LEGAL_HOLD_ENDPOINTS, Handler> {
  return {
    listLegalHolds: async ({ caller }) => jsonReply(await service.legalHoldsInForce(caller)),
    placeLegalHold: withBody(LegalHoldReport, async (report, { caller }) =>
      jsonReply(await service.placeLegalHold(caller, report), CREATED),
    ),
    releaseLegalHold: withBody(LegalHoldRelease, (report, { caller, params }) =>
      withParam(Id, params, 'hold', async (hold) => jsonReply(await service.releaseLegalHold(caller, hold, report))),
    ),
  }
}
