import { type DocumentKey, type DocumentKind, documentName, type Documents } from './documents/documents.ts'
import type { ProjectionState } from './fold/fold.ts'
import type { View } from './store.ts'

/** The view as it would be with what is in its sandbox. */
export function sandboxView(trial: Pick<ProjectionState, 'document'>, view: View): View {
  return {
    document: trial.document,
    record: (tenant, id) => view.record(tenant, id),
    constants: () => view.constants(),
    stateVersion: () => view.stateVersion(),
  }
}

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
