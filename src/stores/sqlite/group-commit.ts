import type { ServiceError } from '../../format/error.ts'
import type { DocumentKey } from '../../ledger/documents/documents.ts'
import type { Entry } from '../transactions.ts'
import type { BatchMessage, WriterAnswer } from './writer-protocol.ts'

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

/** What a group commit needs. */
export type GroupCommitDeps = {
  readonly message: (batch: CommitBatch) => BatchMessage
  readonly commit: (message: BatchMessage) => Promise<WriterAnswer>
  readonly committed: (batch: CommitBatch, answer: WriterAnswer) => void
  /** A commit failed: nothing may be written any more. Returns what all who wait are told. */
  readonly failed: (error: unknown) => ServiceError
  readonly name: (key: DocumentKey) => string
}

/** Groups changes into commits: all changes of one turn of the event loop, or of the time the commit before took. */
export type GroupCommit = {
  /** The batch that the next change goes into. */
  readonly number: () => number
  readonly add: (change: Change) => Promise<void>
  /** Resolves when everything added so far is durable. */
  readonly settled: () => Promise<void>
}

/** A group commit with nothing to commit. */
export function createGroupCommit(deps: GroupCommitDeps): GroupCommit {
  const queue: CommitQueue = { deps, next: emptyBatch(1), running: undefined, isScheduled: false }
  return {
    number: () => queue.next.number,
    add: (change) => {
      addChange(queue, change)
      return durable(queue.next)
    },
    settled: () => {
      if (queue.next.entries.length > 0) return durable(queue.next)
      return queue.running === undefined ? Promise.resolve() : durable(queue.running)
    },
  }
}

type CommitQueue = {
  readonly deps: GroupCommitDeps
  /** What the next change goes into. */
  next: CommitBatch
  /** What is being committed. */
  running: CommitBatch | undefined
  /** A commit begins after this turn of the event loop. */
  isScheduled: boolean
}

function addChange(queue: CommitQueue, { entries, changed, constantsChanged }: Change): void {
  const { next, deps } = queue
  next.entries.push(...entries)
  for (const key of changed) next.documents.set(deps.name(key), key)
  next.constantsChanged ||= constantsChanged
  if (queue.isScheduled || queue.running !== undefined) return
  queue.isScheduled = true
  setImmediate(() => startCommit(queue))
}

function startCommit(queue: CommitQueue): void {
  queue.isScheduled = false
  if (queue.running !== undefined || queue.next.entries.length === 0) return
  const batch = queue.next
  queue.running = batch
  queue.next = emptyBatch(batch.number + 1)
  commit(queue, batch).then(
    (answer) => finish(queue, batch, answer),
    (error: unknown) => failAll(queue, batch, error),
  )
}

async function commit({ deps }: CommitQueue, batch: CommitBatch): Promise<WriterAnswer> {
  return deps.commit(deps.message(batch))
}

/** The next commit begins before those are told who waited for this one. */
function finish(queue: CommitQueue, batch: CommitBatch, answer: WriterAnswer): void {
  queue.running = undefined
  queue.deps.committed(batch, answer)
  if (queue.next.entries.length > 0) startCommit(queue)
  for (const { resolve } of batch.waiting) resolve()
}

/** Changes that came after the failed ones stand on them, so they fail, too. */
function failAll(queue: CommitQueue, batch: CommitBatch, error: unknown): void {
  const refusal = queue.deps.failed(error)
  const all = [...batch.waiting, ...queue.next.waiting]
  queue.running = undefined
  queue.next = emptyBatch(queue.next.number + 1)
  for (const { reject } of all) reject(refusal)
}

function durable(batch: CommitBatch): Promise<void> {
  return new Promise((resolve, reject) => void batch.waiting.push({ resolve, reject }))
}

function emptyBatch(number: number): CommitBatch {
  return { number, entries: [], documents: new Map(), constantsChanged: false, waiting: [] }
}
