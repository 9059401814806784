import type { TrustConstants } from '../../trust/constants.ts'
import type { TrustChange } from '../../trust/trust-change.ts'
import type { DocumentKey, DocumentKind, Documents } from '../documents/documents.ts'
import type { Effect, EffectOf } from '../effect.ts'

/** The documents that effects read and write, and the constants in force. */
export type ProjectionState = {
  readonly document: <K extends DocumentKind>(key: DocumentKey<K>) => Documents[K] | undefined
  readonly put: <K extends DocumentKind>(key: DocumentKey<K>, document: Documents[K]) => void
  readonly constants: () => TrustConstants
  readonly useConstants: (constants: TrustConstants) => void
}

/** Where and when something happens: the tenant of a record, and its time, ms since 1970. */
export type Moment = { readonly tenant: string; readonly nowMs: number }

/** How an effect of one kind changes the state. Returns what happened to levels and incidents on the way. */
export type FoldRule<K extends Effect['kind']> = (
  effect: EffectOf<K>,
  moment: Moment,
  state: ProjectionState,
) => readonly TrustChange[]

/** A rule for each of these kinds of effects. */
export type FoldRules<K extends Effect['kind']> = { readonly [Kind in K]: FoldRule<Kind> }

/** What an effect does to levels and incidents that changes no trust. */
export const NO_CHANGES: readonly TrustChange[] = []
