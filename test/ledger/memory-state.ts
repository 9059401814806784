import { type DocumentKey, type DocumentKind, documentName, type Documents } from '../../src/ledger/documents/documents.ts'
import type { ProjectionState } from '../../src/ledger/fold/fold.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../src/trust/default-constants.ts'

/** Documents in memory under the default constants, and the names of those that were written. */
export function memoryState(): ProjectionState & { readonly written: () => readonly string[] } {
  const documents = new Map<string, Documents[DocumentKind]>()
  return {
    document: <K extends DocumentKind>(of: DocumentKey<K>) => documents.get(documentName(of)) as Documents[K] | undefined,
    put: (of, document) => void documents.set(documentName(of), document),
    constants: () => DEFAULT_TRUST_CONSTANTS,
    useConstants: () => undefined,
    written: () => [...documents.keys()],
  }
}
