import { describe, expect, it } from 'vitest'

import { operator } from '../support/callers.ts'
import { shippedPolicySet, testService } from '../support/test-service.ts'

describe('reloads of the policies', () => {
  it('wait for the one under way, up to a limit; more are refused at once, and none is lost', async () => {
    const gate = Promise.withResolvers<undefined>()
    let loads = 0
    const shipped = await shippedPolicySet()
    const { service } = await testService({
      policySet: async () => {
        loads += 1
        if (loads > 1) await gate.promise
        return shipped
      },
    })
    const waiting = Array.from({ length: 5 }, () => service.reloadPolicies(operator))
    await expect(service.reloadPolicies(operator)).rejects.toMatchObject({
      code: 'not_ready',
      message: expect.stringContaining('the limit `policies.reloads_waiting_max` is 4'),
    })
    gate.resolve(undefined)
    expect(await Promise.all(waiting)).toHaveLength(5)
    expect(loads).toBe(6)
    await expect(service.reloadPolicies(operator)).resolves.toMatchObject({ digest: shipped.digest })
  })
})
