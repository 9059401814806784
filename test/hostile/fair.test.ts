import { describe, expect, it } from 'vitest'

import type { Store } from '../../src/ledger/store.ts'
import { HISTORIES_OF_TENANT_MAX, HISTORIES_WAITING_MAX } from '../../src/reports/trust-history/trust-history.ts'
import { ask, caller, gateway } from '../support/callers.ts'
import { testService } from '../support/test-service.ts'

const AGENT = 'finance-agent'
const ofAcme = caller('reader', { roles: ['auditor'], tenant: 'acme' })
const ofDefault = caller('auditor', { roles: ['auditor'] })

/** The real store, whose answers about one tenant come only when the gate opens: a long log on a slow disk. */
function slowFor(store: Store, tenant: string, gate: Promise<void>): Store {
  return {
    ...store,
    query: async (query) => {
      if (query.tenant === tenant) await gate
      return store.query(query)
    },
  }
}

describe('heavy reading of one tenant', () => {
  it('leaves the reads and decisions of another one answered, while its own line is full', async () => {
    let open: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (open = resolve))
    const { service } = await testService({ store: (store) => slowFor(store, 'acme', gate) })
    const fits = HISTORIES_OF_TENANT_MAX + HISTORIES_WAITING_MAX
    const heavy = Array.from({ length: fits + 3 }, () => service.trustHistory(ofAcme, AGENT, { limit: 100 }))
    const refused = await Promise.all(heavy.slice(fits).map((each) => each.catch((error: unknown) => error)))
    expect(refused).toMatchObject([{ code: 'not_ready' }, { code: 'not_ready' }, { code: 'not_ready' }])
    expect(await service.trustHistory(ofDefault, AGENT, { limit: 100 })).toMatchObject({ agent: AGENT, points: [] })
    expect(await service.evaluate(gateway, ask(AGENT, 'categorise_expense'))).toMatchObject({ recorded: true })
    open()
    expect(await Promise.all(heavy.slice(0, fits))).toHaveLength(fits)
  })
})
