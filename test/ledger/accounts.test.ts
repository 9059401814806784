import { describe, expect, it } from 'vitest'

import type { Caller } from '../../src/access/caller.ts'
import { anonymous, ask, gateway, operator, type RequestParts, verifier } from '../support/callers.ts'
import { testService, type TestService } from '../support/test-service.ts'

const scope = 'bookkeeping:light'
const VICTIM = 'research-agent'
/** An enforcement point that vouches for the chains it passes on. */
const chained: Caller = { ...gateway, credential: 'chained', trusted_chain: true }
const CLAIMS: readonly (readonly [string, RequestParts])[] = [
  ['context.chain', { context: { chain: [{ type: 'agent', id: VICTIM }] } }],
  ['on_behalf_of', { context: { on_behalf_of: { type: 'agent', id: VICTIM } } }],
  ['act', { subject: { properties: { act: { sub: VICTIM } } } }],
]
const categorise = (parts: RequestParts = {}) => ask('finance-agent', 'categorise_expense', parts)

async function bothTrusted(): Promise<TestService> {
  const tested = await testService()
  await tested.earn(['finance-agent', VICTIM], scope, 4)
  return tested
}
const activity = (tested: TestService, id: string) =>
  tested.store.read([], (view) => view.document({ kind: 'activity', tenant: 'default', id }))
const trust = (tested: TestService, id: string) => tested.service.agentTrust(operator, id)

describe('a link that only the body claims', () => {
  it.each(CLAIMS)('by %s is charged nothing', async (_how, parts) => {
    const tested = await bothTrusted()
    expect((await tested.service.evaluate(gateway, categorise(parts))).decision).toBe(true)
    expect(await activity(tested, VICTIM)).toBeUndefined()
    expect((await activity(tested, 'finance-agent'))?.outstanding).toHaveLength(1)
  })

  it.each(CLAIMS)('by %s bears nothing of a failure', async (_how, parts) => {
    const tested = await bothTrusted()
    const before = await trust(tested, VICTIM)
    const { decision_id } = await tested.service.evaluate(gateway, categorise(parts))
    await tested.service.reportOutcome(verifier, { decision_id, class: 'rolled_back' })
    expect((await trust(tested, VICTIM)).scopes).toEqual(before.scopes)
    expect((await trust(tested, 'finance-agent')).scopes[0]?.score).toBeLessThan(before.scopes[0]!.score)
  })

  it.each(CLAIMS)('by %s is charged and bears its part where the enforcement point vouches for chains', async (_how, parts) => {
    const tested = await bothTrusted()
    const before = await trust(tested, VICTIM)
    const { decision_id } = await tested.service.evaluate(chained, categorise(parts))
    expect((await activity(tested, VICTIM))?.outstanding).toHaveLength(1)
    await tested.service.reportOutcome(verifier, { decision_id, class: 'rolled_back' })
    expect((await activity(tested, VICTIM))?.outstanding).toEqual([])
    expect((await trust(tested, VICTIM)).scopes[0]?.score).toBeLessThan(before.scopes[0]!.score)
  })

  it.each(CLAIMS)('by %s still lowers the decision to what it may do itself', async (_how, parts) => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 4)
    expect((await tested.service.evaluate(gateway, categorise())).outcome).toBe('allow')
    expect((await tested.service.evaluate(gateway, categorise(parts))).outcome).toBe('deny')
  })

  it('cannot judge the decision it is named in', async () => {
    const tested = await bothTrusted()
    const { decision_id } = await tested.service.evaluate(gateway, categorise(CLAIMS[0]![1]))
    const judge: Caller = { ...verifier, credential: 'friend', agent: VICTIM }
    await expect(tested.service.reportOutcome(judge, { decision_id, class: 'validated' })).rejects.toMatchObject({
      code: 'forbidden',
    })
  })
})

describe('an agent behind a person', () => {
  const carol = { subject: { type: 'user', id: 'carol', properties: { act: { sub: 'finance-agent' } } } }

  it('whom only the body names is charged nothing, judged by nothing; the person is charged', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 4)
    const answer = await tested.service.evaluate(gateway, categorise(carol))
    expect(answer.decision).toBe(true)
    expect(await activity(tested, 'finance-agent')).toBeUndefined()
    expect((await activity(tested, 'user:carol'))?.outstanding).toHaveLength(1)
    await expect(
      tested.service.reportOutcome(verifier, { decision_id: answer.decision_id, class: 'rolled_back' }),
    ).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('only claimed') as string })
  })

  it('whom the enforcement point vouches for is charged and judged', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 4)
    const answer = await tested.service.evaluate(chained, categorise(carol))
    expect(answer.decision).toBe(true)
    expect((await activity(tested, 'finance-agent'))?.outstanding).toHaveLength(1)
    expect(await activity(tested, 'user:carol')).toBeUndefined()
    const told = await tested.service.reportOutcome(verifier, { decision_id: answer.decision_id, class: 'rolled_back' })
    expect(told.counted).toBe(true)
  })
})

describe('names that nobody knows', () => {
  it('of agents share one account, so that inventing them fills nothing', async () => {
    const tested = await testService()
    for (let at = 0; at < 40; at += 1)
      await tested.service.evaluate(
        gateway,
        ask(`invented-${String(at)}`, 'read_metrics', { subject: { properties: { composition: { model: 'm' } } } }),
      )
    expect(await tested.store.list('activity', 'default')).toEqual(['agents:unknown'])
    expect(await tested.store.list('agent', 'default')).toEqual([])
    const shared = await activity(tested, 'agents:unknown')
    expect(shared?.requests.reduce((sum, { count }) => sum + count, 0)).toBe(40)
    expect(shared).toMatchObject({ actions: [], domains: [] })
  })

  it('of actions are not remembered', async () => {
    const tested = await testService()
    for (let at = 0; at < 20; at += 1) await tested.service.evaluate(gateway, ask('finance-agent', `invented_${String(at)}`))
    const carol = { subject: { type: 'user', id: 'grace' } }
    for (let at = 0; at < 20; at += 1) {
      const { outcome } = await tested.service.evaluate(gateway, ask('grace', `invented_${String(at)}`, carol))
      expect(outcome).toBe('allow')
    }
    expect((await activity(tested, 'finance-agent'))?.actions).toEqual([])
    expect(Object.values((await activity(tested, 'user:grace'))?.scopes ?? {}).flatMap(Object.keys)).toEqual([''])
  })
})

describe('what an agent has done before', () => {
  const merge = () => ask('coding-agent', 'merge_pr', { context: { facts: { checks_passed: true, complexity: 2 } } })
  const isFirst = async (tested: TestService): Promise<boolean> =>
    (await tested.service.evaluate(gateway, merge())).risk.rules.some(({ id }) => id === 'first-use-of-wide-tool')

  it('is what ran: asking in vain makes nothing familiar', async () => {
    const tested = await testService()
    for (let at = 0; at < 4; at += 1) expect(await isFirst(tested)).toBe(true)
    await tested.earn('coding-agent', 'source_control:full', 4)
    expect(await isFirst(tested)).toBe(true)
    expect(await isFirst(tested)).toBe(false)
  })

  it('of an agent nobody knows is nothing', async () => {
    const tested = await testService()
    await tested.service.evaluate(anonymous, ask('stranger', 'scale_service'))
    const { risk } = await tested.service.evaluate(anonymous, ask('stranger', 'scale_service'))
    expect(risk.rules.map(({ id }) => id)).toContain('first-use-of-wide-tool')
  })
})
