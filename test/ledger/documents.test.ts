import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { type DocumentKey, documentName } from '../../src/ledger/documents/documents.ts'

const key = fc.record({
  kind: fc.constantFrom('agent', 'activity'),
  tenant: fc.string(),
  id: fc.string(),
}) as fc.Arbitrary<DocumentKey>

describe('the name of a document', () => {
  it('is another one for another tenant, kind or id, whatever is in them', () => {
    expect(documentName({ kind: 'agent', tenant: 'acme', id: 'a' })).not.toBe(
      documentName({ kind: 'agent', tenant: 'globex', id: 'a' }),
    )
    expect(documentName({ kind: 'agent', tenant: 'a/b', id: 'c' })).not.toBe(
      documentName({ kind: 'agent', tenant: 'a', id: 'b/c' }),
    )
    fc.assert(
      fc.property(key, key, (one, other) => {
        const isSame = one.kind === other.kind && one.tenant === other.tenant && one.id === other.id
        expect(documentName(one) === documentName(other)).toBe(isSame)
      }),
    )
  })
})
