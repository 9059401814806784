import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  type DocumentKey,
  type DocumentKind,
  documentName,
  DOCUMENTS,
  type Documents,
} from '../../src/ledger/documents/documents.ts'
import { project, type ProjectionState } from '../../src/ledger/fold/fold.ts'
import { AuditRecord } from '../../src/ledger/record.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../src/trust/default-constants.ts'
import { documentsOf, newTrack, operate, operation } from '../support/operations.ts'
import { runs } from '../support/runs.ts'
import { testService } from '../support/test-service.ts'

/** State as the fold of records alone. */
function folding() {
  const documents = new Map<string, Documents[DocumentKind]>()
  let constants = DEFAULT_TRUST_CONSTANTS
  const state: ProjectionState = {
    document: <K extends DocumentKind>(key: DocumentKey<K>) => documents.get(documentName(key)) as Documents[K] | undefined,
    put: (key, document) => void documents.set(documentName(key), document),
    constants: () => constants,
    useConstants: (next) => {
      constants = next
    },
  }
  return { documents, state }
}

/** The name that `documentsOf` gives a document. */
function withoutTenant(name: string): string {
  const [kind = '', , id = ''] = name.split('/')
  return `${kind}/${decodeURIComponent(id)}`
}

describe('state', () => {
  it('is what its records say, and records and documents are of their schemas', async () => {
    const steps = fc.array(operation, { minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const tested = await testService()
        const track = newTrack()
        for (const step of all) await operate(tested, step, track, 'default')
        const { documents, state } = folding()
        for (const { record } of await tested.store.query({ limit: 1_000 })) {
          const read = AuditRecord.parse(JSON.parse(JSON.stringify(record)))
          project(read.effects, Date.parse(read.at), read.tenant, state)
        }
        const kept = await documentsOf(tested, 'default')
        const derived = Object.fromEntries([...documents].map(([name, document]) => [withoutTenant(name), document]))
        expect(derived).toEqual(kept)
        for (const [name, document] of Object.entries(kept)) DOCUMENTS[name.split('/')[0] as DocumentKind].parse(document)
      }),
      runs(25),
    )
  })
})
