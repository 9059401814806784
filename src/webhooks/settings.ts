import { z } from 'zod'

import { EventType } from '../events/event.ts'
import { outboundUrl } from '../format/outbound-url.ts'
import { TYPE_CHARS_MAX } from '../model/request.ts'

/** Where events are sent, signed as Standard Webhooks describes (`webhook-id`, `webhook-timestamp`, `webhook-signature`). */
export const Webhook = z.strictObject({
  /** Names it in logs, metrics and the file that remembers how far it got. */
  id: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/u, 'lower-case letters, digits, - and _'),
  url: outboundUrl({ insteadOfPassword: 'the signature says who sends', shown: 'who decides what' }),
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
