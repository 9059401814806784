import type { TrustConstants } from '../../trust/constants.ts'
import type { DocumentKey, DocumentKind, Documents } from '../documents/documents.ts'

/** The documents that effects read and write, and the constants in force. */
export type ProjectionState = {
  readonly document: <K extends DocumentKind>(key: DocumentKey<K>) => Documents[K] | undefined
  readonly put: <K extends DocumentKind>(key: DocumentKey<K>, document: Documents[K]) => void
  readonly constants: () => TrustConstants
  readonly useConstants: (constants: TrustConstants) => void
}
