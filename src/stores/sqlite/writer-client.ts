import { Worker } from 'node:worker_threads'

import { InvariantError, ServiceError } from '../../format/error.ts'
import type {
  SignedTreeHead,
  WriterAnswer,
  WriterFailure,
  WriterMessage,
  WriterOptions,
  WriterRequest,
} from './writer-protocol.ts'

/** Marks the cause of an error that may go away while the process runs. */
export const PASSING_CAUSE = Symbol('passing')

/** The writer thread as seen from the event loop. */
export type WriterClient = {
  /** Answers in the order asked. Rejects with the writer's error, or `io` when the thread has died. */
  readonly ask: (ask: WriterRequest) => Promise<WriterAnswer>
  readonly stop: () => Promise<void>
}

/** What a writer tells without being asked. */
export type ClientEvents = { readonly onHead: (head: SignedTreeHead) => void; readonly onWarning: (message: string) => void }

type Waiting = { readonly resolve: (answer: WriterAnswer) => void; readonly reject: (error: unknown) => void }

/** Starts the writer thread; the promise resolves once it has opened the database. An idle writer does not keep the process alive. */
export async function startWriter(
  options: WriterOptions,
  events: ClientEvents,
): Promise<{ readonly client: WriterClient; readonly first: WriterAnswer }> {
  // The same code runs from TypeScript sources and from compiled files.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const worker = new Worker(new URL(`./writer-worker.${extension}`, import.meta.url), { workerData: options, execArgv: [] })
  const client = createClient(worker, options.file, events)
  try {
    return { client, first: await client.started }
  } catch (error) {
    await worker.terminate()
    throw error
  }
}

/** The client of a worker; `started` is the answer to request 0, the start itself. */
function createClient(
  worker: Worker,
  file: string,
  events: ClientEvents,
): WriterClient & { readonly started: Promise<WriterAnswer> } {
  const requests = createRequests(worker)
  let last = 0
  let dead: ServiceError | undefined
  const die = (reason: string): void => {
    dead ??= new ServiceError('io', `The writer of ${file} has stopped: ${reason}`, {
      fix: 'look at the log of the process and of the system for why',
      cause: PASSING_CAUSE,
    })
    requests.rejectAll(dead)
  }
  worker.on('message', (message: WriterMessage) => {
    if (message.kind === 'answer') requests.settle(message.request, ({ resolve }) => resolve(message.answer))
    else if (message.kind === 'failure') requests.settle(message.request, ({ reject }) => reject(errorOf(message.failure)))
    else if (message.kind === 'head') events.onHead(message.head)
    else events.onWarning(message.message)
  })
  worker.on('error', (error) => die(String(error)))
  worker.on('exit', () => die('it ended'))
  return {
    started: requests.wait(0),
    ask: (ask) => {
      if (dead !== undefined) return Promise.reject(dead)
      last += 1
      worker.postMessage({ request: last, ask })
      return requests.wait(last)
    },
    stop: async () => {
      await worker.terminate()
    },
  }
}

/** Requests without an answer; they keep the process alive, an idle worker does not. */
type Requests = {
  readonly wait: (request: number) => Promise<WriterAnswer>
  readonly settle: (request: number, run: (waiting: Waiting) => void) => void
  readonly rejectAll: (error: ServiceError) => void
}

function createRequests(worker: Worker): Requests {
  const waiting = new Map<number, Waiting>()
  const settle: Requests['settle'] = (request, run) => {
    const each = waiting.get(request)
    waiting.delete(request)
    if (waiting.size === 0) worker.unref()
    if (each !== undefined) run(each)
  }
  return {
    settle,
    wait: (request) =>
      new Promise((resolve, reject) => {
        waiting.set(request, { resolve, reject })
        worker.ref()
      }),
    rejectAll: (error) => {
      for (const request of [...waiting.keys()]) settle(request, ({ reject }) => reject(error))
    },
  }
}

function errorOf({ code, message, fix, passing }: WriterFailure): Error {
  if (code === 'bug') return new InvariantError(message)
  return new ServiceError(code, message, { ...(fix === undefined ? {} : { fix }), ...(passing ? { cause: PASSING_CAUSE } : {}) })
}
