import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { DecisionRequest } from '../../src/decisions/decision-request.ts'
import { OUTCOME_RANK } from '../../src/lattice/outcome-order.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import { standingFor } from '../../src/reports/explain/level-remedies.ts'
import { remedyFor } from '../../src/reports/explain/remedies.ts'
import type { Explained } from '../../src/reports/explain/explained.ts'
import { explainedOf } from '../../src/reports/explain/explained.ts'
import { ask, auditor, caller, gateway, operator } from '../support/callers.ts'
import { shippedPolicySet, testService, type TestService } from '../support/test-service.ts'

/** Every permission, so that what is looked at is the rest. */
const permissive = (set: PolicySet): PolicySet => ({
  ...set,
  base: { ...set.base, evaluate: () => ({ kind: 'value', value: true }) },
})

/** Lets the agents stand where each remedy says, as it says, and nothing else; false: some remedy is not about standing. */
async function applied(tested: TestService, decisionId: string): Promise<boolean> {
  const { answer } = await tested.service.explain(auditor, decisionId)
  const stands = answer.remedies.flatMap(({ stand }) => (stand === undefined ? [] : [stand]))
  for (const { agent, scope, level, score } of stands) {
    await tested.earn(agent, scope, level)
    const { scopes } = await tested.service.agentTrust(auditor, agent)
    expect(scopes.find((each) => each.scope === scope)?.score).toBeGreaterThanOrEqual(score)
  }
  return stands.length > 0 && stands.length === answer.remedies.length
}

const REQUESTS: readonly (readonly [string, string, DecisionRequest])[] = [
  ['finance-agent', 'bookkeeping:light', ask('finance-agent', 'categorise_expense')],
  ['finance-agent', 'bookkeeping:light', ask('finance-agent', 'read_transactions')],
  ['support-agent', 'crm:light', ask('support-agent', 'update_contact_phone')],
  ['support-agent', 'email:light', ask('support-agent', 'tag_email')],
  ['finance-agent', 'database:light', ask('finance-agent', 'query_database')],
  ['research-agent', 'research:light', ask('research-agent', 'update_watch_list')],
  ['operations-agent', 'monitoring:light', ask('operations-agent', 'read_metrics')],
  ['coding-agent', 'source_control:light', ask('coding-agent', 'open_pr')],
  [
    'coding-agent',
    'source_control:light',
    ask('coding-agent', 'run_tests', { context: { chain: [{ type: 'agent', id: 'support-agent' }] } }),
  ],
]

describe('what an explanation says would lift a decision', () => {
  it('does, wherever the agent stands: each says it, it is done exactly so, and the decision is higher', async () => {
    let lifted = 0
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...REQUESTS), fc.nat(4), async ([agent, scope, request], level) => {
        const tested = await testService({ policySet: permissive })
        if (level > 0) await tested.earn(agent, scope, level)
        const before = await tested.service.evaluate(gateway, request)
        if (!(await applied(tested, before.decision_id))) return
        const after = await tested.service.evaluate(gateway, request)
        lifted += 1
        expect([after.outcome, OUTCOME_RANK[after.outcome] > OUTCOME_RANK[before.outcome]]).toEqual([after.outcome, true])
      }),
      { numRuns: 40, examples: REQUESTS.map((each) => [each, 0] as [typeof each, number]) },
    )
    expect(lifted).toBeGreaterThan(REQUESTS.length)
  })

  it('an incident, once it is reviewed as it says, and a containment, once it is lifted as it says', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', 'bookkeeping:light', 4)
    const request = ask('finance-agent', 'categorise_expense')
    const { id: containment } = await tested.service.contain(operator, {
      target: { kind: 'agent', agent: 'finance-agent' },
      reason: 'looked at',
    })
    const held = await tested.service.evaluate(gateway, request)
    expect((await tested.service.explain(auditor, held.decision_id)).text).toContain('Let an operator lift the containment.')
    await tested.service.lift(operator, containment)
    expect(OUTCOME_RANK[(await tested.service.evaluate(gateway, request)).outcome]).toBeGreaterThan(OUTCOME_RANK[held.outcome])
    const raised = await tested.service.raiseIncident(operator, { agent: 'finance-agent', class: 'kill_switch' })
    const off = await tested.service.evaluate(gateway, request)
    const { answer } = await tested.service.explain(auditor, off.decision_id)
    expect(answer.remedies.map(({ remedy }) => remedy).join(' ')).toContain('review')
    await tested.service.reviewIncident(operator, raised.incident_id, { agent: 'finance-agent', false_positive: true })
    expect(OUTCOME_RANK[(await tested.service.evaluate(gateway, request)).outcome]).toBeGreaterThan(OUTCOME_RANK[off.outcome])
  })
})

describe('what cannot be earned', () => {
  const told = async (request: DecisionRequest, who = gateway) => {
    const tested = await testService({ policySet: permissive })
    const { decision_id } = await tested.service.evaluate(who, request)
    const { answer } = await tested.service.explain(auditor, decision_id)
    return answer.remedies.find(({ source }) => source === 'trust')
  }

  it.each<readonly [string, DecisionRequest, string]>([
    ['by an agent that the catalogue does not have', ask('stranger', 'categorise_expense'), 'Describe the agent "stranger"'],
    [
      'by an agent that only the body names',
      {
        ...ask('finance-agent', 'categorise_expense', {
          subject: { type: 'user', id: 'ann' },
          context: { on_behalf_of: { type: 'agent', id: 'finance-agent' } },
        }),
      },
      '',
    ],
  ])('%s is not told as something to earn', async (_name, request, says) => {
    const remedy = await told(request)
    expect(remedy?.stand).toBeUndefined()
    expect(remedy?.remedy ?? '').toContain(says)
  })

  it('by reads where a scope does more: it names the tools that earn it', async () => {
    const remedy = await told(ask('finance-agent', 'read_transactions'))
    expect(remedy?.remedy).toContain('reads alone do not lift it, verified work with categorise_expense, generate_report does')
    expect((await told(ask('finance-agent', 'query_database')))?.remedy).not.toContain('reads alone')
  })
})

describe('every ceiling below the score that is needed', () => {
  /** A recorded decision on L0, to be explained with its trust changed. */
  async function onL0(): Promise<Explained> {
    const tested = await testService({ policySet: permissive })
    await tested.service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
    const [stored] = await tested.store.query({ kinds: ['decision'], newestFirst: true, limit: 1 })
    return explainedOf(stored!, await shippedPolicySet())
  }
  const remedyOf = (explained: Explained) =>
    remedyFor(
      explained.decision.ceilings.find(({ source }) => source === 'trust')!,
      explained,
    ).remedy

  it.each([
    ['posture:certificate_expired', 'renew or attest'],
    ['hold:disagreement', 'gradus trust resolve'],
    ['coverage', 'have to be verified'],
    ['owner:carol', 'it ends by itself'],
    ['session:unvouched', 'let an enforcement point name the session'],
    ['session:output_of:x', 'without that output'],
    ['session:high', 'seven days'],
    ['mcp:web', 'audit the server'],
    ['moved_from:crm:light', '57 verified units'],
    ['reads', 'verified work that does more than read'],
    ['detector:injection_arguments', 'without the injection'],
    ['something', 'end what it names'],
  ])('%s is named with what ends it', async (source, says) => {
    const explained = await onL0()
    const trust = { ...explained.facts.trust!, ceilings: [{ source, value: 0.1 }] }
    expect(remedyOf({ ...explained, facts: { ...explained.facts, trust } })).toContain(`${source} holds it there: `)
    expect(remedyOf({ ...explained, facts: { ...explained.facts, trust } })).toContain(says)
  })

  it('heat, incidents and unwatched layers are, and what holds nothing is not', async () => {
    const explained = await onL0()
    const trust = { ...explained.facts.trust!, agent_heat_ceiling: 0.1, instrumentation_ceiling: 0.1 }
    const all = (incident: object) =>
      remedyOf({ ...explained, facts: { ...explained.facts, trust: { ...trust, incident: { ...trust.incident, ...incident } } } })
    expect(all({ cap: 0.1, open: ['i1'] })).toMatch(/recent failures .* a person reviews i1 first.* layers that nobody watches/u)
    expect(all({ cap: 0.1, open: [] })).toContain('verified work since lifts its cap')
    expect(all({ cap: 1 })).not.toContain('incident')
  })

  it('an action outside the catalogue, and an agent that is only claimed, earn nothing', async () => {
    const explained = await onL0()
    const { facts } = explained
    const unknown = { ...explained, facts: { ...facts, action: { ...facts.action, known: false } } }
    const claimed = { ...explained, facts: { ...facts, parties: { ...facts.parties, agent_claimed: true } } }
    const term = explained.decision.ceilings.find(({ source }) => source === 'trust')!
    expect(remedyOf(unknown)).toContain('never earns trust')
    expect(remedyOf(claimed)).toContain('only the body names')
    expect([standingFor(term, unknown), standingFor(term, claimed)]).toEqual([undefined, undefined])
    expect(standingFor(term, explained)).toMatchObject({ agent: 'finance-agent', level: 1, score: 0.3 })
  })

  it('who asks through another reads it of themselves too', async () => {
    const own = caller('own', { roles: ['agent'], agent: 'finance-agent' })
    const tested = await testService()
    const { decision_id } = await tested.service.evaluate(own, ask('finance-agent', 'categorise_expense'))
    const { answer } = await tested.service.explain(own, decision_id)
    expect(answer.remedies.find(({ source }) => source === 'trust')?.stand).toMatchObject({ agent: 'finance-agent' })
  })
})
