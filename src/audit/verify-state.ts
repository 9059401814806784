import { canonicalJson } from '../format/canonical-json.ts'
import {
  type DocumentKey,
  type DocumentKind,
  documentName,
  type Documents,
  PASSING_KINDS,
} from '../ledger/documents/documents.ts'
import type { ProjectionState } from '../ledger/fold/fold.ts'
import type { Projector } from '../ledger/projector.ts'
import type { AuditRecord } from '../ledger/record.ts'
import type { TrustConstants } from '../trust/constants.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../trust/default-constants.ts'
import type { LogDocument } from './log-reader.ts'
import { openTemporaryTable, type TemporaryTable } from './temporary-table.ts'
import type { Findings } from './verify-findings.ts'

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
export function createStateCheck(project: Projector, findings: Findings): StateCheck {
  const documents = createDerivedDocuments()
  let constants = DEFAULT_TRUST_CONSTANTS
  const state: ProjectionState = {
    document: documents.get,
    put: documents.set,
    constants: () => constants,
    useConstants: (next) => {
      constants = next
    },
  }
  return {
    apply: (leafIndex, record) => {
      try {
        project(record.effects, Date.parse(record.at), record.tenant, state)
      } catch (error) {
        const message = `The effects cannot be applied: ${String(error)}`
        findings.add({ kind: 'effects_failed', leafIndex, id: record.id, message })
      }
    },
    documents: documents.list,
    constants: () => (constants === DEFAULT_TRUST_CONSTANTS ? undefined : JSON.stringify(constants)),
    compare: (stored, storedConstants) => {
      const count = compareDocuments(documents, stored, findings)
      compareConstants(constants, storedConstants, findings)
      return count
    },
    close: documents.close,
  }
}

/** Documents as the records make them. */
type DerivedDocuments = {
  readonly get: <K extends DocumentKind>(key: DocumentKey<K>) => Documents[K] | undefined
  readonly set: <K extends DocumentKind>(key: DocumentKey<K>, document: Documents[K]) => void
  readonly delete: (key: DocumentKey) => void
  readonly names: () => Iterable<string>
  readonly list: () => Iterable<LogDocument>
  readonly close: () => void
}

function createDerivedDocuments(): DerivedDocuments {
  const inMemory = new Map<string, unknown>()
  const onDisk = openTemporaryTable()
  const tableOf = (key: DocumentKey): Pick<TemporaryTable, 'get' | 'set' | 'delete'> =>
    PASSING_KINDS.includes(key.kind) ? onDisk : inMemory
  return {
    get: <K extends DocumentKind>(key: DocumentKey<K>) => tableOf(key).get(documentName(key)) as Documents[K] | undefined,
    set: (key, document) => {
      tableOf(key).set(documentName(key), document)
    },
    delete: (key) => {
      tableOf(key).delete(documentName(key))
    },
    names: function* () {
      yield* inMemory.keys()
      yield* onDisk.names()
    },
    list: function* () {
      for (const [name, document] of inMemory) yield { key: keyOf(name), text: JSON.stringify(document) }
      for (const name of onDisk.names()) yield { key: keyOf(name), text: JSON.stringify(onDisk.get(name)) }
    },
    close: onDisk.close,
  }
}

/** Compares every stored document with the derived one, which is forgotten with this; returns how many were stored. */
function compareDocuments(derived: DerivedDocuments, stored: Iterable<LogDocument>, findings: Findings): number {
  const differs = (subject: string, message: string): void => findings.add({ kind: 'document_differs', subject, message })
  let count = 0
  for (const { key, text } of stored) {
    count += 1
    const document = derived.get(key)
    if (document === undefined) differs(documentName(key), 'No record explains this document.')
    else if (canonicalOf(text) !== canonicalOf(JSON.stringify(document)))
      differs(documentName(key), 'The document is not what the records make of it.')
    derived.delete(key)
  }
  for (const name of derived.names()) differs(name, 'The records make this document, but it is not stored.')
  return count
}

function compareConstants(derived: TrustConstants, stored: string | undefined, findings: Findings): void {
  const isSame =
    stored === undefined ? derived === DEFAULT_TRUST_CONSTANTS : canonicalOf(stored) === canonicalOf(JSON.stringify(derived))
  if (isSame) return
  const message = 'The stored trust constants are not those of the newest policy set in the records.'
  findings.add({ kind: 'document_differs', subject: 'constants', message })
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
