import type { ErrorCode } from '../../format/error.ts'
import type { DocumentKey } from '../../ledger/documents/documents.ts'

/** A record on its way to the writer: its JSON text, and which members are stored without their value. */
export type RecordMessage = { readonly text: string; readonly masked: readonly string[] }

/** A document as it stands after the batch. */
export type DocumentMessage = DocumentKey & { readonly document: string }

/** Everything that is committed together. */
export type BatchMessage = {
  readonly kind: 'commit'
  readonly records: readonly RecordMessage[]
  readonly documents: readonly DocumentMessage[]
  /** JSON of the trust constants, when the batch changed them. */
  readonly constants: string | undefined
}

/** What the writer can be asked for. */
export type WriterRequest =
  | BatchMessage
  | { readonly kind: 'erase'; readonly leafIndexes: readonly number[]; readonly members: readonly string[] }
  | { readonly kind: 'archive'; readonly digest: string; readonly bytes: Uint8Array }
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'close' }

/** Leaves committed and the root of their tree, the newest tree head, and for `erase` how many values went. */
export type WriterAnswer = {
  readonly size: number
  readonly root: Uint8Array
  readonly head: SignedTreeHead
  readonly erased: number
}

/** A signed tree head and its size. */
export type SignedTreeHead = { readonly size: number; readonly note: string }

/** An error as it crosses between threads. `passing`: its cause may go away by itself, such as a full disk. */
export type WriterFailure = {
  readonly code: ErrorCode | 'bug'
  readonly message: string
  readonly fix: string | undefined
  readonly passing: boolean
}

/** What the writer says: that it is up, the answer to a request, or something the operator should know. */
export type WriterMessage =
  | { readonly kind: 'answer'; readonly request: number; readonly answer: WriterAnswer }
  | { readonly kind: 'failure'; readonly request: number; readonly failure: WriterFailure }
  | { readonly kind: 'head'; readonly head: SignedTreeHead }
  | { readonly kind: 'warning'; readonly message: string }

/** How a writer is set up. `sensitive` maps record kinds to the members that are sealed. */
export type WriterOptions = {
  readonly file: string
  readonly origin: string
  readonly keyPem: string
  readonly checkpointFile: string | undefined
  readonly checkpointIntervalMs: number
  readonly sensitive: Readonly<Record<string, readonly string[]>>
}
