import type { ErrorPlace, ServiceError } from '../../format/error.ts'
import type { AsideEndpoint, AsideExchange } from '../../http/native/read-aside.ts'
import type { Fault, Reply } from '../../http/exchange.ts'

/** How the thread that reads is started. */
export type ReaderOptions = { readonly dataDir: string }

/** What the thread that reads is asked. */
export type ReaderRequest =
  | {
      readonly kind: 'read'
      readonly job: number
      readonly endpoint: AsideEndpoint
      readonly exchange: AsideExchange
      /** Digest of the policy set in force. */
      readonly policySet: string
      /** The time of the answer, ms since 1970. */
      readonly nowMs: number
    }
  /** Nobody waits for the job any more. */
  | { readonly kind: 'leave'; readonly job: number }

/** What a reading has to be noted as in the log, once for each element, before it is answered. */
export type ReadingNotes = readonly Readonly<Record<string, unknown>>[]

/** An error as it can be sent; `code` is null for a bug. */
export type SentError = {
  readonly code: ServiceError['code'] | null
  readonly message: string
  readonly stack: string | undefined
  readonly fix: string | undefined
  readonly place: ErrorPlace
}

/** What came of a job. */
export type ReaderAnswer = { readonly job: number } & (
  | {
      readonly kind: 'reply'
      readonly reply: Omit<Reply, 'body' | 'bytes' | 'stream'>
      readonly bytes: Uint8Array
      readonly notes: ReadingNotes
    }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly notes: ReadingNotes }
  | { readonly kind: 'error'; readonly error: SentError }
)
