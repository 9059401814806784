import type { DocumentKey } from '../ledger/documents/documents.ts'

/** Columns that a store keeps beside a leaf to find it by; each is a copy of what the leaf says. */
export type LogColumns = {
  readonly tenant: string
  readonly kind: string
  readonly id: string
  readonly atMs: number
  readonly agent: string | null
  readonly user: string | null
  readonly action: string | null
  readonly outcome: string | null
  readonly decisionId: string | null
}

/** One row of a log exactly as it is stored; nothing about it is trusted. `payload` is JSON text, empty object when there is none. */
export type LogRow = {
  readonly leafIndex: number
  readonly columns: LogColumns
  readonly leaf: Uint8Array
  readonly leafHash: Uint8Array
  readonly payload: string
}

/** A stored document as JSON text. */
export type LogDocument = { readonly key: DocumentKey; readonly text: string }

/** A stored signed tree head; `size` is what the store files it under. */
export type LogCheckpoint = { readonly size: number; readonly note: string }

/** An archived policy set; `digest` is what the store files it under. */
export type LogPolicySet = { readonly digest: string; readonly bytes: Uint8Array }

/** Reads a log raw, for the verifier: one consistent snapshot, row by row. */
export type LogReader = {
  /** Rows stored, whatever their indexes. */
  readonly count: () => number
  /** In the order of the leaf indexes. */
  readonly rows: () => Iterable<LogRow>
  /** One row; undefined for an index without one. */
  readonly row: (leafIndex: number) => LogRow | undefined
  /** Indexes under which values are stored though no row is. */
  readonly strayPayloads: () => Iterable<number>
  readonly documents: () => Iterable<LogDocument>
  /** In the order of their sizes. */
  readonly checkpoints: () => Iterable<LogCheckpoint>
  readonly policySets: () => Iterable<LogPolicySet>
  /** A stored inner node; undefined when this one is not kept. */
  readonly node: (level: number, index: number) => Uint8Array | undefined
  /** Inner nodes stored. */
  readonly nodeCount: () => number
  /** What is wrong with the tables and indexes themselves, by which readers could be shown something else than the rows; in order. */
  readonly damage: () => readonly string[]
  /** Whether the store keeps the nodes of this level. */
  readonly keepsLevel: (level: number) => boolean
  /** JSON text of the frontier that the next append starts from. */
  readonly frontier: () => string | undefined
  /** JSON text of the trust constants in force; undefined when no record set any. */
  readonly constants: () => string | undefined
  readonly close: () => void
}
