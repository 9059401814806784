import type { QueuedEvent } from '../events/event-feed.ts'
import { connectionFailure } from '../format/connection.ts'
import type { Webhook } from './settings.ts'
import { signature } from './sign.ts'
import { SECOND_MS } from '../format/time.ts'

/** Most bytes of an answer that are read. A read answer lets the connection be reused; a longer one is cancelled. */
const ANSWER_BYTES_MAX = 16_384

/** The result of one attempt. `why` never holds text of the receiver. */
export type Posting =
  { readonly kind: 'delivered' } | { readonly kind: 'gone' } | { readonly kind: 'failed'; readonly why: string }

/** What an attempt needs besides the event. */
export type PostDeps = { readonly fetch: typeof fetch; readonly nowMs: () => number; readonly signal: AbortSignal }

/**
 * Sends one event, signed with the current time. 2xx is delivered, 410 is gone, anything else failed; redirects are not followed.
 * Never rejects.
 */
export async function postEvent(
  { url, timeout_ms }: Webhook,
  keys: readonly Uint8Array[],
  { id, event }: QueuedEvent,
  deps: PostDeps,
): Promise<Posting> {
  const body = JSON.stringify(event)
  const atSeconds = Math.floor(deps.nowMs() / SECOND_MS)
  const timeout = AbortSignal.timeout(timeout_ms)
  try {
    const response = await deps.fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'gradus',
        'webhook-id': id,
        'webhook-timestamp': String(atSeconds),
        'webhook-signature': signature({ id, atSeconds, body }, keys),
      },
      body,
      signal: AbortSignal.any([deps.signal, timeout]),
    })
    await discard(response)
    if (response.ok) return { kind: 'delivered' }
    return response.status === 410 ? { kind: 'gone' } : { kind: 'failed', why: `it answered ${response.status}` }
  } catch (error) {
    return { kind: 'failed', why: timeout.aborted ? `no answer within ${timeout_ms} ms` : connectionFailure(error) }
  }
}

/** Reads the rest of an answer. Errors are ignored, because the status has already decided. */
async function discard({ body }: Response): Promise<void> {
  if (body === null) return
  const reader = body.getReader()
  try {
    for (let bytes = 0; bytes < ANSWER_BYTES_MAX;) {
      const { value } = (await reader.read()) as { readonly value?: Uint8Array }
      if (value === undefined) return
      bytes += value.byteLength
    }
    await reader.cancel()
  } catch {
    return
  }
}
