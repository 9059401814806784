import { describe, expect, it } from 'vitest'

import { Config } from '../../src/config/config.ts'
import type { PolicyEvaluation } from '../../src/model/evaluation.ts'
import { ask, auditor, gateway, inTenant } from '../support/callers.ts'
import { START_MS, testService } from '../support/test-service.ts'

/** A service whose base notes what it is given. */
async function listening(base: object = {}) {
  const inputs: { readonly entrypoint: string; readonly input: unknown }[] = []
  const tested = await testService({
    config: Config.parse({ base }),
    policySet: (policySet) => ({
      ...policySet,
      base: {
        ...policySet.base,
        evaluate: (entrypoint: string, input: unknown): PolicyEvaluation => {
          inputs.push({ entrypoint, input })
          return { kind: 'value', value: true }
        },
      },
    }),
  })
  return { ...tested, inputs }
}

const asking = ask('finance-agent', 'categorise_expense', { arguments: { category: 'travel' } })

describe('the diagnosis of the base', () => {
  it.each([[{}], [{ input: 'request' }]])('gives the base what a decision gives it, with %j', async (base) => {
    const { service, inputs } = await listening(base)
    await service.evaluate(gateway, asking)
    await service.diagnoseBase({ ...gateway, roles: ['auditor'] }, asking)
    expect(inputs).toHaveLength(2)
    expect(inputs[1]).toEqual(inputs[0])
  })

  it('says tenant, time, agent and action class beside the request', async () => {
    const { service, inputs } = await listening()
    await service.diagnoseBase(inTenant(auditor, 'acme'), asking)
    expect(inputs[0]?.input).toMatchObject({
      ...asking.request,
      tenant: 'acme',
      time: { epoch_ms: START_MS },
      agent: { id: 'finance-agent', known: true },
      action_class: { name: 'categorise_expense', known: true },
    })
  })

  it('gives a foreign input untouched where the base gets the request as it came', async () => {
    const { service, inputs } = await listening({ input: 'request' })
    await service.diagnoseBase(auditor, { ...asking, baseInput: { foreign: [1] }, entrypoint: 'rbac/allow' })
    expect(inputs).toEqual([{ entrypoint: 'rbac/allow', input: { foreign: [1] } }])
  })

  it('answers what the base answers, and records nothing', async () => {
    const { service, store } = await testService()
    const before = store.size()
    expect(await service.diagnoseBase(auditor, asking)).toMatchObject({ kind: 'value' })
    expect(await service.diagnoseBase(auditor, { ...asking, entrypoint: 'no/such' })).toMatchObject({
      kind: 'failed',
      cause: 'entrypoint',
    })
    expect(store.size()).toBe(before)
  })
})
