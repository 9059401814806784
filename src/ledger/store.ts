import type { TrustConstants } from '../trust/constants.ts'
import type { DocumentKey, DocumentKind, Documents } from './documents/documents.ts'
import type { AuditRecord, RecordKind } from './record.ts'

/** The time now, ms since 1970, never running backwards within a process. */
export type Clock = () => number

/** Where a record went. */
export type Appended = { readonly leafIndex: number }

/** A record before it has its place: the store adds nothing but the place. `masked` members are stored without their value. */
export type NewRecord = { readonly record: AuditRecord; readonly masked?: readonly string[] }

/** Documents and records as they stand, one consistent moment. */
export type View = {
  readonly document: <K extends DocumentKind>(key: DocumentKey<K>) => Documents[K] | undefined
  /** The record of this id as written, sealed members restored where they are still there. */
  readonly record: (tenant: string, id: string) => StoredRecord | undefined
  /** Constants of the policy set in force, by the log. */
  readonly constants: () => TrustConstants
  /** Counts applied records; an answer's `state_version`. */
  readonly stateVersion: () => number
}

/** A view that can also append. Effects of an appended record are in the view at once. */
export type Transaction = View & { readonly append: (entry: NewRecord) => Appended }

/** What of a stored record is still readable: all of it, or with members masked at writing or erased later. */
export type RecordState = 'whole' | 'masked' | 'erased'

/** A record as it stands in the log. */
export type StoredRecord = { readonly leafIndex: number; readonly record: AuditRecord; readonly state: RecordState }

/** Which records. Times are ISO 8601, `since` inclusive, `until` exclusive. */
export type RecordQuery = {
  readonly tenant?: string
  readonly kinds?: readonly RecordKind[]
  readonly agent?: string
  readonly user?: string
  readonly action?: string
  readonly outcome?: string
  readonly decisionId?: string
  readonly since?: string
  readonly until?: string
  /** Leaf index to go on from, inclusive (exclusive upper bound when `newestFirst`). */
  readonly from?: number
  readonly newestFirst?: boolean
  /** 1–1,000. */
  readonly limit: number
}

/** A proof that a record is in the log: leaf and inclusion path under a signed tree head. */
export type RecordProof = {
  readonly leafIndex: number
  readonly leafHash: string
  readonly path: readonly string[]
  readonly checkpoint: string
}

/** That the newest signed tree continues an older one: its size, its note, and the proof (RFC 6962, 2.1.2) in Base 64. */
export type TreeGrowth = { readonly size: number; readonly checkpoint: string; readonly path: readonly string[] }

/** Documents a change may touch, named before it starts, so that an engine elsewhere can load them first. */
export type DocumentKeys = readonly DocumentKey[]

/**
 * The state and the log. State is the fold of the records' effects; a change is atomic, and is durable before its promise resolves.
 * Every engine passes `test/stores/contract.ts`.
 */
export type Store = {
  /** Runs `change` at one consistent moment, in one sequence with all others; resolves when what it appended is durable. Rejects with code `store_fenced` once a commit has failed. */
  readonly transact: <T>(documentKeys: DocumentKeys, change: (transaction: Transaction) => T) => Promise<T>
  readonly read: <T>(documentKeys: DocumentKeys, view: (view: View) => T) => Promise<T>
  readonly query: (query: RecordQuery) => Promise<readonly StoredRecord[]>
  /** Ids of a tenant's documents of a kind, sorted. */
  readonly list: (kind: DocumentKind, tenant: string) => Promise<readonly string[]>
  readonly tenants: () => Promise<readonly string[]>
  /** Archives a policy set's bytes by digest; the same digest twice is one. */
  readonly archive: (digest: string, bytes: Uint8Array) => Promise<void>
  readonly archived: (digest: string) => Promise<Uint8Array | undefined>
  /** Which of these members of a record still hold sealed values, in the order given. Rejects with `not_found`. */
  readonly erasable: (leafIndex: number, members: readonly string[]) => Promise<readonly string[]>
  /**
   * Removes the values of sealed members of records, all at once; the leaves, and so every proof, stay. Returns how many values went.
   * Rejects with `not_found` for an index without a record. What the log has to say of it is said before, by who removes them.
   */
  readonly erase: (leafIndexes: readonly number[], members: readonly string[]) => Promise<number>
  readonly proof: (leafIndex: number) => Promise<RecordProof | undefined>
  /** The newest signed tree head, and that it continues the tree of so many leaves; undefined where it has fewer. */
  readonly growth: (from: number) => Promise<TreeGrowth | undefined>
  /** The newest signed tree head. */
  readonly checkpoint: () => Promise<string>
  readonly size: () => number
  /** Why nothing can be written any more; undefined while all is well. */
  readonly fenced: () => string | undefined
  readonly close: () => Promise<void>
}

/** Most records one page holds. */
export const PAGE_RECORDS_MAX = 1_000
