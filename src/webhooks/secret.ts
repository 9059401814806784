import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'

import { ServiceError } from '../format/error.ts'
import type { Webhook } from './settings.ts'

/** Secrets of one webhook: the one in use, and those before or after it while a receiver changes over. */
export const SECRETS_MAX = 4
/** Length of a key, bytes, as Standard Webhooks asks for. */
export const SECRET_BYTES = { min: 24, max: 64 } as const

const OTHERS_MASK = 0o077
const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/u

/** Where secrets are looked for; relative files are relative to `root`. */
export type SecretSources = {
  readonly root: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly warn: (line: string) => void
}

/** The keys a webhook is signed with. Throws `bad_config` that names the place, never the secret, when there is none or it is malformed. */
export function signingKeys({ id, secret }: Webhook, sources: SecretSources): readonly Uint8Array[] {
  const { text, where, place } = 'env' in secret ? fromEnvironment(secret.env, sources) : fromFile(id, secret.file, sources)
  const words = text.split(/\s+/u).filter((word) => word !== '')
  const refuse = (what: string): ServiceError =>
    new ServiceError('bad_config', `the secret of the webhook "${id}", ${where}, ${what}`, {
      place,
      fix: 'make one with: echo "whsec_$(openssl rand -base64 32)"',
    })
  if (words.length === 0) throw refuse('is not there')
  if (words.length > SECRETS_MAX) throw refuse(`holds ${words.length} secrets; ${SECRETS_MAX} are the most`)
  return words.map((word) => {
    const encoded = SECRET.exec(word)?.[1]
    const key = Buffer.from(encoded ?? '', 'base64')
    if (encoded === undefined || key.toString('base64') !== encoded) throw refuse('is not "whsec_" and base64')
    if (key.length < SECRET_BYTES.min || key.length > SECRET_BYTES.max)
      throw refuse(`has ${key.length} bytes; ${SECRET_BYTES.min} to ${SECRET_BYTES.max} are needed`)
    return key
  })
}

type Source = { readonly text: string; readonly where: string; readonly place: { readonly file?: string } }

function fromEnvironment(name: string, { env }: SecretSources): Source {
  return { text: env[name] ?? '', where: `in the environment variable ${name}`, place: {} }
}

function fromFile(id: string, path: string, { root, warn }: SecretSources): Source {
  const file = resolve(root, path)
  try {
    const text = readFileSync(file, 'utf8')
    if ((statSync(file).mode & OTHERS_MASK) !== 0)
      warn(`webhook "${id}": others than its owner can read the secret in ${file} (run: chmod 600 ${file})`)
    return { text, where: `in ${file}`, place: { file } }
  } catch (cause) {
    throw new ServiceError('bad_config', `the secret of the webhook "${id}" cannot be read from ${file}`, {
      place: { file },
      fix: 'name a readable file in "secret.file", relative to the configuration file',
      cause,
    })
  }
}
