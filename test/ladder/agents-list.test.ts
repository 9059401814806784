import { describe, expect, it } from 'vitest'

import { ask, gateway, operator } from '../support/callers.ts'
import { testService } from '../support/test-service.ts'

describe('the list of agents', () => {
  it('has those of the catalogue and those that did anything, by name, with their trust', async () => {
    const { service, earn } = await testService()
    await earn('finance-agent', 'bookkeeping:light', 2)
    await earn('stranger', 'unknown:full', 1)
    await service.contain(operator, { target: { kind: 'agent', agent: 'finance-agent' }, reason: 'test' })
    const { agents, total, next } = await service.agents(operator, { limit: 100 })
    const names = agents.map(({ agent }) => agent)
    expect(names).toEqual(names.toSorted())
    expect([total, next]).toEqual([names.length, null])
    expect(names).toEqual(expect.arrayContaining(['coding-agent', 'finance-agent', 'stranger']))
    expect(agents.find(({ agent }) => agent === 'finance-agent')).toMatchObject({
      known: true,
      tier: 'high',
      scopes: [{ scope: 'bookkeeping:light', level_granted: 2 }],
      containments: 1,
    })
    expect(agents.find(({ agent }) => agent === 'stranger')).toMatchObject({ known: false, containments: 0 })
    expect(agents.find(({ agent }) => agent === 'coding-agent')).toMatchObject({ known: true, scopes: [] })
  })

  it('comes in pages, each agent once', async () => {
    const { service } = await testService()
    const whole = await service.agents(operator, { limit: 100 })
    const found: string[] = []
    let after: string | null | undefined
    while (after !== null) {
      const page = await service.agents(operator, { limit: 2, after })
      expect(page.agents.length).toBeLessThanOrEqual(2)
      found.push(...page.agents.map(({ agent }) => agent))
      after = page.next
    }
    expect(found).toEqual(whole.agents.map(({ agent }) => agent))
  })

  it('is of one tenant, and for an agent’s own credential of itself', async () => {
    const { service, earn } = await testService()
    await earn('stranger', 'unknown:full', 1, 'globex')
    const own = await service.agents({ ...gateway, roles: ['agent'], agent: 'support-agent' }, { limit: 10 })
    expect(own).toMatchObject({ agents: [{ agent: 'support-agent' }], total: 1 })
    const names = async (tenant: string) =>
      (await service.agents({ ...operator, tenant }, { limit: 100 })).agents.map(({ agent }) => agent)
    expect(await names('default')).not.toContain('stranger')
    expect(await names('globex')).toContain('stranger')
    expect((await service.evaluate(gateway, ask('stranger', 'unheard_of'))).outcome).toBe('deny')
  })
})
