import { z } from 'zod'

import { outboundUrl } from '../format/outbound-url.ts'
import { TYPE_CHARS_MAX } from '../model/request.ts'
import { SettingsId, uniqueIds } from '../model/settings-id.ts'
import { SettingsPath } from '../model/settings-path.ts'

/** Most witnesses, and most places, of one log. */
const LISTED_MAX = 16

/** Longest verifier key, in characters. */
const KEY_CHARS_MAX = 512

/** A witness (C2SP tlog-witness): it signs a checkpoint beside the log, and never two that do not continue each other. */
export const Witness = z.strictObject({
  /** Its name in messages, metrics and the file with its newest signature. */
  id: SettingsId,
  /** The prefix of its submission URLs; `/add-checkpoint` is added. */
  url: outboundUrl({ insteadOfPassword: 'a witness knows the log by its key', shown: 'how much is decided' }),
  /** Its verifier key, `name+key id+base64`, of a cosignature (type 4). */
  key: z.string().min(1).max(KEY_CHARS_MAX),
  timeout_ms: z.int().min(100).max(60_000).default(10_000),
})
export type Witness = z.infer<typeof Witness>

/** Where the token of a place is. */
const Secret = z.union([
  z.strictObject({ env: z.string().min(1).max(TYPE_CHARS_MAX) }),
  z.strictObject({ file: z.string().min(1).max(4_096) }),
])

/** A place that keeps checkpoints: an HTTPS endpoint that each is posted to, or a folder with one file for each. */
export const CheckpointPlace = z.union([
  z.strictObject({
    id: SettingsId,
    url: outboundUrl({ insteadOfPassword: 'name a "secret"', shown: 'how much is decided' }),
    /** A bearer token that is sent with it. */
    secret: Secret.optional(),
    timeout_ms: z.int().min(100).max(60_000).default(10_000),
  }),
  z.strictObject({ id: SettingsId, folder: SettingsPath }),
])
export type CheckpointPlace = z.infer<typeof CheckpointPlace>

/** `audit.witnesses` of the configuration. */
export const Witnesses = z.array(Witness).max(LISTED_MAX).superRefine(uniqueIds('witness')).default([])
/** `audit.checkpoint_places` of the configuration. */
export const CheckpointPlaces = z.array(CheckpointPlace).max(LISTED_MAX).superRefine(uniqueIds('checkpoint place')).default([])
