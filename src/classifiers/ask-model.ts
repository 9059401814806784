import type { z } from 'zod'

import { answerText, connectionFailure } from '../format/connection.ts'
import { ServiceError } from '../format/error.ts'
import { overLimit } from '../format/limit.ts'

/** Most bytes of an answer. */
export const ANSWER_BYTES_MAX = 16_384

/** Where a model is, and how it is reached. */
export type ModelAt = { readonly url: string; readonly token: string | undefined; readonly fetch: typeof fetch }

/**
 * Sends one question as JSON and reads the answer. Rejects with code `io` for a broken connection, any status but 2xx (redirects
 * are not followed), an answer above 16 KiB, or one that does not fit the schema. The message holds nothing that was sent or
 * received.
 */
export async function askModel<A>(at: ModelAt, question: object, schema: z.ZodType<A>, signal: AbortSignal): Promise<A> {
  const response = await sent(at, question, signal)
  if (!response.ok) {
    // The body is not needed; an error of it changes nothing.
    void response.body?.cancel().catch(() => undefined)
    throw new ServiceError('io', `it answered ${response.status}`)
  }
  const text = await textOf(response)
  const answer = schema.safeParse(jsonOf(text))
  if (!answer.success) throw new ServiceError('io', 'its answer is not what was asked for')
  return answer.data
}

async function sent({ url, token, fetch }: ModelAt, question: object, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'user-agent': 'gradus',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(question),
      signal,
    })
  } catch (error) {
    throw new ServiceError('io', `it cannot be reached (${connectionFailure(error)})`, { cause: error })
  }
}

async function textOf(response: Response): Promise<string> {
  const text = await answerText(response, ANSWER_BYTES_MAX).catch((error: unknown) => {
    throw new ServiceError('io', `its answer broke off (${connectionFailure(error)})`, { cause: error })
  })
  if (text !== undefined) return text
  throw new ServiceError('io', overLimit('its answer has', 'classifiers.answer_bytes_max', { max: ANSWER_BYTES_MAX }))
}

/** The parsed text; undefined, which fits no schema, if it is not JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
