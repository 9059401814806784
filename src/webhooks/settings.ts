import { z } from 'zod'

import { EventType } from '../events/event.ts'
import { outboundUrl } from '../format/outbound-url.ts'
import { TYPE_CHARS_MAX } from '../model/request.ts'
import { SettingsId, uniqueIds } from '../model/settings-id.ts'

/** Where events are sent, signed as Standard Webhooks describes (`webhook-id`, `webhook-timestamp`, `webhook-signature`). */
export const Webhook = z.strictObject({
  /** Its name in logs, metrics and the file with its position. */
  id: SettingsId,
  url: outboundUrl({ insteadOfPassword: 'the signature says who sends', shown: 'who decides what' }),
  /**
   * Environment variable or file that holds the secret, `whsec_` and base64 of 24 to 64 bytes; during rotation several, separated
   * by white space.
   */
  secret: z.union([
    z.strictObject({ env: z.string().min(1).max(TYPE_CHARS_MAX) }),
    z.strictObject({ file: z.string().min(1).max(4_096) }),
  ]),
  /** Types of events to send. Default: all. */
  events: z.array(EventType).min(1).optional(),
  /** The tenant whose events are sent. Default: all tenants. */
  tenant: z.string().min(1).max(TYPE_CHARS_MAX).optional(),
  timeout_ms: z.int().min(100).max(60_000).default(10_000),
})
export type Webhook = z.infer<typeof Webhook>

/** `webhooks` of the configuration. */
export const Webhooks = z.array(Webhook).max(64).superRefine(uniqueIds('webhook'))
