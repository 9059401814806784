import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import type { Cut } from './cut.ts'

/** Requests that may wait on one connection for the answer to the one before (HTTP pipelining); the connection of more is cut. */
const PIPELINED_MAX = 64

/** What waits on a connection whose request is being answered. */
type Waiting = { readonly request: IncomingMessage; readonly response: ServerResponse }

/**
 * Serves one request of a connection at a time: the next only when the operating system has taken the answer before. Node serves all
 * that came in one piece at once, and keeps every answer that is not read.
 */
export function inSequence(serve: RequestListener, cut: Cut): RequestListener {
  const busy = new WeakMap<Socket, Waiting[]>()
  const run = (socket: Socket, waiting: Waiting[], { request, response }: Waiting): void => {
    response.once('close', () => {
      const next = socket.destroyed ? undefined : waiting.shift()
      if (next === undefined) busy.delete(socket)
      else run(socket, waiting, next)
    })
    serve(request, response)
  }
  return (request, response) => {
    const { socket } = request
    const waiting = busy.get(socket)
    if (waiting === undefined) {
      const none: Waiting[] = []
      busy.set(socket, none)
      run(socket, none, { request, response })
    } else if (waiting.length < PIPELINED_MAX) waiting.push({ request, response })
    // What came in the same piece is still handed over after the cut.
    else if (!socket.destroyed) {
      socket.destroy()
      cut('http.pipelined_max')
    }
  }
}
