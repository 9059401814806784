import { describe, expect, it } from 'vitest'

import type { Caller } from '../../src/access/caller.ts'
import { gatherFacts } from '../../src/decisions/facts.ts'
import { requestContext, supportedObligations } from '../../src/decisions/request-context.ts'
import { compositionOf, type Request } from '../../src/model/request.ts'
import { destinationDigest } from '../../src/ledger/destination-digest.ts'
import { anonymous, ask, gateway, operator, request } from '../support/callers.ts'
import { shippedPolicySet, testService, type TestService } from '../support/test-service.ts'

const scope = 'bookkeeping:light'
const categorise = (parts = {}): Request => request('finance-agent', 'categorise_expense', parts)

async function facts(tested: TestService, of: Request, who: Caller = gateway) {
  const policySet = await shippedPolicySet()
  return tested.store.read([], (view) =>
    gatherFacts(requestContext({ request: of, caller: who, policySet: policySet, atMs: tested.clock.nowMs() }), view),
  )
}

describe('trust', () => {
  it('is read in the scope of the action and its stake', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 3)
    expect((await facts(tested, categorise())).trust).toMatchObject({ scope, level_effective: 3 })
    expect((await facts(tested, request('finance-agent', 'refund'))).trust).toMatchObject({
      scope: 'payments:full',
      level_effective: 0,
    })
  })

  it('of an agent that nobody knows is none, whatever it did', async () => {
    const tested = await testService()
    await tested.earn('stranger', scope, 3)
    const found = await facts(tested, request('stranger', 'categorise_expense'))
    expect(found.agent).toMatchObject({ known: false, tier: 'high' })
    expect(found.trust).toMatchObject({ score: 0, level_effective: 0 })
  })

  it('of a human is not asked', async () => {
    const tested = await testService()
    const found = await facts(tested, request('carol', 'refund', { subject: { type: 'user', id: 'carol' } }))
    expect(found).toMatchObject({ trust: null, kill_switch: false, agent: { class: 'human' } })
  })

  it('of every other link is read in the same scope', async () => {
    const tested = await testService()
    await tested.earn('research-agent', scope, 2)
    const chain = [
      { type: 'agent', id: 'research-agent' },
      { type: 'agent', id: 'stranger' },
    ]
    expect((await facts(tested, categorise({ context: { chain } }))).links).toMatchObject([
      { party: chain[0], known: true, level_effective: 2 },
      { party: chain[1], known: false, level_effective: 0 },
    ])
  })
})

describe('a claimed composition', () => {
  const composed = (composition: object) => categorise({ subject: { properties: { composition } } })

  async function known(composition: object) {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 4)
    await tested.write([{ kind: 'composition', agent: 'finance-agent', composition }])
    return tested
  }

  it('that changes nothing changes nothing', async () => {
    const tested = await known({ model: 'm1', prompt: 'p1' })
    const without = (await facts(tested, categorise())).trust
    expect((await facts(tested, composed({ model: 'm1' }))).trust).toEqual(without)
    expect((await facts(tested, composed({}))).trust).toEqual(without)
  })

  it.each([
    ['another model', { model: 'm2' }, 2],
    ['another prompt', { prompt: 'p2' }, 4],
    ['both', { model: 'm2', prompt: 'p2' }, 2],
  ])('of %s lowers this decision', async (_what, composition, levelMax) => {
    const tested = await known({ model: 'm1', prompt: 'p1' })
    const without = (await facts(tested, categorise())).trust!
    const claimed = (await facts(tested, composed(composition), anonymous)).trust!
    expect(claimed.score).toBeLessThanOrEqual(without.score)
    expect(claimed.level_effective).toBeLessThanOrEqual(levelMax)
  })

  it('by an untrusted caller changes nothing that is stored; by a trusted one it does', async () => {
    const tested = await known({ model: 'm1' })
    const asked = (): Parameters<typeof tested.service.evaluate>[1] => ({
      request: composed({ model: 'm2' }),
      protocol: 'native',
    })
    const level = async () => (await tested.service.agentTrust(operator, 'finance-agent')).scopes[0]?.level_granted
    const untrusted = await tested.service.evaluate({ ...gateway, trusted_composition: false }, asked())
    expect(untrusted.trust?.level_effective).toBe(2)
    expect(await level()).toBe(4)
    await tested.service.evaluate(gateway, asked())
    expect(await level()).toBe(2)
  })

  it('is what the subject says, as it says it', () => {
    expect(compositionOf(composed({ model: 'm' }))).toEqual({ model: 'm' })
    expect(compositionOf(categorise())).toBeUndefined()
  })
})

describe('supported obligations', () => {
  it.each([
    [undefined, ['redact_sensitive', 'rollback_handle']],
    [[], []],
    [['rollback_handle'], ['rollback_handle']],
    [['rollback_handle', 'make_coffee'], ['rollback_handle']],
    [['make_coffee'], []],
  ])('claimed as %j hold as %j: a request can only narrow them', (claimed, held) => {
    const asked = categorise(claimed === undefined ? {} : { context: { supported_obligations: claimed } })
    expect(supportedObligations(asked, gateway)).toEqual(held)
    expect(supportedObligations(asked, anonymous)).toEqual([])
  })
})

describe('asserted facts', () => {
  const merge = (claimed: object, who: Caller) => ({
    who,
    asked: ask('coding-agent', 'merge_pr', { context: { facts: claimed } }),
  })

  it.each([
    ['by one who may', { checks_passed: true, complexity: 2 }, gateway, true],
    ['by one who may not', { checks_passed: true, complexity: 2 }, anonymous, false],
    [
      'by one who may assert only one of them',
      { checks_passed: true, complexity: 2 },
      { ...gateway, verified_facts: ['checks_passed'] },
      false,
    ],
    ['that do not hold', { checks_passed: true, complexity: 9 }, gateway, false],
    ['of the wrong type', { checks_passed: 'true', complexity: 2 }, gateway, false],
  ])('%s', async (_case, claimed, who, runs) => {
    const tested = await testService()
    await tested.earn('coding-agent', 'source_control:full', 4)
    const { asked } = merge(claimed, who)
    expect((await tested.service.evaluate(who, asked)).decision).toBe(runs)
  })
})

describe('known recipients', () => {
  it('are those of decisions that ran', async () => {
    const tested = await testService()
    const mail = () => request('support-agent', 'send_email', { arguments: { to: ['a@one.example', 'b@two.example'] } })
    expect((await facts(tested, mail())).known_domains).toEqual([])
    await tested.write([{ kind: 'seen', agent: 'support-agent', action: 'send_email', denied: false, domains: ['one.example'] }])
    expect((await facts(tested, mail())).known_domains).toEqual(['one.example'])
  })
})

describe('known destinations', () => {
  const mail = (to: string) => request('support-agent', 'send_email', { arguments: { to } })

  it('are those of decisions that ran, one by one, and stand in the record by their position', async () => {
    const tested = await testService()
    const digest = destinationDigest('mail:ann@one.example')
    await tested.write([
      {
        kind: 'seen',
        agent: 'support-agent',
        action: 'send_email',
        denied: false,
        domains: ['one.example'],
        destinations: [digest],
      },
    ])
    expect((await facts(tested, mail('Ann@one.example'))).known_destinations).toEqual([0])
    const other = await facts(tested, mail('bob@one.example'))
    expect([other.known_domains, other.known_destinations]).toEqual([['one.example'], undefined])
    expect(
      (await facts(tested, request('coding-agent', 'send_email', { arguments: { to: 'ann@one.example' } }))).known_destinations,
    ).toBe(undefined)
  })

  it('come only from what was let run', async () => {
    const tested = await testService()
    const denied = await tested.service.evaluate(
      gateway,
      ask('support-agent', 'send_email', { arguments: { to: 'ann@one.example' } }),
    )
    expect(denied.decision).toBe(false)
    const [stored] = await tested.store.query({ kinds: ['decision'], newestFirst: true, limit: 1 })
    const seen = stored?.record.effects.find(({ kind }) => kind === 'seen')
    expect(seen).toMatchObject({ domains: [] })
    expect(seen).not.toHaveProperty('destinations')
  })
})
