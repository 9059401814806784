import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

import type { z } from 'zod'

import { ERROR_CODES, type ErrorCode, ServiceError } from '../../format/error.ts'
import { readFileText } from '../../format/read-text.ts'
import { Problem } from '../../model/problem.ts'
import { parseJson, runningServer } from './data-dir.ts'
import type { CliDeps } from './deps.ts'

/** The operator token that a server makes at its first start, in its data directory. */
export const OPERATOR_TOKEN_FILE = 'operator.token'

/** How a server is named on the command line. */
export type ServerOptions = { readonly server: string | undefined; readonly tokenFile: string | undefined }

/** A server and the token to talk to it with. */
export type Server = { readonly url: string; readonly token: string | undefined }

/** The server that is named, or the one that runs on the data directory; undefined where there is neither. */
export async function findServer(
  deps: Pick<CliDeps, 'cwd'>,
  options: ServerOptions,
  dataDir: string,
): Promise<Server | undefined> {
  const found = options.server === undefined ? await runningServer(dataDir) : { url: options.server, token_file: undefined }
  if (found === undefined) return undefined
  const own = options.server === undefined ? join(dataDir, OPERATOR_TOKEN_FILE) : undefined
  if (!/^https?:\/\//u.test(found.url))
    throw new ServiceError('usage', `"${found.url}" is not the URL of a server`, { fix: 'write it like http://127.0.0.1:8181' })
  const file = options.tokenFile ?? found.token_file ?? (own !== undefined && existsSync(own) ? own : undefined)
  return { url: found.url.replace(/\/+$/u, ''), token: file === undefined ? undefined : await readToken(resolve(deps.cwd, file)) }
}

async function readToken(file: string): Promise<string> {
  const text = await readFileText(file, { code: 'io', fix: 'name a file that holds a token with --token-file' })
  const token = text.trim()
  if (/^[!-~]{1,8192}$/u.test(token)) return token
  // What cannot be sent is named by whoever refuses to send it, and a file that holds no token may hold another secret.
  throw new ServiceError('bad_request', 'the file holds no token', {
    place: { file },
    fix: 'write one token into it, on one line, and nothing else',
  })
}

/** One call of the server; `body` absent: none is sent. `file`: bytes as they are, instead of JSON. */
export type Call = {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  readonly file?: { readonly bytes: Uint8Array; readonly headers: Readonly<Record<string, string>> }
}

/** Calls the server and reads the answer by its schema; a problem of the server becomes the same error here. */
export async function sendRequest<S extends z.ZodType>(
  deps: Pick<CliDeps, 'fetch'>,
  server: Server,
  { method, path, ...content }: Call,
  schema: S,
): Promise<z.infer<S>> {
  refuseDotSteps(path)
  const url = `${server.url}${path}`
  const { response, text } = await deps
    .fetch(url, { method, ...contentOf(content, server) })
    .then(async (answered) => ({ response: answered, text: await answered.text() }))
    .catch((cause: unknown) => {
      throw new ServiceError('not_ready', `${url} does not answer: ${(cause as Error).message}`, {
        fix: 'start the server, or remove its server.json where it was killed',
        cause,
      })
    })
  const answer = parseJson(text)
  if (!response.ok) throw fromProblem(answer, response.status, url)
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  throw new ServiceError('bad_request', `${url} answered something else than this version expects`, {
    fix: 'use the command line of the server’s version',
  })
}

/** Every program takes such a name in an address for a place in it, however it is encoded. */
function refuseDotSteps(path: string): void {
  const [place = ''] = path.split('?', 1)
  if (!place.split('/').some((step) => step === '.' || step === '..')) return
  throw new ServiceError('usage', '"." and ".." cannot be named in the address of a server', {
    fix: 'an agent of that name is taken out of service with "gradus agents pause"',
  })
}

function contentOf({ body, file }: Pick<Call, 'body' | 'file'>, { token }: Server): Pick<RequestInit, 'headers' | 'body'> {
  return {
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...file?.headers,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(file === undefined ? {} : { body: Buffer.from(file.bytes) }),
  }
}

function fromProblem(answer: unknown, status: number, url: string): ServiceError {
  const problem = Problem.safeParse(answer)
  if (!problem.success) return new ServiceError(status === 404 ? 'not_found' : 'not_ready', `${url} answered ${status}`)
  const { code, detail, fix, errors } = problem.data
  const known: ErrorCode = ERROR_CODES.find((each) => each === code) ?? 'bad_request'
  const pointer = errors?.[0]?.pointer
  return new ServiceError(known, detail, {
    ...(fix === undefined ? {} : { fix }),
    ...(pointer === undefined ? {} : { place: { pointer } }),
  })
}
