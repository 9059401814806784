import type { Caller } from '../../src/access/caller.ts'
import type { DecisionRequest } from '../../src/decisions/decision-request.ts'
import type { PolicyEvaluation } from '../../src/model/evaluation.ts'
import { anonymous, ask, gateway, operator } from '../support/callers.ts'
import { earned, type TestService, type TestServiceOptions } from '../support/test-service.ts'

/** One golden case: what was there before, who asks, and what. */
export type Case = {
  readonly who?: Caller
  readonly ask: DecisionRequest
  readonly given?: (tested: TestService) => Promise<unknown>
  readonly options?: TestServiceOptions
}

const books = 'bookkeeping:light'
const at = (level: number, agents: string | readonly string[] = 'finance-agent', scope = books) => ({ earn }: TestService) =>
  earn(agents, scope, level)
const categorise = ask('finance-agent', 'categorise_expense', { arguments: { expense: 'E-1', category: 'travel' } })
const merge = (facts: object) =>
  ask('coding-agent', 'merge_pr', { arguments: { pull_request: 7 }, resource: { type: 'pull_request', id: 'acme/web/7' }, context: { facts } })
const answering = (evaluation: PolicyEvaluation): TestServiceOptions => ({
  policySet: (policySet) => ({ ...policySet, base: { ...policySet.base, evaluate: () => (evaluation) } }),
})
const asCarol = (action: string, parts: Parameters<typeof ask>[2] = {}) => ask('carol', action, { ...parts, subject: { type: 'user', id: 'carol' } })
const incident = (of: 'injection_suspected' | 'kill_switch') => ({ service }: TestService) =>
  service.raiseIncident(operator, { agent: 'finance-agent', class: of })
const both =
  (...steps: readonly ((tested: TestService) => Promise<unknown>)[]) =>
  async (tested: TestService): Promise<void> => {
    for (const step of steps) await step(tested)
  }

/** Takes every slot there is. */
async function untilRefused({ service }: TestService): Promise<void> {
  for (let decided = true; decided; ) ({ decision: decided } = await service.evaluate(gateway, categorise))
}

/** The cases, by what each shows. */
export const CASES: Readonly<Record<string, Case>> = {
  'an autonomous agent is allowed': { ask: categorise, given: at(4) },
  'a conditional agent is allowed and verified': { ask: categorise, given: at(3) },
  'an agent at L2 needs approval': { ask: categorise, given: at(2) },
  'an agent at L1 may suggest': { ask: categorise, given: at(1) },
  'a new agent is denied and its proposal recorded': { ask: categorise },
  'a new agent may read what is not sensitive': { ask: ask('operations-agent', 'read_metrics') },
  'a new agent may not read sensitive data': { ask: ask('finance-agent', 'read_transactions', { context: { purpose: 'close' } }) },
  'the base denies without a role': { ask: ask('research-agent', 'refund', { arguments: { amount: 5 } }) },
  'the base denies by an explicit forbid': {
    ask: ask('support-agent', 'read_hr_record', { resource: { type: 'hr_record', id: 'salary/9' } }),
    given: at(4, 'support-agent', 'human_resources:light'),
  },
  'the base traps and denies': { ask: categorise, given: at(4), options: answering({ kind: 'failed', cause: 'trap', message: 'unreachable executed' }) },
  'the base is undefined and denies': { ask: categorise, given: at(4), options: answering({ kind: 'undefined' }) },
  'the base answers no boolean and denies': { ask: categorise, given: at(4), options: answering({ kind: 'value', value: 'true' }) },
  'the graduation is undefined and terms are missing': {
    ask: categorise,
    given: at(4),
    options: {
      policySet: (policySet) => ({ ...policySet, graduation: { ...policySet.graduation, evaluate: () => ({ kind: 'undefined' }) } }),
    },
  },
  'a human gets the base decision': { ask: asCarol('categorise_expense') },
  'a human is held to guardrails': { ask: asCarol('refund', { arguments: { amount: 900 }, resource: { type: 'order', id: 'o-1' } }) },
  'a human whom nobody vouches for is an agent': { who: anonymous, ask: asCarol('categorise_expense') },
  'a human acting through an agent is graduated': {
    ask: ask('carol', 'categorise_expense', { subject: { type: 'user', id: 'carol', properties: { act: { sub: 'finance-agent' } } } }),
    given: at(3),
  },
  'the weakest link of the chain decides': {
    ask: ask('finance-agent', 'categorise_expense', { context: { chain: [{ type: 'agent', id: 'research-agent' }] } }),
    given: both(at(4), ({ clock, write }) => write(earned('research-agent', books, 12, clock.nowMs()))),
  },
  'an unknown link is at level 0': {
    ask: ask('finance-agent', 'categorise_expense', { context: { on_behalf_of: { type: 'agent', id: 'stranger' } } }),
    given: at(4),
  },
  'a circle in the chain denies': {
    ask: ask('finance-agent', 'categorise_expense', { context: { on_behalf_of: { type: 'agent', id: 'finance-agent' } } }),
    given: at(4),
  },
  'an unreadable actor denies': {
    ask: ask('finance-agent', 'categorise_expense', { subject: { properties: { act: 'finance-agent' } } }),
    given: at(4),
  },
  'an unknown action is of the worst class': { ask: ask('coding-agent', 'launch_rocket', { arguments: { target: 'moon' } }), options: answering({ kind: 'value', value: true }) },
  'an agent nobody knows has no trust': { ask: ask('stranger', 'search_web'), given: at(4, 'stranger', 'research:light'), options: answering({ kind: 'value', value: true }) },
  'permission escalation is denied to full trust': {
    ask: ask('operations-agent', 'modify_permissions', { resource: { type: 'role', id: 'admin' } }),
    given: at(4, 'operations-agent', 'system:full'),
  },
  'money needs approval whatever the trust': {
    ask: ask('finance-agent', 'refund', { arguments: { amount: 40 }, resource: { type: 'order', id: 'o-1' } }),
    given: at(4, 'finance-agent', 'payments:full'),
  },
  'an amount that is a text is the highest risk': {
    ask: ask('finance-agent', 'refund', { arguments: { amount: '1,000,000' }, resource: { type: 'order', id: 'o-1' } }),
    given: at(4, 'finance-agent', 'payments:full'),
  },
  'a precondition that holds lets the merge run': { ask: merge({ checks_passed: true, complexity: 2 }), given: at(4, 'coding-agent', 'source_control:full') },
  'a precondition nobody vouches for needs approval': {
    who: anonymous,
    ask: merge({ checks_passed: true, complexity: 2 }),
    given: at(4, 'coding-agent', 'source_control:full'),
  },
  'production guards a write': {
    ask: ask('support-agent', 'update_ticket', { context: { environment: 'production' }, resource: { type: 'ticket', id: 'ticket-7' } }),
    given: at(4, 'support-agent', 'tickets:light'),
  },
  'classified data asks for more trust': {
    ask: ask('finance-agent', 'categorise_expense', { resource: { type: 'expense', id: 'E-1', properties: { classification: 'internal' } } }),
    given: at(1),
  },
  'an open incident caps the agent': { ask: categorise, given: both(at(4), incident('injection_suspected')) },
  'an open incident closes sensitive data': {
    ask: ask('finance-agent', 'read_transactions', { context: { purpose: 'close' } }),
    given: both(at(4), incident('injection_suspected')),
  },
  'a kill switch denies everything': { ask: categorise, given: both(at(4), incident('kill_switch')) },
  'a containment of the action denies': {
    ask: categorise,
    given: both(at(4), ({ service }) =>
      service.contain(operator, { target: { kind: 'action', action: 'categorise_expense' }, reason: 'double booking' }),
    ),
  },
  'a containment of the tenant denies a human': {
    ask: asCarol('categorise_expense'),
    given: ({ service }) => service.contain(operator, { target: { kind: 'tenant' }, reason: 'fire drill' }),
  },
  'a budget that is used up needs approval': {
    ask: categorise,
    given: both(at(3), untilRefused),
  },
  'a budget that is used up denies where configured': {
    ask: categorise,
    given: both(at(3), untilRefused),
    options: { config: { guardrails: { excess: 'deny' } } },
  },
  'a secret in the arguments is masked': {
    ask: ask('finance-agent', 'categorise_expense', { arguments: { expense: 'E-1', api_key: 'sk-12345' }, context: { purpose: 'close', session: 's-1' } }),
    given: at(3),
  },
  'a mask that fails masks everything sensitive': {
    ask: ask('finance-agent', 'categorise_expense', { arguments: { expense: 'E-1' }, context: { purpose: 'close' } }),
    given: at(3),
    options: { policySet: (policySet) => ({ ...policySet, mask: { ...policySet.base, evaluate: () => ({ kind: 'value', value: 7 }) } }) },
  },
  'a foreign input is recorded as it came': {
    ask: { ...categorise, baseInput: { method: 'POST', path: ['expenses', 'E-1'] }, protocol: 'opa', requestId: 'r-1' },
    given: at(3),
  },
  'a duty that the caller cannot fulfil denies': {
    ask: ask('finance-agent', 'categorise_expense', { context: { supported_obligations: ['rollback_handle'] } }),
    given: at(4),
    options: answering({
      kind: 'value',
      value: { outcome: 'allow', reason: 'redacted only', obligations: [{ id: 'redact_sensitive', performer: 'pep' }] },
    }),
  },
  'a changed model lowers this decision': {
    who: { ...gateway, credential: 'plain', trusted_composition: false },
    ask: ask('finance-agent', 'categorise_expense', { subject: { properties: { composition: { model: 'm2' } } } }),
    given: both(at(4), ({ write }) => write([{ kind: 'composition', agent: 'finance-agent', composition: { model: 'm1' } }])),
  },
  'an observed agent gets the base, and the record what would have been answered': {
    ask: categorise,
    given: at(2),
    options: { config: { modes: [{ mode: 'observe', agent: 'finance-agent' }] } },
  },
  'one term is observed and the others hold': {
    ask: merge({ checks_passed: true, complexity: 2 }),
    options: { config: { modes: [{ mode: 'observe', term: 'trust' }] } },
  },
}
