import fc from 'fast-check'

import { OUTCOMES } from '../../src/model/outcome.ts'
import type { Request } from '../../src/model/request.ts'
import { request, type RequestParts } from './callers.ts'

/** The agents of the example organisation, one nobody knows, and what each of them may do by its role. */
const DOINGS = [
  ['finance-agent', 'categorise_expense', {}],
  ['finance-agent', 'refund', { arguments: { amount: 40 } }],
  ['finance-agent', 'refund', { arguments: { amount: '40' } }],
  ['finance-agent', 'wire_transfer', { arguments: { amount: 9_000 }, context: { facts: { jurisdiction: 'DE' } } }],
  ['finance-agent', 'read_transactions', { context: { facts: { purpose: 'close' } } }],
  ['coding-agent', 'merge_pr', {}],
  ['coding-agent', 'run_tests', {}],
  ['coding-agent', 'delete_file', { resource: { type: 'file', id: 'workspace/notes' } }],
  ['support-agent', 'update_crm_field', { arguments: { field: 'city', value: 'Graz' } }],
  ['support-agent', 'update_contact_phone', {}],
  ['support-agent', 'send_email', { arguments: { to: 'ann@example.com' } }],
  ['support-agent', 'read_personal_data', { context: { facts: { ticket: 'ticket-7', purpose: 'ticket' } } }],
  ['research-agent', 'update_watch_list', {}],
  ['research-agent', 'search_web', {}],
  ['operations-agent', 'scale_service', { context: { environment: 'production' } }],
  ['operations-agent', 'read_metrics', {}],
  ['operations-agent', 'modify_permissions', {}],
  ['operations-agent', 'launch_rocket', {}],
  ['stranger', 'read_metrics', {}],
] as const satisfies readonly (readonly [string, string, RequestParts])[]

/** What an agent asks for: who, what, and with which parts. */
export type Doing = { readonly agent: string; readonly action: string; readonly parts: RequestParts }

/** Everything the agents of the examples ask for. */
export const EVERY_DOING: readonly Doing[] = DOINGS.map(([agent, action, parts]) => ({ agent, action, parts }))

/** The request of a doing, with claims of the body laid over it. */
export function requestOf({ agent, action, parts }: Doing, claims: Claims = {}): Request {
  const context = { ...parts.context, ...claims.context }
  return request(agent, action, {
    ...parts,
    subject: {
      ...(claims.type === undefined ? {} : { type: claims.type }),
      ...(claims.properties === undefined ? {} : { properties: claims.properties }),
    },
    ...(Object.keys(context).length === 0 ? {} : { context }),
  })
}

/** Something an agent asks for. */
export const doing = fc.constantFrom(...EVERY_DOING)

/** What a body may claim beside what it asks for. */
export type Claims = { readonly type?: string; readonly properties?: object; readonly context?: object }

const party = fc.record({
  type: fc.constantFrom('agent', 'user', 'bot'),
  id: fc.constantFrom('finance-agent', 'coding-agent', 'support-agent', 'research-agent', 'grace', 'nobody'),
})
const word = fc.constantFrom('allow', 'administrator', 'autonomous', 'L4', 'observe', 'enforce', 'human', '')
const json = fc.jsonValue({ maxDepth: 2 })
const act: fc.Arbitrary<unknown> = fc.oneof(
  json,
  fc.record({ sub: party.map(({ id }) => id) }),
  fc.record({ id: fc.constant('coding-agent'), type: word }),
)
const fact = fc.dictionary(
  fc.constantFrom(
    ...['checks_passed', 'complexity', 'source_verified', 'human', 'approved'],
    ...['environment', 'purpose', 'ticket', 'jurisdiction'],
  ),
  fc.oneof(fc.boolean(), fc.nat(9), word, fc.constantFrom('staging', 'payroll_review', 'ticket-7', 'DE')),
)

/** Claims of every kind, well formed for the edge, true or not. */
export const claims: fc.Arbitrary<Claims> = fc.record(
  {
    type: fc.constantFrom('agent', 'bot', 'person', 'administrator'),
    properties: fc.record(
      {
        act,
        roles: fc.oneof(json, fc.array(word)),
        level: fc.oneof(fc.nat(9), word),
        trust: fc.oneof(
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          fc.record({ score: fc.constant(1), level_effective: fc.constant(4) }),
        ),
        human: fc.boolean(),
        composition: fc.record({ model: word, prompt: word, tool_catalogue: word }, { requiredKeys: [] }).map(withoutEmpty),
      },
      { requiredKeys: [] },
    ),
    context: fc.record(
      {
        environment: fc.constantFrom('development', 'test', 'staging', 'production', 'nowhere', ''),
        purpose: fc.constantFrom('payroll_review', 'close', ''),
        jurisdiction: fc.constantFrom('DE', 'US', 'ZZ'),
        ticket: fc.constantFrom('ticket-7', 7, null),
        content_classes: fc.array(fc.constantFrom('pricing', 'personal_data')),
        classification: fc.constantFrom('public', 'internal', 'restricted', 7),
        chain: fc.array(party, { maxLength: 7 }),
        on_behalf_of: party,
        supported_obligations: fc.array(fc.constantFrom('rollback_handle', 'redact_sensitive', 'anything')),
        roles: fc.array(word),
        obligations: json,
        level: json,
        trust: json,
        mode: word,
        human: fc.boolean(),
        risk: fc.constant({ points: 0, band: 'read' }),
        approval: fc.string({ minLength: 1, maxLength: 64 }),
        action_class: fc.constant({ known: true, category: 'read_only', disposition: 'auto_approve' }),
        overrides: fc.constant({ categories: { permission_escalation: 'allow' } }),
        tenant: fc.constantFrom('globex', 'default'),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
)

function withoutEmpty(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== ''))
}

/** Claimed facts, apart, because a caller may vouch for them. */
export const claimedFacts = fact

const hostileTerm = fc.record(
  {
    source: fc.constantFrom(
      'trust',
      'risk',
      'category',
      'context',
      'guardrails',
      'pact',
      'base',
      'chain',
      'containment',
      'hard',
      'none',
    ),
    outcome: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...OUTCOMES) }, { weight: 1, arbitrary: json }),
    reason: fc.oneof({ weight: 5, arbitrary: fc.constant('hostile') }, { weight: 1, arbitrary: json }),
    obligations: fc.oneof(fc.constant([]), fc.constant([{ id: 'x', performer: 'pdp' }]), json),
    guardrails: fc.oneof(
      fc.constant({}),
      fc.dictionary(fc.constantFrom('amount_max', 'outstanding_unverified_max', '__proto__'), fc.double()),
      json,
    ),
    extra: json,
  },
  { requiredKeys: ['source', 'outcome', 'reason'] },
)
const allowed = (source: string) => ({ source, outcome: 'allow', reason: 'hostile', obligations: [], guardrails: {} })

/** What a hostile or broken graduation bundle may answer; often everything a decision needs for `allow`. */
export const hostileGraduation: fc.Arbitrary<unknown> = fc.oneof(
  fc.constant([allowed('trust'), allowed('risk'), allowed('category')]),
  fc.array(hostileTerm, { maxLength: 4 }).map((more) => [allowed('trust'), allowed('risk'), allowed('category'), ...more]),
  fc.array(hostileTerm, { maxLength: 8 }),
  fc.constantFrom<unknown>([], {}, null, true, 'allow', 1, [[]], [null]),
  json,
)

/** What a hostile or broken base may answer. */
export const hostileBase: fc.Arbitrary<unknown> = fc.oneof(
  fc.boolean(),
  fc.record({ outcome: fc.constantFrom(...OUTCOMES), reason: fc.string() }),
  fc.record({ allow: fc.oneof(fc.boolean(), json), allowed: fc.oneof(fc.boolean(), json) }, { requiredKeys: [] }),
  fc.record({ outcome: fc.constantFrom(...OUTCOMES), reason: fc.constant('x'), obligations: json, guardrails: json }),
  json,
)
