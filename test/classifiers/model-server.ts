import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a model server was asked. */
export type Asked = { readonly body: string; readonly headers: IncomingMessage['headers']; readonly path: string }

/** A real HTTP server on loopback that answers as it is told. */
export type ModelServer = {
  readonly url: string
  readonly asked: readonly Asked[]
  readonly answer: (how: (response: ServerResponse) => void) => void
  readonly close: () => Promise<void>
}

/** Answers a JSON value, or a text as it is. */
export function says(value: unknown, status = 200): (response: ServerResponse) => void {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(typeof value === 'string' ? value : JSON.stringify(value))
  }
}

/** Starts a server that answers nothing harmful until it is told otherwise. */
export async function modelServer(): Promise<ModelServer> {
  const asked: Asked[] = []
  let how = says({ confidence: 0, score: 1 })
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      asked.push({ body: Buffer.concat(chunks).toString(), headers: request.headers, path: request.url ?? '' })
      how(response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/model`,
    asked,
    answer: (next) => {
      how = next
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
