import { LISTENER_CREDENTIAL } from '../../src/access/actor-name.ts'
import { type Caller, CallerStanding } from '../../src/access/caller.ts'
import type { DecisionRequest } from '../../src/decisions/decision-request.ts'
import { Request } from '../../src/model/request.ts'

/** A caller with a credential of this name and standing. */
export function caller(credential: string | null, standing: object = {}): Caller {
  return { ...CallerStanding.parse(standing), credential }
}

/** A trusted gateway: fulfils every duty, proves humans of type `user`, and may assert the facts the example policies ask for. */
export const gateway = caller('gateway', {
  roles: ['enforcement_point'],
  human_subject_types: ['user'],
  supported_obligations: ['rollback_handle', 'redact_sensitive'],
  verified_facts: ['checks_passed', 'complexity', 'source_verified', 'ticket', 'purpose', 'jurisdiction'],
  trusted_composition: true,
})
/** Any local process, where the owner of the listener vouches for whatever reaches it: decides, with full accounting. */
export const anonymous: Caller = { ...caller(LISTENER_CREDENTIAL), listener: true }
/** Whoever reaches a listener that nobody vouches for. */
export const stranger = caller(null)
export const operator = caller('operator', { roles: ['operator'], person: 'olivia' })
export const auditor = caller('auditor', { roles: ['auditor'] })
export const administrator = caller('administrator', { roles: ['administrator'], person: 'ada' })
export const detectors = caller('detectors', { roles: ['signal_source'], layers: ['identity', 'behaviour', 'context'] })
export const verifier = caller('checks', { roles: ['verifier'], verifier: 'deterministic' })
export const reviewer = caller('reviews', { roles: ['verifier'], verifier: 'human', person: 'rita' })
export const endUser = caller('feedback', { roles: ['verifier'], verifier: 'end_user' })
export const judge = caller('judge', { roles: ['verifier'], verifier: 'llm_judge' })
export const selfReport = caller('self', { roles: ['verifier'], verifier: 'self' })

/** The same caller in another tenant. */
export function inTenant(who: Caller, tenant: string): Caller {
  return { ...who, tenant }
}

/** What a request is made of; everything not said is as harmless as it gets. */
export type RequestParts = {
  readonly subject?: { readonly type?: string; readonly id?: string; readonly properties?: object }
  readonly arguments?: unknown
  readonly resource?: { readonly type: string; readonly id: string; readonly properties?: object }
  readonly context?: object
}

/** Where each action of the examples happens. */
const RESOURCES: Readonly<Record<string, string>> = {
  merge_pr: 'pull_request',
  categorise_expense: 'expense',
  update_contact_phone: 'contact',
  update_crm_field: 'contact',
  refund: 'order',
  wire_transfer: 'account',
  send_email: 'email',
  tag_email: 'email',
  read_metrics: 'service',
  restart_service: 'service',
  scale_service: 'service',
  modify_permissions: 'role',
  update_watch_list: 'watch_list',
  read_hr_record: 'hr_record',
  read_personal_data: 'contact',
  read_transactions: 'account',
  run_tests: 'repository',
  query_database: 'database',
}

/** A request of an agent for an action, in the form the edge lets in. */
export function request(agent: string, action: string, parts: RequestParts = {}): Request {
  return Request.parse({
    subject: { type: 'agent', id: agent, ...parts.subject },
    action: { name: action, ...(parts.arguments === undefined ? {} : { properties: { arguments: parts.arguments } }) },
    resource: parts.resource ?? { type: RESOURCES[action] ?? 'file', id: 'one' },
    ...(parts.context === undefined ? {} : { context: parts.context }),
  })
}

/** The same as an ask over the native protocol. */
export function ask(agent: string, action: string, parts: RequestParts = {}): DecisionRequest {
  return { request: request(agent, action, parts), protocol: 'native' }
}
