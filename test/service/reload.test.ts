import { describe, expect, it } from 'vitest'

import type { Evaluation } from '../../src/model/evaluation.ts'
import { ServiceError } from '../../src/model/error.ts'
import type { PolicySet } from '../../src/service/policy-set.ts'
import { administrator, ask, gateway } from '../support/callers.ts'
import { testService } from '../support/test-service.ts'

const categorise = () => ask('finance-agent', 'categorise_expense')
const denying = (policySet: PolicySet): PolicySet => ({
  ...policySet,
  digest: 'f'.repeat(64),
  base: {
    digest: 'f',
    entrypoints: policySet.base.entrypoints,
    evaluate: (): Promise<Evaluation> => Promise.resolve({ kind: 'value', value: { outcome: 'deny', reason: 'the new policy' } }),
    close: () => undefined,
  },
})

/** A service whose next policy set is what `next` says. */
async function reloading() {
  const next: { load: (policySet: PolicySet) => PolicySet | Promise<PolicySet> } = { load: (policySet) => policySet }
  const tested = await testService({ policySet: (policySet) => next.load(policySet) })
  await tested.earn('finance-agent', 'bookkeeping:light', 4)
  return { ...tested, next }
}

const broken = (): never => {
  throw new ServiceError('bad_policy', 'rbac/decision.rego:7: rego_parse_error')
}

describe('a policy set that is swapped', () => {
  it('decides from then on, and the log says since when', async () => {
    const { service, store, next } = await reloading()
    const before = service.policySet().digest
    next.load = denying
    const view = await service.reloadPolicies(administrator)
    expect(view).toMatchObject({ digest: 'f'.repeat(64), last_error: null })
    const [activation] = await store.query({ kinds: ['policy_set'], newestFirst: true, limit: 1 })
    expect(activation?.record).toMatchObject({ actor: 'ada', body: { digest: 'f'.repeat(64), former: before } })
    expect(await service.evaluate(gateway, categorise())).toMatchObject({ outcome: 'deny', policy_set: 'f'.repeat(64) })
  })

  it('holds for whole decisions: each one under way names the set it was made under', async () => {
    const { service, next } = await reloading()
    const old = service.policySet().digest
    next.load = denying
    const running = Array.from({ length: 30 }, () => service.evaluate(gateway, categorise()))
    const swapped = service.reloadPolicies(administrator)
    const later = Array.from({ length: 30 }, async (_, index) => {
      for (let tick = 0; tick < index; tick += 1) await Promise.resolve()
      return service.evaluate(gateway, categorise())
    })
    const answers = await Promise.all([...running, ...later])
    await swapped
    for (const { policy_set, outcome } of answers) expect(outcome).toBe(policy_set === old ? 'allow' : 'deny')
    expect(new Set(answers.map(({ policy_set }) => policy_set)).size).toBeGreaterThanOrEqual(1)
    expect((await service.evaluate(gateway, categorise())).outcome).toBe('deny')
  })

  it('that is the same is no activation', async () => {
    const { service, store } = await reloading()
    const before = store.size()
    await service.reloadPolicies(administrator)
    expect(store.size()).toBe(before)
  })

  it('one reload after the other', async () => {
    const { service, next } = await reloading()
    const order: number[] = []
    let count = 0
    next.load = async (policySet) => {
      const mine = (count += 1)
      order.push(mine)
      await new Promise((resolve) => setTimeout(resolve, 5))
      order.push(-mine)
      return policySet
    }
    await Promise.all([service.reloadPolicies(administrator), service.reloadPolicies(administrator)])
    expect(order).toEqual([1, -1, 2, -2])
  })
})

describe('a policy set that is broken', () => {
  it('leaves the last good one in force, says why, and takes the instance out of traffic', async () => {
    const { service, next, observations } = await reloading()
    const before = service.policySet()
    expect(service.readiness()).toEqual([])
    next.load = broken
    await expect(service.reloadPolicies(administrator)).rejects.toMatchObject({ code: 'bad_policy' })
    expect(service.policySet()).toEqual({ ...before, last_error: 'rbac/decision.rego:7: rego_parse_error' })
    expect(service.readiness()).toHaveLength(1)
    expect(observations).toContainEqual({ kind: 'degraded', cause: 'policy_reload' })
    expect((await service.evaluate(gateway, categorise())).outcome).toBe('allow')
  })

  it('is forgotten with the next good one', async () => {
    const { service, next } = await reloading()
    next.load = broken
    await service.reloadPolicies(administrator).catch(() => undefined)
    next.load = (policySet) => policySet
    await service.reloadPolicies(administrator)
    expect(service.readiness()).toEqual([])
    expect(service.policySet().last_error).toBeNull()
  })

  it('lets no service start', async () => {
    await expect(testService({ policySet: broken })).rejects.toMatchObject({ code: 'bad_policy' })
  })
})
