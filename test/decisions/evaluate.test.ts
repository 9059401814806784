import { describe, expect, it } from 'vitest'

import { replayDecision } from '../../src/decisions/replay.ts'
import { requestDigest } from '../../src/decisions/request-digest.ts'
import { ServiceError } from '../../src/format/error.ts'
import type { Store } from '../../src/ledger/store.ts'
import type { PolicyEvaluation } from '../../src/model/evaluation.ts'
import { ask, gateway, operator } from '../support/callers.ts'
import { shippedPolicySet, testService } from '../support/test-service.ts'

const scope = 'bookkeeping:light'
const categorise = () => ask('finance-agent', 'categorise_expense')
const failing =
  (when: () => boolean, error: () => Error) =>
  (store: Store): Store => ({
    ...store,
    transact: (touches, change) => (when() ? Promise.reject(error()) : store.transact(touches, change)),
  })

describe('a decision that cannot be recorded', () => {
  it.each([
    ['would be allowed', 4, 'suggest'],
    ['needs approval', 2, 'suggest'],
    ['is a suggestion', 1, 'suggest'],
    ['is denied', 0, 'deny'],
  ])('is not answered above suggest where it %s', async (_what, level, outcome) => {
    let broken = false
    const tested = await testService({
      store: failing(
        () => broken,
        () => new ServiceError('store_fenced', 'the store /srv/gradus.db: the disk is full'),
      ),
    })
    await tested.earn('finance-agent', scope, level)
    broken = true
    const answer = await tested.service.evaluate(gateway, categorise())
    expect(answer).toMatchObject({ outcome, decision: false, recorded: false, leaf_index: null, advice: [] })
    // The message may hold paths of this machine, and whoever asks may be nobody.
    expect(answer.reasons[0]).toBe('not_recorded: store_fenced')
    expect(tested.observations).toContainEqual({ kind: 'degraded', cause: 'store_fenced' })
  })
})

describe('an answer', () => {
  it('carries one id, one time, the digest of the request with its tenant, and its place in the log', async () => {
    const { service, store, clock } = await testService()
    const answer = await service.evaluate(gateway, categorise())
    const stored = await store.read([], (view) => view.record('default', answer.decision_id))
    expect(stored?.leafIndex).toBe(answer.leaf_index)
    expect(answer.decided_at).toBe(new Date(clock.nowMs()).toISOString())
    expect(Date.parse(answer.valid_until) - Date.parse(answer.decided_at)).toBe(5_000)
    expect(answer.request_digest).toBe(requestDigest(categorise().request, 'default'))
    expect(stored?.record).toMatchObject({ at: answer.decided_at, decision_id: answer.decision_id, outcome: answer.outcome })
  })

  it('does not depend on what ran before in another scope', async () => {
    const { service } = await testService()
    const first = await service.evaluate(gateway, categorise())
    await service.evaluate(gateway, ask('coding-agent', 'run_tests'))
    const { outcome, trust, reasons } = await service.evaluate(gateway, categorise())
    expect({ outcome, trust, reasons }).toEqual({ outcome: first.outcome, trust: first.trust, reasons: first.reasons })
  })
})

describe('a base that fails', () => {
  it.each<readonly [string, PolicyEvaluation]>([
    ['is undefined', { kind: 'undefined' }],
    ['traps', { kind: 'failed', cause: 'trap', message: 'unreachable' }],
    ['answers a word', { kind: 'value', value: 'allow' }],
    ['answers a list', { kind: 'value', value: [true] }],
    ['answers a number', { kind: 'value', value: 1 }],
    ['answers null', { kind: 'value', value: null }],
    ['contradicts itself', { kind: 'value', value: { allow: true, allowed: false } }],
  ])('denies where it %s', async (_how, evaluation) => {
    const tested = await testService({
      policySet: (policySet) => ({ ...policySet, base: { ...policySet.base, evaluate: () => evaluation } }),
    })
    await tested.earn('finance-agent', scope, 4)
    expect(await tested.service.evaluate(gateway, categorise())).toMatchObject({ outcome: 'deny', base: 'deny', recorded: true })
  })
})

describe('what comes in while a decision is made', () => {
  it.each([
    [
      'a containment',
      (tested: Awaited<ReturnType<typeof testService>>) =>
        tested.service.contain(operator, { target: { kind: 'tenant' }, reason: 'now' }),
    ],
    [
      'a kill switch',
      (tested: Awaited<ReturnType<typeof testService>>) =>
        tested.service.raiseIncident(operator, { agent: 'finance-agent', class: 'kill_switch' }),
    ],
  ])('%s holds for it', async (_what, strike) => {
    let during: (() => Promise<unknown>) | undefined
    const tested = await testService({
      policySet: (policySet) => ({
        ...policySet,
        risk: {
          ...policySet.risk,
          evaluate: async (facts, without) => {
            const now = during
            during = undefined
            await now?.()
            return policySet.risk.evaluate(facts, without)
          },
        },
      }),
    })
    await tested.earn('finance-agent', scope, 4)
    during = () => strike(tested)
    expect((await tested.service.evaluate(gateway, categorise())).outcome).toBe('deny')
  })

  it('may come in again and again: the decision still holds it, and ends', async () => {
    let strikes = 0
    const tested = await testService({
      policySet: (policySet) => ({
        ...policySet,
        risk: {
          ...policySet.risk,
          evaluate: async (facts, without) => {
            strikes += 1
            if (strikes === 4) await tested.service.contain(operator, { target: { kind: 'tenant' }, reason: 'at last' })
            else await tested.service.raiseIncident(operator, { agent: 'finance-agent', class: 'injection_weak', cap: 0.69 })
            return policySet.risk.evaluate(facts, without)
          },
        },
      }),
    })
    await tested.earn('finance-agent', scope, 4)
    strikes = 1
    const answer = await tested.service.evaluate(gateway, categorise())
    expect(answer).toMatchObject({ outcome: 'deny', recorded: true })
    expect(answer.reasons[0]).toBe('contained_tenant:person:at last')
    const stored = await tested.store.read([], (view) => view.record('default', answer.decision_id))
    expect(await replayDecision(stored!, await shippedPolicySet())).toEqual({ state: 'equal' })
  })
})
