import { readSecretText, type SecretSources } from '../access/secret-text.ts'
import { ServiceError } from '../format/error.ts'
import { overLimit } from '../format/limit.ts'
import type { Webhook } from './settings.ts'

/** Most secrets of one webhook. More than one is for rotation. */
export const SECRETS_MAX = 4
/** Length of a key, bytes, as Standard Webhooks asks for. */
export const SECRET_BYTES = { min: 24, max: 64 } as const

const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/u

/** The signing keys of a webhook. Throws `bad_config` with the place, never with the secret, if one is missing or malformed. */
export function signingKeys({ id, secret }: Webhook, sources: SecretSources): readonly Uint8Array[] {
  const names = { owner: `webhook "${id}"`, noun: 'secret', subject: `the secret of the webhook "${id}"` }
  const { text, where, place } = readSecretText(secret, names, sources)
  const secrets = text.split(/\s+/u).filter((each) => each !== '')
  const refuse = (what: string): ServiceError =>
    new ServiceError('bad_config', `${names.subject}, ${where}, ${what}`, {
      place,
      fix: 'make one with: echo "whsec_$(openssl rand -base64 32)"',
    })
  if (secrets.length === 0) throw refuse('is not there')
  if (secrets.length > SECRETS_MAX)
    throw refuse(overLimit('holds', 'webhooks.secrets_max', { max: SECRETS_MAX, came: secrets.length }))
  return secrets.map((each) => {
    const encoded = SECRET.exec(each)?.[1]
    const key = Buffer.from(encoded ?? '', 'base64')
    if (encoded === undefined || key.toString('base64') !== encoded) throw refuse('is not "whsec_" and base64')
    if (key.length < SECRET_BYTES.min || key.length > SECRET_BYTES.max)
      throw refuse(`has ${key.length} bytes; ${SECRET_BYTES.min} to ${SECRET_BYTES.max} are needed`)
    return key
  })
}
