import { z } from 'zod'

import { EventType } from '../events/event.ts'
import { TYPE_CHARS_MAX } from '../model/request.ts'

/** Where events are sent, signed as Standard Webhooks describes (`webhook-id`, `webhook-timestamp`, `webhook-signature`). */
export const Webhook = z.strictObject({
  /** Names it in logs, metrics and the file that remembers how far it got. */
  id: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/u, 'lower-case letters, digits, - and _'),
  url: z
    .url({ protocol: /^https?$/u })
    .max(2_000)
    .superRefine((url, context) => {
      const wrong = URL.canParse(url) ? wrongIn(new URL(url)) : undefined
      if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong })
    }),
  /** Environment variable or file that holds the secret, `whsec_` and base64 of 24 to 64 bytes; several while it is changed, one after the other. */
  secret: z.union([
    z.strictObject({ env: z.string().min(1).max(TYPE_CHARS_MAX) }),
    z.strictObject({ file: z.string().min(1).max(4_096) }),
  ]),
  /** Which events; all of them where absent. */
  events: z.array(EventType).min(1).optional(),
  /** Of which tenant; all of them where absent. */
  tenant: z.string().min(1).max(TYPE_CHARS_MAX).optional(),
  timeout_ms: z.int().min(100).max(60_000).default(10_000),
})
export type Webhook = z.infer<typeof Webhook>

/** All of them; each has an id of its own. */
export const Webhooks = z
  .array(Webhook)
  .max(64)
  .superRefine((webhooks, context) => {
    for (const [index, { id }] of webhooks.entries())
      if (webhooks.findIndex((other) => other.id === id) < index)
        context.addIssue({ code: 'custom', path: [index, 'id'], message: `the id "${id}" is taken; give each webhook its own` })
  })

const LOOPBACK = /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])$/u

/** What is wrong with where events are to be sent; undefined when nothing is. */
function wrongIn({ protocol, hostname, username, password, hash }: URL): string | undefined {
  if (username !== '' || password !== '') return 'no user name or password in the URL: the signature says who sends'
  if (hash !== '') return 'no fragment in the URL: it is never sent'
  if (protocol === 'http:' && !LOOPBACK.test(hostname))
    return `http would show "${hostname}" and everybody on the way who decides what: use https, or a proxy on 127.0.0.1`
  return undefined
}
