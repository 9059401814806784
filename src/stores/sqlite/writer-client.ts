import { Worker } from 'node:worker_threads'

import { InvariantError, ServiceError } from '../../format/error.ts'
import type { Head, WriterAnswer, WriterFailure, WriterMessage, WriterOptions, WriterRequest } from './messages.ts'

/** The writer thread as seen from the event loop. */
export type WriterClient = {
  /** Answers in the order asked. Rejects with the writer's error, or `io` when the thread has died. */
  readonly ask: (ask: WriterRequest) => Promise<WriterAnswer>
  readonly stop: () => Promise<void>
}

/** What a writer tells without being asked. */
export type ClientEvents = { readonly onHead: (head: Head) => void; readonly onWarning: (message: string) => void }

type Waiting = { readonly resolve: (answer: WriterAnswer) => void; readonly reject: (error: unknown) => void }

/** Starts the writer thread; the promise resolves once it has opened the database. An idle writer does not keep the process alive. */
export async function startWriter(
  options: WriterOptions,
  events: ClientEvents,
): Promise<{ readonly client: WriterClient; readonly first: WriterAnswer }> {
  // The same code runs from TypeScript sources and from compiled files.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const worker = new Worker(new URL(`./writer-worker.${extension}`, import.meta.url), { workerData: options, execArgv: [] })
  const waiting = new Map<number, Waiting>()
  let last = 0
  let dead: ServiceError | undefined

  const settle = (request: number, run: (each: Waiting) => void): void => {
    const each = waiting.get(request)
    waiting.delete(request)
    if (waiting.size === 0) worker.unref()
    if (each !== undefined) run(each)
  }
  const die = (reason: string): void => {
    dead ??= new ServiceError('io', `The writer of ${options.file} has stopped: ${reason}`, { fix: 'start gradus again' })
    for (const request of [...waiting.keys()]) settle(request, ({ reject }) => reject(dead))
  }
  const wait = (request: number): Promise<WriterAnswer> =>
    new Promise((resolve, reject) => {
      waiting.set(request, { resolve, reject })
      worker.ref()
    })
  worker.on('message', (message: WriterMessage) => {
    if (message.kind === 'answer') settle(message.request, ({ resolve }) => resolve(message.answer))
    else if (message.kind === 'failure') settle(message.request, ({ reject }) => reject(errorOf(message.failure)))
    else if (message.kind === 'head') events.onHead(message.head)
    else events.onWarning(message.message)
  })
  worker.on('error', (error) => die(String(error)))
  worker.on('exit', () => die('it ended'))

  const client: WriterClient = {
    ask: (ask) => {
      if (dead !== undefined) return Promise.reject(dead)
      last += 1
      worker.postMessage({ request: last, ask })
      return wait(last)
    },
    stop: async () => {
      await worker.terminate()
    },
  }
  try {
    return { client, first: await wait(0) }
  } catch (error) {
    await worker.terminate()
    throw error
  }
}

function errorOf({ code, message, fix }: WriterFailure): Error {
  return code === 'bug' ? new InvariantError(message) : new ServiceError(code, message, fix === undefined ? {} : { fix })
}
