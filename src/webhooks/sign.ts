import { createHmac } from 'node:crypto'

/** What is signed: the stable id of the message, the time of this attempt (Unix seconds), and the body. */
export type Message = { readonly id: string; readonly atSeconds: number; readonly body: string }

/**
 * The header `webhook-signature` of Standard Webhooks 1.0 (github.com/standard-webhooks/standard-webhooks), symmetric: one `v1,` and base64 of
 * HMAC-SHA256 over `id.timestamp.body` for each key, so that a receiver can rotate its secret without losing events.
 */
export function signature({ id, atSeconds, body }: Message, keys: readonly Uint8Array[]): string {
  const signed = `${id}.${atSeconds}.${body}`
  return keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`).join(' ')
}
