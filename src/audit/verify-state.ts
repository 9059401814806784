import { DatabaseSync } from 'node:sqlite'

import { canonicalJson } from '../format/canonical-json.ts'
import {
  type DocumentKey,
  type DocumentKind,
  documentName,
  type Documents,
  PASSING_KINDS,
} from '../ledger/documents/documents.ts'
import type { Effect } from '../ledger/effect.ts'
import type { ProjectionState } from '../ledger/fold/fold.ts'
import type { AuditRecord } from '../ledger/record.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../trust/constants.ts'
import type { LogDocument } from './log-reader.ts'
import type { Findings } from './verify-findings.ts'

/** The fold of effects (`service/projection.ts`). */
export type Fold = (effects: readonly Effect[], nowMs: number, tenant: string, state: ProjectionState) => unknown

/** State as the records make it. */
export type DerivedState = {
  readonly documents: () => Iterable<LogDocument>
  /** JSON text of the trust constants in force; undefined when no record set any. */
  readonly constants: () => string | undefined
}

/** Derives state from records, and compares it with the stored one at the end. */
export type StateCheck = DerivedState & {
  readonly apply: (leafIndex: number, record: AuditRecord) => void
  /** Compares all stored documents and constants; returns how many documents there were. */
  readonly compare: (stored: Iterable<LogDocument>, constants: string | undefined) => number
  readonly close: () => void
}

/** State before the first record. Documents that grow with the number of decisions are kept in a temporary file. */
export function createStateCheck(fold: Fold, findings: Findings): StateCheck {
  const documents = new Map<string, Documents[DocumentKind]>()
  const spill = createSpill()
  let constants = DEFAULT_TRUST_CONSTANTS
  const isSpilled = (key: DocumentKey): boolean => PASSING_KINDS.includes(key.kind)
  const find = <K extends DocumentKind>(key: DocumentKey<K>): Documents[K] | undefined => {
    const name = documentName(key)
    return (isSpilled(key) ? spill.get(name) : documents.get(name)) as Documents[K] | undefined
  }
  const forget = (key: DocumentKey): void => {
    if (isSpilled(key)) spill.delete(documentName(key))
    else documents.delete(documentName(key))
  }
  const state: ProjectionState = {
    document: find,
    put: (key, document) => {
      if (isSpilled(key)) spill.set(documentName(key), document)
      else documents.set(documentName(key), document)
    },
    constants: () => constants,
    useConstants: (next) => {
      constants = next
    },
  }
  const differs = (subject: string, message: string): void => findings.add({ kind: 'document_differs', subject, message })
  return {
    apply: (leafIndex, record) => {
      try {
        fold(record.effects, Date.parse(record.at), record.tenant, state)
      } catch (error) {
        findings.add({
          kind: 'effects_failed',
          leafIndex,
          id: record.id,
          message: `The effects cannot be applied: ${String(error)}`,
        })
      }
    },
    documents: function* () {
      for (const [name, document] of documents) yield { key: keyOf(name), text: JSON.stringify(document) }
      for (const name of spill.names()) yield { key: keyOf(name), text: JSON.stringify(spill.get(name)) }
    },
    constants: () => (constants === DEFAULT_TRUST_CONSTANTS ? undefined : JSON.stringify(constants)),
    compare: (stored, storedConstants) => {
      let count = 0
      for (const { key, text } of stored) {
        count += 1
        const derived = find(key)
        if (derived === undefined) differs(documentName(key), 'No record explains this document.')
        else if (canonicalOf(text) !== canonicalOf(JSON.stringify(derived)))
          differs(documentName(key), 'The document is not what the records make of it.')
        forget(key)
      }
      for (const name of [...documents.keys(), ...spill.names()])
        differs(name, 'The records make this document, but it is not stored.')
      const isSame =
        storedConstants === undefined
          ? constants === DEFAULT_TRUST_CONSTANTS
          : canonicalOf(storedConstants) === canonicalOf(JSON.stringify(constants))
      if (!isSame) differs('constants', 'The stored trust constants are not those of the newest policy set in the records.')
      return count
    },
    close: () => spill.close(),
  }
}

/** The key whose `documentName` this is. */
function keyOf(name: string): DocumentKey {
  const [kind, tenant = '', id = ''] = name.split('/').map(decodeURIComponent)
  return { kind: kind as DocumentKind, tenant, id }
}

/** Canonical text of a JSON text; undefined when it is none, which equals nothing derived. */
function canonicalOf(text: string): string | undefined {
  try {
    return canonicalJson(JSON.parse(text))
  } catch {
    return undefined
  }
}

type Spill = {
  readonly get: (name: string) => unknown
  readonly set: (name: string, document: unknown) => void
  readonly delete: (name: string) => void
  readonly names: () => Iterable<string>
  readonly close: () => void
}

/** A map in a temporary database that nobody else sees and that is gone when closed. */
function createSpill(): Spill {
  const database = new DatabaseSync('')
  database.exec(
    'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; CREATE TABLE spill (name TEXT PRIMARY KEY, document TEXT) WITHOUT ROWID; BEGIN',
  )
  const get = database.prepare('SELECT document FROM spill WHERE name = ?')
  const set = database.prepare('INSERT OR REPLACE INTO spill VALUES (?, ?)')
  const remove = database.prepare('DELETE FROM spill WHERE name = ?')
  return {
    get: (name) => {
      const text = get.get(name)?.['document']
      return typeof text === 'string' ? (JSON.parse(text) as unknown) : undefined
    },
    set: (name, document) => void set.run(name, JSON.stringify(document)),
    delete: (name) => void remove.run(name),
    names: function* () {
      for (const row of database.prepare('SELECT name FROM spill ORDER BY name').iterate()) yield row['name'] as string
    },
    close: () => database.close(),
  }
}
