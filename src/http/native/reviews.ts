import { VERB_ROLES } from '../../access/authority.ts'
import { SpotCheckReport } from '../../reports/wire.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Handler, jsonReply } from '../exchange.ts'
import { withBody } from '../input.ts'

const CREATED = 201

/** The spot-check list: decisions that somebody has to look at. */
export const REVIEW_ENDPOINTS = {
  listReviews: {
    method: 'get',
    path: '/api/v1/reviews',
    convention: 'native',
    lane: 'reading',
    summary: 'Decisions that somebody has to look at: why, who, and until when.',
    roles: VERB_ROLES.review_decision,
    answer: { status: 200, schema: 'SpotChecksAnswer' },
  },
  reviewDecision: {
    method: 'post',
    path: '/api/v1/reviews',
    convention: 'native',
    summary: 'A named person looked at a decision of the list; the record says what they found.',
    roles: VERB_ROLES.review_decision,
    body: 'SpotCheckReport',
    rated: 'reports',
    answer: { status: 201, schema: 'SpotCheckAnswer' },
    refusals: ['not_found'],
  },
} as const satisfies Record<string, Endpoint>

/** Handlers of the spot-check list. */
export function createReviewHandlers(service: Service): Record<keyof typeof REVIEW_ENDPOINTS, Handler> {
  return {
    listReviews: async ({ caller }) => jsonReply(await service.spotChecks(caller)),
    reviewDecision: withBody(SpotCheckReport, async (report, { caller }) =>
      jsonReply(await service.reviewDecision(caller, report), CREATED),
    ),
  }
}
