import type { ServiceError } from '../../format/error.ts'
import type { DocumentKey } from '../../ledger/documents/documents.ts'
import type { Entry } from '../ledger.ts'
import type { BatchMessage, WriterAnswer } from './messages.ts'

/** What one change hands over. */
export type Change = {
  readonly entries: readonly Entry[]
  readonly changed: readonly DocumentKey[]
  readonly constantsChanged: boolean
}

/** What is committed together, and who waits for it. */
export type CommitBatch = {
  readonly number: number
  readonly entries: Entry[]
  readonly documents: Map<string, DocumentKey>
  constantsChanged: boolean
  readonly waiting: { readonly resolve: () => void; readonly reject: (error: ServiceError) => void }[]
}

/** What the committer needs. */
export type CommitterDeps = {
  readonly message: (batch: CommitBatch) => BatchMessage
  readonly commit: (message: BatchMessage) => Promise<WriterAnswer>
  readonly committed: (batch: CommitBatch, answer: WriterAnswer) => void
  /** A commit failed: nothing may be written any more. Returns what all who wait are told. */
  readonly failed: (error: unknown) => ServiceError
  readonly name: (key: DocumentKey) => string
}

/** Groups changes into commits: all changes of one turn of the event loop, or of the time the commit before took. */
export type Committer = {
  /** The batch that the next change goes into. */
  readonly number: () => number
  readonly add: (change: Change) => Promise<void>
  /** Resolves when everything added so far is durable. */
  readonly settled: () => Promise<void>
  /** Nothing waits to become durable. */
  readonly isIdle: () => boolean
}

/** A committer without anything to commit. */
export function createCommitter(deps: CommitterDeps): Committer {
  let next = emptyBatch(1)
  let running: CommitBatch | undefined
  let scheduled = false

  const waitFor = (batch: CommitBatch): Promise<void> =>
    new Promise((resolve, reject) => void batch.waiting.push({ resolve, reject }))
  const finish = (batch: CommitBatch, answer: WriterAnswer): void => {
    running = undefined
    deps.committed(batch, answer)
    if (next.entries.length > 0) run()
    for (const { resolve } of batch.waiting) resolve()
  }
  const stop = (batch: CommitBatch, error: unknown): void => {
    const told = deps.failed(error)
    const all = [...batch.waiting, ...next.waiting]
    running = undefined
    next = emptyBatch(next.number + 1)
    for (const { reject } of all) reject(told)
  }
  const commit = async (batch: CommitBatch): Promise<WriterAnswer> => deps.commit(deps.message(batch))
  const run = (): void => {
    scheduled = false
    if (running !== undefined || next.entries.length === 0) return
    const batch = next
    running = batch
    next = emptyBatch(batch.number + 1)
    commit(batch).then(
      (answer) => finish(batch, answer),
      (error: unknown) => stop(batch, error),
    )
  }
  return {
    number: () => next.number,
    add: ({ entries, changed, constantsChanged }) => {
      next.entries.push(...entries)
      for (const key of changed) next.documents.set(deps.name(key), key)
      next.constantsChanged ||= constantsChanged
      if (!scheduled && running === undefined) {
        scheduled = true
        setImmediate(run)
      }
      return waitFor(next)
    },
    settled: () => {
      if (next.entries.length > 0) return waitFor(next)
      return running === undefined ? Promise.resolve() : waitFor(running)
    },
    isIdle: () => running === undefined && next.entries.length === 0,
  }
}

function emptyBatch(number: number): CommitBatch {
  return { number, entries: [], documents: new Map(), constantsChanged: false, waiting: [] }
}
