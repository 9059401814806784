import { describe, expect, it } from 'vitest'

import type { Caller } from '../../src/access/caller.ts'
import type { DecisionRequest } from '../../src/decisions/decision-request.ts'
import { policySetOf, replayDecision } from '../../src/decisions/replay.ts'
import { restorePolicySet } from '../../src/rego/assemble-policy-set.ts'
import { anonymous, ask, gateway, operator } from '../support/callers.ts'
import { testService, type TestService } from '../support/test-service.ts'

const scope = 'bookkeeping:light'
type Case = {
  readonly name: string
  readonly prepare?: (tested: TestService) => Promise<unknown>
  readonly who?: Caller
  readonly ask: DecisionRequest
}

const KINDS: readonly Case[] = [
  { name: 'allowed', prepare: ({ earn }) => earn('finance-agent', scope, 4), ask: ask('finance-agent', 'categorise_expense') },
  { name: 'guarded', prepare: ({ earn }) => earn('finance-agent', scope, 3), ask: ask('finance-agent', 'categorise_expense') },
  {
    name: 'for approval',
    prepare: ({ earn }) => earn('finance-agent', scope, 2),
    ask: ask('finance-agent', 'categorise_expense'),
  },
  { name: 'suggested', prepare: ({ earn }) => earn('finance-agent', scope, 1), ask: ask('finance-agent', 'categorise_expense') },
  { name: 'denied by trust', ask: ask('finance-agent', 'categorise_expense') },
  { name: 'denied by the base', ask: ask('research-agent', 'refund') },
  { name: 'of an unknown action', ask: ask('coding-agent', 'launch_rocket') },
  { name: 'of a human', ask: ask('carol', 'refund', { subject: { type: 'user', id: 'carol' }, arguments: { amount: 10 } }) },
  {
    name: 'to a destination it has reached before',
    prepare: async ({ service, earn }) => {
      await earn('support-agent', 'communication:full', 4)
      await service.evaluate(gateway, ask('support-agent', 'post_slack', { arguments: { channel: '#team' } }))
    },
    ask: ask('support-agent', 'post_slack', { arguments: { channel: 'team' } }),
  },
  {
    name: 'with a chain',
    ask: ask('finance-agent', 'categorise_expense', { context: { chain: [{ type: 'agent', id: 'research-agent' }] } }),
  },
  { name: 'with a broken chain', ask: ask('finance-agent', 'categorise_expense', { subject: { properties: { act: 7 } } }) },
  {
    name: 'under an incident',
    prepare: ({ service }) => service.raiseIncident(operator, { agent: 'finance-agent', class: 'injection_suspected' }),
    ask: ask('finance-agent', 'categorise_expense'),
  },
  {
    name: 'under a containment',
    prepare: ({ service }) => service.contain(operator, { target: { kind: 'tenant' }, reason: 'stop' }),
    ask: ask('finance-agent', 'categorise_expense'),
  },
  { name: 'of arguments that cannot be read', ask: ask('finance-agent', 'refund', { arguments: { amount: '1,000,000' } }) },
  {
    name: 'of a foreign input',
    ask: { ...ask('finance-agent', 'categorise_expense'), baseInput: { who: 'finance-agent' }, protocol: 'opa' },
  },
  { name: 'of a caller who vouches for nothing', who: anonymous, ask: ask('coding-agent', 'merge_pr') },
  {
    name: 'refused by a budget',
    prepare: async ({ service, earn }) => {
      await earn('finance-agent', scope, 3)
      await Promise.all(Array.from({ length: 70 }, () => service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))))
    },
    ask: ask('finance-agent', 'categorise_expense'),
  },
]

async function decided({ prepare, who = gateway, ask: asked }: Case) {
  const tested = await testService()
  await prepare?.(tested)
  const { decision_id, policy_set } = await tested.service.evaluate(who, asked)
  const stored = (await tested.store.read([], (view) => view.record('default', decision_id)))!
  const archive = await tested.store.archived(policy_set)
  return { tested, stored, policySet: await restorePolicySet(archive!) }
}

describe('a decision, made again from its record and the archived policy set alone', () => {
  it.each(KINDS.map((each) => [each.name, each] as const))('%s is equal', async (_name, each) => {
    const { stored, policySet } = await decided(each)
    expect(policySetOf(stored)).toBe(policySet.digest)
    expect(await replayDecision(stored, policySet)).toEqual({ state: 'equal' })
  })

  it('differs, and says where, when the record was changed', async () => {
    const { stored, policySet } = await decided(KINDS[0]!)
    const record = structuredClone(stored.record) as unknown as { body: { decision: { outcome: string } } }
    record.body.decision.outcome = 'deny'
    const replayed = await replayDecision({ ...stored, record } as unknown as typeof stored, policySet)
    expect(replayed).toMatchObject({ state: 'different', differences: [{ member: 'decision' }] })
  })

  it('differs when its facts were changed', async () => {
    const { stored, policySet } = await decided(KINDS[0]!)
    const record = structuredClone(stored.record) as unknown as { body: { facts: { trust: { level_effective: number } } } }
    record.body.facts.trust.level_effective = 1
    const replayed = await replayDecision({ ...stored, record } as unknown as typeof stored, policySet)
    expect(replayed.state).toBe('different')
  })

  it('is never equal when it was masked', async () => {
    const { stored, policySet } = await decided({
      name: 'masked',
      ask: ask('finance-agent', 'refund', { arguments: { amount: 1, token: 't' } }),
    })
    expect(await replayDecision(stored, policySet)).toEqual({ state: 'masked' })
  })

  it('is never equal when it was erased', async () => {
    const { tested, stored, policySet } = await decided({
      name: 'erased',
      ask: ask('finance-agent', 'refund', { arguments: { amount: 1 } }),
    })
    expect(await tested.store.erase([stored.leafIndex], ['/body/request/action/properties'])).toBe(1)
    const after = (await tested.store.read([], (view) => view.record('default', stored.record.id)))!
    expect(await replayDecision(after, policySet)).toEqual({ state: 'erased' })
  })

  it('cannot be told where the policy set is not known', async () => {
    const { stored } = await decided(KINDS[0]!)
    expect(await replayDecision(stored, undefined)).toEqual({ state: 'unknown_policy_set' })
  })
})
