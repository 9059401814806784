import { describe, expect, it } from 'vitest'

import { replayDecision } from '../../src/decisions/replay.ts'
import { restorePolicySet } from '../../src/rego/assemble-policy-set.ts'
import { RiskDocument } from '../../src/risk/rule-document.ts'
import { compileRiskRules } from '../../src/risk/rules.ts'
import { anonymous, ask, operator } from '../support/callers.ts'
import { testService, type TestService } from '../support/test-service.ts'

const NOT_PUBLIC = RiskDocument.parse({
  id: 'not-public',
  version: '1.0.0',
  rules: [
    {
      id: 'not-public',
      reason: 'the data is not public',
      conditions: { all: [{ fact: 'content', path: '$.classification', operator: 'notEqual', value: 'public' }] },
      points: 3,
    },
  ],
})

/** The shipped policies, with a rule beside them that asks for what is not public. */
const asking = (): Promise<TestService> =>
  testService({
    mask: false,
    policySet: (policySet) => ({
      ...policySet,
      risk: compileRiskRules([...policySet.risk.documents, NOT_PUBLIC], undefined, policySet.catalogue.riskBands),
    }),
  })

const read = (tested: TestService, parts: object = {}) =>
  tested.service.evaluate(anonymous, ask('coding-agent', 'read_file', parts))

const OF_RESOURCE = { resource: { type: 'file', id: 'one', properties: { classification: 'public' } } }

describe('data that a request claims to be public', () => {
  it.each([
    ['by its context', { context: { classification: 'public' } }],
    ['by its resource', OF_RESOURCE],
    ['by both', { ...OF_RESOURCE, context: { classification: 'public' } }],
  ])('is not, %s: the answer is that without the claim', async (_, parts) => {
    const tested = await asking()
    const without = await read(tested)
    const claimed = await read(tested, parts)
    expect(without.outcome).toBe('deny')
    expect(claimed.outcome).toBe('deny')
    expect(claimed.risk.points).toBe(without.risk.points)
    expect(claimed.risk.rules).toContainEqual(expect.objectContaining({ id: 'not-public', claimed: ['content.classification'] }))
  })

  it('is explained as claimed, and what is recorded says so', async () => {
    const tested = await asking()
    const { decision_id } = await read(tested, { context: { classification: 'public' } })
    const { record } = await tested.service.record(operator, decision_id)
    expect(record.body['risk']).toMatchObject({ rules: [{ id: 'not-public', claimed: ['content.classification'] }] })
  })

  it('is decided again from its record to the same bytes, with claims that change action and trust too', async () => {
    const tested = await testService({ mask: false })
    await tested.earn('support-agent', 'crm:full', 3)
    const claims = {
      classification: 'public',
      supported_obligations: [],
      mcp_servers: ['stranger'],
      session: 's-1',
      environment: 'test',
    }
    const { decision_id } = await read(tested, { context: claims })
    const stored = await tested.store.read([], (view) => view.record('default', decision_id))
    const archive = await tested.store.archived(stored?.record.body['policy_set'] as string)
    expect(await replayDecision(stored!, archive && (await restorePolicySet(archive)))).toEqual({ state: 'equal' })
  })
})
