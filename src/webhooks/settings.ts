import { z } from 'zod'

import { EventType } from '../events/event.ts'
import { outboundUrl } from '../format/outbound-url.ts'
import { TYPE_CHARS_MAX } from '../model/request.ts'
import { SettingsId, uniqueIds } from '../model/settings-id.ts'

/** Where events are sent, signed as Standard Webhooks describes (`webhook-id`, `webhook-timestamp`, `webhook-signature`). */
export const Webhook = z.strictObject({
  /** Names it in logs, metrics and the file that remembers how far it got. */
  id: SettingsId,
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
export const Webhooks = z.array(Webhook).max(64).superRefine(uniqueIds('webhook'))
