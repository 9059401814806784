import { ServiceError } from '../format/error.ts'
import { ANONYMOUS_ACTOR, credentialActor, hasActor, nameOfActor, personActor } from './actor-name.ts'
import { type Caller, type Role, isAnonymous } from './caller.ts'

/** The name under which a caller's records are written: the person, or else the credential, each by kind. */
export function actorOf(caller: Caller): string {
  return caller.person === undefined ? requesterOf(caller) : personActor(caller.person)
}

/** A caller's name in messages, where its kind is clear from the text. */
export function shownName(caller: Caller): string {
  return nameOfActor(actorOf(caller))
}

/** Whether one of these names can be the caller's, as a person or as a credential. */
export function isOneOf(caller: Caller, names: readonly string[]): boolean {
  return hasActor(names, actorOf(caller)) || hasActor(names, requesterOf(caller))
}

/** Every verb and the roles that may use it. Of an agent's own credential see `AGENT_VERBS`. */
export const VERB_ROLES = {
  decide: ['enforcement_point', 'agent', 'administrator'],
  upload_log: ['log_uploader', 'enforcement_point', 'administrator'],
  report_outcome: ['enforcement_point', 'verifier', 'operator', 'administrator'],
  report_signal: ['signal_source', 'operator', 'administrator'],
  import_trust: ['administrator'],
  raise_incident: ['operator', 'administrator'],
  review_incident: ['operator', 'administrator'],
  read_trust: ['enforcement_point', 'signal_source', 'verifier', 'operator', 'approver', 'auditor', 'administrator', 'agent'],
  read_metrics: ['enforcement_point', 'signal_source', 'verifier', 'operator', 'approver', 'auditor', 'administrator'],
  explain: ['enforcement_point', 'operator', 'auditor', 'administrator', 'agent'],
  promote: ['operator', 'administrator'],
  demote: ['operator', 'administrator'],
  contain: ['operator', 'administrator'],
  revoke: ['operator', 'administrator'],
  resolve_hold: ['operator', 'administrator'],
  seed_canary: ['administrator'],
  read_raters: ['operator', 'auditor', 'administrator'],
  read_steering: ['operator', 'approver', 'auditor', 'administrator'],
  read_approvals: ['approver', 'operator', 'auditor', 'administrator'],
  approve: ['approver'],
  withdraw_approval: ['enforcement_point', 'approver', 'administrator'],
  resume: ['approver', 'operator', 'administrator'],
  read_reservations: ['enforcement_point', 'operator', 'approver', 'auditor', 'administrator'],
  override: ['approver'],
  end_override: ['approver', 'operator', 'administrator'],
  change_modes: ['administrator'],
  read_proposals: ['verifier', 'operator', 'approver', 'auditor', 'administrator'],
  read_audit: ['auditor', 'administrator', 'operator'],
  review_log: ['auditor', 'administrator'],
  hold_records: ['administrator'],
  review_decision: ['operator', 'approver', 'auditor', 'administrator'],
  ask_permission: ['enforcement_point', 'agent', 'administrator'],
  read_permission_requests: ['operator', 'approver', 'auditor', 'administrator'],
  close_permission_request: ['operator', 'administrator'],
  diagnose_base: ['auditor'],
  reload_policies: ['administrator', 'operator'],
  erase: ['administrator'],
} as const satisfies Record<string, readonly Role[]>
export type Verb = keyof typeof VERB_ROLES

/** Verbs that need no credential where the listener's standing has the role. Everything else needs one. */
const ANONYMOUS_VERBS: readonly Verb[] = ['decide']

/** All that an agent's own credential may ever do, whatever other roles it has: ask for decisions and permissions for itself, read its own trust, and have its decisions explained. */
const AGENT_VERBS: readonly Verb[] = ['decide', 'read_trust', 'ask_permission', 'explain']

/** Whether a credential belongs to an agent. */
export function isAgents({ agent, roles }: Pick<Caller, 'agent' | 'roles'>): boolean {
  return agent !== undefined || roles.includes('agent')
}

/** Refuses a caller whose role does not allow the verb, saying which roles would, and an agent's credential everything but `AGENT_VERBS`. */
export function authorize(caller: Caller, verb: Verb): void {
  if (isAnonymous(caller) && !ANONYMOUS_VERBS.includes(verb))
    throw new ServiceError('unauthenticated', `"${verb}" needs a credential`, {
      fix: `send "Authorization: Bearer <token>" of a credential with one of the roles ${VERB_ROLES[verb].join(', ')}`,
    })
  if (isAgents(caller) && !AGENT_VERBS.includes(verb))
    throw new ServiceError('forbidden', `the credential "${shownName(caller)}" belongs to an agent, and no agent may "${verb}"`, {
      fix: `use a credential that belongs to no agent, with one of the roles ${VERB_ROLES[verb].join(', ')}`,
    })
  if (!hasRoleFor(caller, verb))
    throw new ServiceError('forbidden', `the credential "${shownName(caller)}" may not "${verb}"`, {
      fix: `it needs one of the roles ${VERB_ROLES[verb].join(', ')}`,
    })
}

/** Whether one of a caller's roles may use a verb; of an agent's credential `authorize` asks more. */
export function hasRoleFor({ roles }: Pick<Caller, 'roles'>, verb: Verb): boolean {
  const allowed: readonly Role[] = VERB_ROLES[verb]
  return roles.some((role) => allowed.includes(role))
}

/** The person behind a credential, by kind. Throws `forbidden` where it belongs to none. */
export function namedPerson(caller: Caller): string {
  if (caller.person === undefined)
    throw new ServiceError('forbidden', `the credential "${shownName(caller)}" belongs to no named person`, {
      fix: 'give the credential a "person" in the configuration',
    })
  return personActor(caller.person)
}

/** The credential that asks, by kind. Several may belong to one person, and an approval is good for one of them. */
export function requesterOf({ credential }: Pick<Caller, 'credential'>): string {
  return credential === null ? ANONYMOUS_ACTOR : credentialActor(credential)
}
