/** One value of an upload as it was read, or why it could not be. */
export type LogLine = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string }

/** Why an entry was not taken. */
export const REJECTIONS = [
  'unreadable',
  'no_entry',
  'erased',
  'masked',
  'failed',
  'no_decision',
  'no_request',
  'too_large',
] as const
export type Rejection = (typeof REJECTIONS)[number]

/** What became of an upload. */
export type LogAnswer = {
  readonly received: number
  readonly recorded: number
  /** Recorded before: senders repeat whole chunks. */
  readonly repeated: number
  readonly rejected: number
  readonly problems: readonly {
    /** From 0. */
    readonly index: number
    readonly decision_id: string | null
    readonly reason: Rejection
    readonly message: string
  }[]
}
