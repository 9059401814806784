import { VERB_ROLES } from '../../access/authority.ts'
import type { Endpoint } from '../endpoint.ts'

/** The endpoints of AuthZEN by their operation ids. */
export const AUTHZEN_ENDPOINTS = {
  evaluate: {
    method: 'post',
    path: '/access/v1/evaluation',
    convention: 'authzen',
    summary: 'AuthZEN access evaluation.',
    roles: VERB_ROLES.decide,
    body: 'Evaluation',
    rated: 'decisions',
    answer: { status: 200, schema: 'AuthzenDecision' },
  },
  evaluateAll: {
    method: 'post',
    path: '/access/v1/evaluations',
    convention: 'authzen',
    summary: 'AuthZEN access evaluations (batch).',
    roles: VERB_ROLES.decide,
    body: 'Evaluations',
    rated: 'decisions',
    answer: { status: 200, schema: 'AuthzenDecisions' },
  },
  describePdp: {
    method: 'get',
    path: '/.well-known/authzen-configuration',
    convention: 'authzen',
    summary: 'AuthZEN metadata.',
    roles: 'public',
    answer: { status: 200, schema: 'AuthzenConfiguration' },
  },
} as const satisfies Record<string, Endpoint>
