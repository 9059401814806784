import type { ProjectionState } from './projection.ts'
import type { View } from './ports.ts'
import { documentName, type DocumentKey, type DocumentKind, type Documents } from '../model/documents.ts'

/** The view's documents with changes of their own on top: to see what effects would do before they are recorded. */
export function sandbox(view: View): ProjectionState {
  const changed = new Map<string, Documents[DocumentKind]>()
  let constants = view.constants()
  return {
    document: <K extends DocumentKind>(key: DocumentKey<K>) =>
      (changed.get(documentName(key)) as Documents[K] | undefined) ?? view.document(key),
    put: (key, document) => void changed.set(documentName(key), document),
    constants: () => constants,
    useConstants: (next) => {
      constants = next
    },
  }
}
