import { describe, expect, it } from 'vitest'

import type { DocumentKey } from '../../src/ledger/documents/documents.ts'
import { createDocumentTable } from '../../src/stores/sqlite/document-table.ts'
import { createLruCache } from '../../src/stores/sqlite/lru-cache.ts'
import type { Reader } from '../../src/stores/sqlite/reader.ts'
import { newAgentTrust } from '../../src/trust/stored-trust.ts'

const key = (id: string): DocumentKey<'agent'> => ({ kind: 'agent', tenant: 'default', id })
const trusted = (q: number) => ({ ...newAgentTrust(), heat: { q, tnMs: null } })

/** What is committed, by id; and every time it was asked. */
function database(texts: Readonly<Record<string, string>>) {
  const committed = new Map(Object.entries(texts))
  const asked: string[] = []
  const reader = {
    documents: (kinds: readonly string[]) => {
      expect(kinds).not.toContain('agent')
      return []
    },
    document: ({ id }: DocumentKey) => {
      asked.push(id)
      return committed.get(id)
    },
    list: () => [...committed.keys()].sort(),
  } as unknown as Reader
  return { committed, asked, reader }
}

describe('documents of agents', () => {
  it('are not read at the start, once when asked for, and again when others have taken their place', () => {
    const { asked, reader } = database({
      a: JSON.stringify(trusted(1)),
      b: JSON.stringify(trusted(2)),
      c: JSON.stringify(trusted(3)),
    })
    const overlay = createDocumentTable(reader, 2)
    expect(asked).toEqual([])
    expect([overlay.get(key('a'))?.heat.q, overlay.get(key('a'))?.heat.q, overlay.get(key('b'))?.heat.q]).toEqual([1, 1, 2])
    expect(asked).toEqual(['a', 'b'])
    overlay.get(key('a'))
    overlay.get(key('c'))
    expect([overlay.get(key('a'))?.heat.q, overlay.get(key('b'))?.heat.q]).toEqual([1, 2])
    expect(asked).toEqual(['a', 'b', 'c', 'b'])
  })

  it('that are not there are asked for once', () => {
    const { asked, reader } = database({})
    const overlay = createDocumentTable(reader, 2)
    expect([overlay.get(key('a')), overlay.get(key('a'))]).toEqual([undefined, undefined])
    expect(asked).toEqual(['a'])
  })

  it('that are not there push out none that is', () => {
    const { asked, reader } = database({ a: JSON.stringify(trusted(1)) })
    const overlay = createDocumentTable(reader, 1)
    overlay.get(key('a'))
    for (const made of ['x', 'y', 'z']) overlay.get(key(made))
    expect(overlay.get(key('a'))?.heat.q).toBe(1)
    expect(asked).toEqual(['a', 'x', 'y', 'z'])
  })

  it('that were not there are seen once they are written, also when others have taken their place', () => {
    const { committed, reader } = database({ b: JSON.stringify(trusted(2)) })
    const overlay = createDocumentTable(reader, 1)
    expect(overlay.get(key('a'))).toBeUndefined()
    overlay.set(key('a'), trusted(3))
    overlay.mark([key('a')], 1)
    committed.set('a', JSON.stringify(trusted(3)))
    overlay.release([key('a')], 1)
    overlay.get(key('b'))
    expect(overlay.get(key('a'))?.heat.q).toBe(3)
  })

  it('are seen as written, before the commit and after it, and also after a later change is taken back', () => {
    const { committed, asked, reader } = database({ a: JSON.stringify(trusted(1)), b: JSON.stringify(trusted(2)) })
    const overlay = createDocumentTable(reader, 1)
    overlay.get(key('a'))
    overlay.set(key('a'), trusted(7))
    overlay.mark([key('a')], 1)
    expect(overlay.get(key('a'))?.heat.q).toBe(7)
    committed.set('a', JSON.stringify(trusted(7)))
    overlay.release([key('a')], 1)
    expect(overlay.get(key('a'))?.heat.q).toBe(7)
    const restore = overlay.restorer(key('a'))
    overlay.set(key('a'), trusted(9))
    restore()
    expect(overlay.get(key('a'))?.heat.q).toBe(7)
    expect(asked).toEqual(['a'])
    overlay.get(key('b'))
    expect(overlay.get(key('a'))?.heat.q).toBe(7)
    expect(asked).toEqual(['a', 'b', 'a'])
  })

  it('that a later batch writes again stay as that wrote them', () => {
    const { reader } = database({})
    const overlay = createDocumentTable(reader, 1)
    overlay.set(key('a'), trusted(1))
    overlay.mark([key('a')], 1)
    overlay.set(key('a'), trusted(2))
    overlay.mark([key('a')], 2)
    overlay.release([key('a')], 1)
    expect(overlay.get(key('a'))?.heat.q).toBe(2)
    expect(overlay.list('agent', 'default')).toEqual(['a'])
  })

  it('that are damaged are refused when they are asked for', () => {
    const overlay = createDocumentTable(database({ a: '{}' }).reader)
    expect(() => overlay.get(key('a'))).toThrow('is not a valid agent document')
  })
})

describe('the cache', () => {
  it('keeps what was asked for last', () => {
    const cache = createLruCache<number>(2)
    cache.set('a', 1)
    cache.set('b', 2)
    cache.get('a')
    cache.set('c', 3)
    cache.set('c', 4)
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 4])
  })
})
