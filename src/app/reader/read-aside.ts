import { Worker } from 'node:worker_threads'

import type { Caller } from '../../access/caller.ts'
import { ServiceError } from '../../format/error.ts'
import type { Fault, Reply } from '../../http/exchange.ts'
import type { ReadAside } from '../../http/native/read-aside.ts'
import type { ReaderAnswer, ReaderOptions, ReaderRequest, ReadingNotes, SentError } from './reader-protocol.ts'

/** Memory that the thread that reads may take, MiB; beyond it ends, what it did is refused, and the next reading starts another. */
const READER_MEMORY_MIB_MAX = 1_024

/** What reading aside needs: where the store is, what is in force, the time, and the log of what was read. */
export type ReadAsideDeps = {
  readonly dataDir: string
  /** Digest of the policy set in force. */
  readonly policySet: () => string
  readonly nowMs: () => number
  /** Notes in the log that it was read; the answer waits for it. */
  readonly noteRead: (caller: Caller, detail: ReadingNotes[number]) => Promise<void>
}

/** A thread that reads, as the thread that decides sees it. */
export type ReaderThread = { readonly readAside: ReadAside; readonly close: () => Promise<void> }

type Waiting = { readonly resolve: (answer: ReaderAnswer) => void; readonly reject: (error: Error) => void }
type Running = { readonly worker: Worker; readonly waiting: Map<number, Waiting> }

/** Reads in a thread of its own, which begins with the first reading and does not keep the process alive. */
export function createReaderThread(deps: ReadAsideDeps): ReaderThread {
  let running: Running | undefined
  let last = 0
  const ask = (
    asked: Omit<Extract<ReaderRequest, { kind: 'read' }>, 'kind' | 'job'>,
    left: AbortSignal,
  ): Promise<ReaderAnswer> => {
    left.throwIfAborted()
    const { worker, waiting } = (running ??= startReader(deps, () => (running = undefined)))
    const job = (last += 1)
    const leave = (): void => worker.postMessage({ kind: 'leave', job } satisfies ReaderRequest)
    left.addEventListener('abort', leave, { once: true })
    const answered = new Promise<ReaderAnswer>((resolve, reject) => {
      waiting.set(job, { resolve, reject })
      worker.ref()
      worker.postMessage({ kind: 'read', job, ...asked } satisfies ReaderRequest)
    })
    return answered.finally(() => left.removeEventListener('abort', leave))
  }
  return {
    readAside: async (endpoint, exchange, left) => {
      const answer = await ask({ endpoint, exchange, policySet: deps.policySet(), nowMs: deps.nowMs() }, left)
      if (answer.kind === 'error') throw errorOf(answer.error)
      for (const detail of answer.notes) await deps.noteRead(exchange.caller, detail)
      return answer.kind === 'fault' ? answer.fault : replyOf(answer)
    },
    close: async () => {
      await running?.worker.terminate()
    },
  }
}

/** Starts the thread; `ended` is told when it is there no more, whatever the reason. */
function startReader({ dataDir }: ReadAsideDeps, ended: () => void): Running {
  // The same code runs from TypeScript sources and from compiled files.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const worker = new Worker(new URL(`./reader-worker.${extension}`, import.meta.url), {
    workerData: { dataDir } satisfies ReaderOptions,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: READER_MEMORY_MIB_MAX },
  })
  const waiting: Running['waiting'] = new Map()
  let reason = 'it ended'
  worker.on('message', (answer: ReaderAnswer) => {
    waiting.get(answer.job)?.resolve(answer)
    waiting.delete(answer.job)
    if (waiting.size === 0) worker.unref()
  })
  worker.on('error', (error) => (reason = String(error)))
  worker.on('exit', () => {
    ended()
    const gone = new ServiceError('not_ready', `the thread that reads has stopped: ${reason}`, {
      fix: 'ask again, for less at a time',
    })
    for (const { reject } of waiting.values()) reject(gone)
    waiting.clear()
  })
  return { worker, waiting }
}

function replyOf({ reply, bytes }: Extract<ReaderAnswer, { kind: 'reply' }>): Reply | Fault {
  return { ...reply, body: '', bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) }
}

function errorOf({ code, message, stack, fix, place }: SentError): Error {
  const error =
    code === null ? new Error(message) : new ServiceError(code, message, { place, ...(fix === undefined ? {} : { fix }) })
  if (stack !== undefined) error.stack = stack
  return error
}
