import { afterEach, describe, expect, it } from 'vitest'

import { ServiceError } from '../../src/format/error.ts'
import type { Store } from '../../src/ledger/store.ts'
import type { PolicyEvaluation } from '../../src/model/evaluation.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { administrator, ask, gateway } from '../support/callers.ts'
import { shippedPolicySet, testService } from '../support/test-service.ts'

const categorise = () => ask('finance-agent', 'categorise_expense')
const denying = (policySet: PolicySet): PolicySet => ({
  ...policySet,
  digest: 'f'.repeat(64),
  base: {
    digest: 'f',
    entrypoints: policySet.base.entrypoints,
    evaluate: (): PolicyEvaluation => ({ kind: 'value', value: { outcome: 'deny', reason: 'the new policy' } }),
    close: () => undefined,
  },
})

/** What was closed of policy sets that count it. */
const closings: string[] = []
afterEach(() => closings.splice(0))
const counted = (policySet: PolicySet): PolicySet => {
  const counting = (name: string, policy: Policy): Policy => ({ ...policy, close: () => closings.push(name) })
  return {
    ...policySet,
    base: counting('base', policySet.base),
    graduation: counting('graduation', policySet.graduation),
    mask: policySet.mask === undefined ? undefined : counting('mask', policySet.mask),
  }
}

const HARDER = 'd'.repeat(64)
/** Under more ignorance the same evidence is worth less. */
const harder = (policySet: PolicySet): PolicySet => ({
  ...policySet,
  digest: HARDER,
  constants: { ...policySet.constants, prior_units: 10 },
})
/** A policy set whose risk rules take their time. */
const slow = (policySet: PolicySet): PolicySet => ({
  ...policySet,
  risk: {
    ...policySet.risk,
    evaluate: async (facts, without) => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return policySet.risk.evaluate(facts, without)
    },
  },
})

/** Holds back that what was written is durable, as a busy disk does. */
function busyDisk() {
  let opened = Promise.resolve()
  let open: () => void = () => undefined
  return {
    close: () => {
      opened = new Promise((resolve) => (open = resolve))
    },
    open: () => open(),
    wait: () => opened,
  }
}

/** A service whose next policy set is what `next` says. */
async function reloading() {
  const next: { load: (policySet: PolicySet) => PolicySet | Promise<PolicySet> } = { load: (policySet) => policySet }
  const gate = busyDisk()
  const store = (of: Store): Store => ({
    ...of,
    transact: async (touches, change) => {
      const value = await of.transact(touches, change)
      await gate.wait()
      return value
    },
  })
  const tested = await testService({ policySet: (policySet) => next.load(policySet), store })
  await tested.earn('finance-agent', 'bookkeeping:light', 4)
  return { ...tested, next, gate }
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
    expect(activation?.record).toMatchObject({ actor: 'person:ada', body: { digest: 'f'.repeat(64), former: before } })
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

  it('that is the very same object stays open', async () => {
    const { service, next } = await reloading()
    let closed = 0
    next.load = (policySet) => ({ ...denying(policySet), graduation: { ...policySet.graduation, close: () => (closed += 1) } })
    const again = next.load(await shippedPolicySet())
    next.load = () => again
    await service.reloadPolicies(administrator)
    await service.reloadPolicies(administrator)
    expect(closed).toBe(0)
  })

  it('comes into force in one moment with its trust constants, also while the log is still being written', async () => {
    const { service, store, next, gate } = await reloading()
    const moments = (): Promise<readonly [string, number]> =>
      store.read([], (view) => [service.policySet().digest, view.constants().prior_units] as const)
    const before = service.policySet().digest
    next.load = harder
    gate.close()
    const swapped = service.reloadPolicies(administrator)
    const seen: (readonly [string, number])[] = []
    for (let tick = 0; tick < 20; tick += 1) {
      seen.push(await moments())
      await new Promise(setImmediate)
    }
    gate.open()
    await swapped
    seen.push(await moments())
    for (const moment of seen)
      expect([
        [before, 3],
        [HARDER, 10],
      ]).toContainEqual(moment)
    expect(seen.at(-1)).toEqual([HARDER, 10])
  })

  it('leaves a decision under way its own trust constants, also where it has to start over', async () => {
    const { service, next } = await reloading()
    const old = service.policySet().digest
    const expected = await service.evaluate(gateway, categorise())
    next.load = (policySet) => ({ ...slow(policySet), digest: 'e'.repeat(64) })
    await service.reloadPolicies(administrator)
    next.load = harder
    const asked = service.evaluate(gateway, categorise())
    await service.reloadPolicies(administrator)
    // Another agent's containment makes what was read stale.
    await service.contain(administrator, { target: { kind: 'agent', agent: 'coding-agent' }, reason: 'stale' })
    const { policy_set, trust } = await asked
    expect(policy_set).not.toBe(old)
    expect([policy_set, trust?.failure_bound]).toEqual(['e'.repeat(64), expected.trust?.failure_bound])
    const after = await service.evaluate(gateway, categorise())
    expect(after).toMatchObject({ policy_set: HARDER })
    expect(after.trust?.failure_bound).toBeGreaterThan(trust?.failure_bound ?? 1)
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

  it.each(['archive', 'transact'] as const)('because of the store (%s) is not in force and is closed', async (verb) => {
    let fails = false
    const tested = await testService({
      policySet: (policySet) => (fails ? counted(denying(policySet)) : policySet),
      store: (store) => ({
        ...store,
        [verb]: (...given: never[]) =>
          fails
            ? Promise.reject(new ServiceError('store_fenced', 'disk full'))
            : (store[verb] as (...all: never[]) => unknown)(...given),
      }),
    })
    const before = tested.service.policySet()
    fails = true
    await expect(tested.service.reloadPolicies(administrator)).rejects.toMatchObject({ code: 'store_fenced' })
    expect(tested.service.policySet()).toEqual({ ...before, last_error: 'disk full' })
    expect(closings).toEqual(['base', 'graduation', 'mask'])
  })

  it('because its activation was written and not kept is not in force', async () => {
    let fails = false
    const tested = await testService({
      policySet: (policySet) => (fails ? denying(policySet) : policySet),
      store: (store) => ({
        ...store,
        transact: async (touches, change) => {
          const value = await store.transact(touches, change)
          if (fails) throw new ServiceError('store_fenced', 'disk full')
          return value
        },
      }),
    })
    const before = tested.service.policySet().digest
    fails = true
    await expect(tested.service.reloadPolicies(administrator)).rejects.toMatchObject({ code: 'store_fenced' })
    expect(tested.service.policySet().digest).toBe(before)
  })

  it('lets no service start, and is closed', async () => {
    const store = (of: Store): Store => ({ ...of, archive: () => Promise.reject(new ServiceError('io', 'disk full')) })
    await expect(testService({ policySet: counted, store })).rejects.toMatchObject({ code: 'io' })
    expect(closings).toEqual(['base', 'graduation', 'mask'])
  })

  it('lets no service start', async () => {
    await expect(testService({ policySet: broken })).rejects.toMatchObject({ code: 'bad_policy' })
  })
})
