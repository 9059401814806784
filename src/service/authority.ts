import type { Caller, Role } from '../model/caller.ts'
import { ServiceError } from '../model/error.ts'

/** The name under which a caller's records are written. */
export function actorOf(caller: Caller): string {
  return caller.person ?? caller.credential ?? 'anonymous'
}

/** Every verb and the roles that may use it. An agent's own credential may ask for decisions about itself and read, never write. */
export const VERB_ROLES = {
  decide: ['enforcement_point', 'agent', 'administrator'],
  upload_log: ['log_uploader', 'enforcement_point', 'administrator'],
  report_outcome: ['enforcement_point', 'verifier', 'operator', 'administrator'],
  report_signal: ['signal_source', 'operator', 'administrator'],
  raise_incident: ['operator', 'administrator'],
  review_incident: ['operator', 'administrator'],
  read_trust: ['enforcement_point', 'signal_source', 'verifier', 'operator', 'approver', 'auditor', 'administrator', 'agent'],
  promote: ['operator', 'administrator'],
  contain: ['operator', 'administrator'],
  read_approvals: ['approver', 'operator', 'auditor', 'administrator'],
  approve: ['approver'],
  withdraw_approval: ['enforcement_point', 'approver', 'administrator'],
  override: ['approver'],
  end_override: ['approver', 'operator', 'administrator'],
  change_modes: ['administrator'],
  read_proposals: ['verifier', 'operator', 'approver', 'auditor', 'administrator'],
  read_audit: ['auditor', 'administrator', 'operator'],
  diagnose_base: ['auditor'],
  reload_policies: ['administrator', 'operator'],
  erase: ['administrator'],
} as const satisfies Record<string, readonly Role[]>
export type Verb = keyof typeof VERB_ROLES

/** Verbs that need no credential where the listener's standing has the role. Everything else needs one. */
const ANONYMOUS_VERBS: readonly Verb[] = ['decide']

/** Refuses a caller whose role does not allow the verb, saying which roles would. */
export function authorize(caller: Caller, verb: Verb): void {
  if (caller.credential === null && !ANONYMOUS_VERBS.includes(verb))
    throw new ServiceError('unauthenticated', `"${verb}" needs a credential`, {
      fix: `send "Authorization: Bearer <token>" of a credential with one of the roles ${VERB_ROLES[verb].join(', ')}`,
    })
  const allowed: readonly Role[] = VERB_ROLES[verb]
  if (!caller.roles.some((role) => allowed.includes(role)))
    throw new ServiceError('forbidden', `the credential "${actorOf(caller)}" may not "${verb}"`, {
      fix: `it needs one of the roles ${allowed.join(', ')}`,
    })
}

/** Refuses what an agent would do to its own record or standing, whatever roles its credential has. */
export function refuseSelf(caller: Caller, agents: readonly string[]): void {
  if (caller.roles.includes('agent') || (caller.agent !== undefined && agents.includes(caller.agent)))
    throw new ServiceError('forbidden', 'an agent can write nothing about itself', {
      fix: 'let an operator, a verifier or a signal source report it',
    })
}
