import { z } from 'zod'

import { identifier } from '../../format/identifier.ts'
import { TYPE_CHARS_MAX } from '../../model/request.ts'
import { uniqueIds } from '../../model/settings-id.ts'

/** A public Ed25519 key whose signature an imported history may bear. */
export const ImportKey = z.strictObject({
  /** Names it in the record. */
  id: identifier(TYPE_CHARS_MAX),
  /** PEM, `-----BEGIN PUBLIC KEY-----`, as `openssl pkey -pubout` writes it. */
  public_key: z
    .string()
    .max(1_024)
    .regex(
      /^\s*-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----\s*$/u,
      'a public key in PEM, as "openssl pkey -pubout" writes it',
    ),
  /** Tenants whose agents' histories it may sign; all of them where absent. */
  tenants: z.array(identifier(TYPE_CHARS_MAX)).min(1).max(1_024).optional(),
})
export type ImportKey = z.infer<typeof ImportKey>

/** All of them; each has an id of its own. */
export const ImportKeys = z.array(ImportKey).max(32).superRefine(uniqueIds('key')).default([])
