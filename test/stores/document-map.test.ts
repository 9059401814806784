import { describe, expect, it } from 'vitest'

import { newActivity } from '../../src/ledger/activity.ts'
import { createDocumentMap } from '../../src/stores/document-map.ts'

describe('documents in memory', () => {
  it('of two tenants are two, under the same kind and id', () => {
    const map = createDocumentMap()
    const [own, other] = (['acme', 'globex'] as const).map((tenant) => ({ kind: 'activity', tenant, id: 'a' }) as const)
    map.set(own!, newActivity())
    expect(map.get(other!)).toBeUndefined()
    expect(map.list('activity', 'globex')).toEqual([])
    map.set(other!, newActivity())
    map.delete(own!)
    expect([map.has(own!), map.has(other!)]).toEqual([false, true])
    expect(map.list('activity', 'globex')).toEqual(['a'])
  })
})
