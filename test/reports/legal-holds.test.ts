import { describe, expect, it } from 'vitest'

import { createRetention } from '../../src/audit/removal/retain.ts'
import { DAY_MS } from '../../src/format/time.ts'
import { administrator, ask, auditor, caller, gateway, inTenant, operator } from '../support/callers.ts'
import { testService } from '../support/test-service.ts'

describe('a legal hold over HTTP', () => {
  it('keeps values until it is released, by a named administrator, with both in the log', async () => {
    const tested = await testService()
    const { service, store, clock, newId } = tested
    await service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
    const { hold, in_force } = await service.placeLegalHold(administrator, { kinds: ['decision'], reason: 'litigation 7' })
    expect(in_force).toBe(true)
    expect(await service.legalHoldsInForce(auditor)).toEqual({
      legal_holds: [{ id: hold, kinds: ['decision'], placed_at: new Date(clock.nowMs()).toISOString(), placed_by: 'person:ada' }],
    })
    const states = async () => (await store.query({ kinds: ['decision'], limit: 10 })).map(({ state }) => state)
    const retain = createRetention({ store, rules: [{ days: 1 }], nowMs: clock.nowMs, newId, actor: 'gradus:system' })
    clock.advance(3 * DAY_MS)
    await retain()
    expect(await states()).toEqual(['whole'])
    expect(await service.releaseLegalHold(administrator, hold, { reason: 'settled' })).toEqual({ hold, in_force: false })
    expect(await service.legalHoldsInForce(auditor)).toEqual({ legal_holds: [] })
    await retain()
    expect(await states()).toEqual(['erased'])
    const told = (await store.query({ kinds: ['operator'], action: 'audit.hold', limit: 10 })).map(({ record }) => record)
    expect(told).toMatchObject([
      { actor: 'person:ada', body: { verb: 'hold', kinds: ['decision'], detail: { reason: 'litigation 7' } } },
      { actor: 'person:ada', body: { verb: 'release', hold, detail: { reason: 'settled' } } },
    ])
  })

  it('is of the own tenant alone, and of nobody without a name or the role', async () => {
    const { service } = await testService()
    const elsewhere = inTenant(administrator, 'globex')
    const { hold } = await service.placeLegalHold(administrator, { reason: 'inquiry' })
    expect((await service.legalHoldsInForce(auditor)).legal_holds).toMatchObject([{ id: hold, kinds: null }])
    expect(await service.legalHoldsInForce(inTenant(auditor, 'globex'))).toEqual({ legal_holds: [] })
    await expect(service.releaseLegalHold(elsewhere, hold, { reason: 'mine' })).rejects.toMatchObject({ code: 'not_found' })
    await expect(service.releaseLegalHold(administrator, 'none', { reason: 'x' })).rejects.toMatchObject({ code: 'not_found' })
    const unnamed = caller('admin', { roles: ['administrator'] })
    for (const who of [operator, auditor, gateway, unnamed])
      await expect(service.placeLegalHold(who, { reason: 'x' })).rejects.toMatchObject({ code: 'forbidden' })
  })
})
