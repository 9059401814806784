import { parentPort, workerData } from 'node:worker_threads'

import { invariant, ServiceError } from '../../format/error.ts'
import { explainSqlite, isPassing } from './sqlite-errors.ts'
import type { WriterFailure, WriterMessage, WriterOptions, WriterRequest } from './writer-protocol.ts'
import { createWriter, type Writer } from './writer.ts'

/** The thread that writes: takes one request after the other and answers each. Request 0 is its own start. */
function serve(options: WriterOptions): void {
  const port = parentPort
  invariant(port !== null, 'the writer runs in a worker thread')
  const tell = (message: WriterMessage): void => port.postMessage(message)
  const fail = (request: number, error: unknown): void =>
    tell({ kind: 'failure', request, failure: failureOf(error, options.file) })
  const writer = start(options, tell, fail)
  if (writer === undefined) return

  let timer: NodeJS.Timeout | undefined
  const signLater = (): void => {
    if (timer !== undefined || writer.head().size === writer.size()) return
    timer = setTimeout(() => {
      timer = undefined
      try {
        tell({ kind: 'head', head: writer.checkpoint() })
      } catch (error) {
        tell({ kind: 'warning', message: `The tree head could not be signed: ${failureOf(error, options.file).message}` })
      }
    }, options.checkpointIntervalMs)
  }
  const answer = (request: number, erased: number): void =>
    tell({ kind: 'answer', request, answer: { size: writer.size(), root: writer.root(), head: writer.head(), erased } })

  port.on('message', ({ request, ask }: { readonly request: number; readonly ask: WriterRequest }) => {
    try {
      const erased = perform(writer, ask)
      answer(request, erased)
      if (ask.kind === 'close') {
        clearTimeout(timer)
        port.close()
      } else signLater()
    } catch (error) {
      fail(request, error)
    }
  })
  answer(0, 0)
}

function start(
  options: WriterOptions,
  tell: (message: WriterMessage) => void,
  fail: (request: number, error: unknown) => void,
): Writer | undefined {
  try {
    return createWriter(options, { warn: (message) => tell({ kind: 'warning', message }), nowMs: () => performance.now() })
  } catch (error) {
    fail(0, error)
    return undefined
  }
}

/** Does what is asked; returns how many values were erased. */
function perform(writer: Writer, ask: WriterRequest): number {
  switch (ask.kind) {
    case 'erase':
      return writer.erase(ask.leafIndexes, ask.members)
    case 'commit':
      writer.commit(ask)
      return 0
    case 'archive':
      writer.archive(ask.digest, ask.bytes)
      return 0
    case 'checkpoint':
      writer.checkpoint()
      return 0
    case 'close':
      writer.close()
      return 0
  }
}

function failureOf(error: unknown, file: string): WriterFailure {
  const explained = explainSqlite(error, file)
  if (explained instanceof ServiceError)
    return { code: explained.code, message: explained.message, fix: explained.fix, passing: isPassing(error) }
  return {
    code: 'bug',
    message: explained instanceof Error ? (explained.stack ?? explained.message) : String(explained),
    fix: undefined,
    passing: false,
  }
}

serve(workerData as WriterOptions)
