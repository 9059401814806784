import { isAgents, VERB_ROLES } from '../../access/authority.ts'
import { type Caller, type Role, isAnonymous } from '../../access/caller.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Exchange, type Fault, type Handler, jsonReply, type Reply } from '../exchange.ts'

/** Roles that may see which policy set is in force. */
export const POLICY_READERS = ['operator', 'auditor', 'administrator'] as const satisfies readonly Role[]

/** The policy set in force. */
export const POLICY_ENDPOINTS = {
  readPolicies: {
    method: 'get',
    path: '/api/v1/policies',
    convention: 'native',
    lane: 'reading',
    summary: 'The policy set in force, and why the newest one is not, if it failed.',
    roles: POLICY_READERS,
    answer: { status: 200, schema: 'PolicySetAnswer' },
  },
  reloadPolicies: {
    method: 'post',
    path: '/api/v1/policies/reload',
    convention: 'native',
    summary: 'Load the policy set anew and swap it in; a broken one leaves the last good one in force.',
    roles: VERB_ROLES.reload_policies,
    rated: 'reports',
    answer: { status: 200, schema: 'PolicySetAnswer' },
    refusals: ['bad_policy'],
  },
} as const satisfies Record<string, Endpoint>

/** Handlers of the policy set. */
export function createPolicyHandlers(service: Service): Record<keyof typeof POLICY_ENDPOINTS, Handler> {
  return {
    readPolicies: (exchange) => readPolicies(service, exchange),
    reloadPolicies: async ({ caller }) => jsonReply(await service.reloadPolicies(caller)),
  }
}

/** Whether a caller may see which policy set is in force, and what is wrong with it. */
export function mayReadPolicies(caller: Caller): boolean {
  return !isAgents(caller) && caller.roles.some((role) => POLICY_READERS.some((reader) => reader === role))
}

/** The only verb whose roles the adapter checks: the view belongs to no tenant, so the service asks for no caller. */
function readPolicies(service: Service, { caller }: Exchange): Reply | Fault {
  if (mayReadPolicies(caller)) return jsonReply(service.policySet())
  const fix = `It needs one of the roles ${POLICY_READERS.join(', ')}.`
  if (isAnonymous(caller)) return { code: 'unauthenticated', message: 'Reading the policy set needs a credential.', fix }
  return { code: 'forbidden', message: `The credential ${caller.credential} may not read the policy set.`, fix }
}
