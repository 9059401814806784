import {
  type DocumentKey,
  type DocumentKind,
  documentName,
  type Documents,
  PASSING_KINDS,
} from '../ledger/documents/documents.ts'
import type { Effect } from '../ledger/effect.ts'
import { project, type ProjectionState } from '../ledger/fold/fold.ts'
import type { Scratch } from '../ledger/scratch.ts'
import type { StoredRecord, View } from '../ledger/store.ts'
import type { ScopeKey } from '../model/scope.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import type { TrustConstants } from '../trust/constants.ts'
import { type ConstantsHistory, sameConstants } from './constants-history.ts'
import { createPromotions, type PromotionCounts } from './promotions.ts'
import { createReweighing } from './reweigh.ts'

/**
 * The state up to the record applied last. If the candidate has other trust constants than the log, it is derived under those.
 */
export type Past = {
  readonly view: View
  /** True: the candidate has other constants than the log, so trust is derived again. */
  readonly rederives: boolean
  readonly apply: (stored: StoredRecord) => void
  /** Applies effects that no record holds (those of a foreign decision log). */
  readonly add: (effects: readonly Effect[], atMs: number, tenant: string) => void
  /** Applies the promotions that the timer would have granted by now; under other constants they come at other times. */
  readonly catchUp: (agent: { readonly tenant: string; readonly id: string; readonly scope: ScopeKey }, atMs: number) => void
  /** Null if trust is not derived again. */
  readonly promotions: () => PromotionCounts | null
}

/** What deriving the past needs. */
export type PastDeps = {
  readonly candidate: Pick<PolicySet, 'constants' | 'settings' | 'catalogue'>
  readonly history: ConstantsHistory
  readonly scratch: Scratch
  /** True: a timer evaluates promotions. */
  readonly promotes: boolean
}

/** The state before the first record. Memory grows with agents and tenants, not with records. */
export function createPast({ candidate, history, scratch, promotes }: PastDeps): Past {
  const { constants } = candidate
  const rederives = !history.all.every((each) => sameConstants(each, constants))
  const state = createState(scratch, constants)
  let version = 0
  const reweighing = createReweighing({ constants, history, scratch, state })
  const promotions = rederives ? createPromotions({ candidate, state, isTimed: promotes }) : undefined
  const apply = (effects: readonly Effect[], atMs: number, tenant: string): void => {
    for (const effect of effects) {
      if (effect.kind === 'promote' && promotions !== undefined) promotions.recorded(effect, atMs, tenant)
      else if (effect.kind !== 'verdict' || reweighing.active) project([effect], atMs, tenant, state)
    }
  }
  return {
    view: { document: state.document, record: () => undefined, constants: () => constants, stateVersion: () => version },
    rederives,
    apply: (stored) => {
      const { record } = stored
      version += 1
      promotions?.follow(record)
      apply(reweighing.effectsOf(record), Date.parse(record.at), record.tenant)
    },
    add: apply,
    catchUp: ({ tenant, id, scope }, atMs) => {
      promotions?.due({ tenant, id, scope }, atMs)
    },
    promotions: () => promotions?.counts() ?? null,
  }
}

/** Documents in memory; those that come and go with decisions in the scratch. Constants are always the candidate's. */
function createState(scratch: Scratch, constants: TrustConstants): ProjectionState {
  const documents = new Map<string, Documents[DocumentKind]>()
  return {
    document: <K extends DocumentKind>(key: DocumentKey<K>) => {
      const name = documentName(key)
      return (PASSING_KINDS.includes(key.kind) ? scratch.get(name) : documents.get(name)) as Documents[K] | undefined
    },
    put: (key, document) => {
      if (PASSING_KINDS.includes(key.kind)) scratch.set(documentName(key), document)
      else documents.set(documentName(key), document)
    },
    constants: () => constants,
    useConstants: () => undefined,
  }
}
