import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'

import { ServiceError } from '../format/error.ts'

/** Permission bits of others than the owner of a file. */
export const OTHERS_MODE_MASK = 0o077

/** Where a secret is: in an environment variable, or in a file. */
export type SecretPlace = { readonly env: string } | { readonly file: string }

/** Where secrets are looked for; relative files are relative to `root`. */
export type SecretSources = {
  readonly root: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly warn: (line: string) => void
}

/** How messages name a secret, such as `webhook "ops"`, `secret` and `the secret of the webhook "ops"`. */
export type SecretNames = { readonly owner: string; readonly noun: string; readonly subject: string }

/** The text of a secret, empty where an environment variable is not set; `where` says in words where it was looked for. */
export type SecretText = { readonly text: string; readonly where: string; readonly place: { readonly file?: string } }

/** A bearer token (RFC 6750) that fits a header. */
const BEARER_TOKEN = /^[A-Za-z0-9._~+/-]{1,4000}=*$/u

/** Reads a bearer token, which `pointer` says where to configure. Throws `bad_config` with the place, never with the token. */
export function readBearerToken(secret: SecretPlace, names: SecretNames, sources: SecretSources, pointer: string): string {
  const read = readSecretText(secret, names, sources)
  const text = read.text.trim()
  if (BEARER_TOKEN.test(text)) return text
  throw new ServiceError('bad_config', `${names.subject}, ${read.where}, is ${text === '' ? 'not there' : 'no bearer token'}`, {
    place: { pointer },
    fix: 'put the token there and nothing else: letters, digits and -._~+/=',
  })
}

/** Reads a secret; warns where others than its owner can read its file. Throws `bad_config` where there is no such file. */
export function readSecretText(secret: SecretPlace, names: SecretNames, sources: SecretSources): SecretText {
  if ('env' in secret)
    return { text: sources.env[secret.env] ?? '', where: `in the environment variable ${secret.env}`, place: {} }
  const file = resolve(sources.root, secret.file)
  try {
    const text = readFileSync(file, 'utf8')
    if ((statSync(file).mode & OTHERS_MODE_MASK) !== 0)
      sources.warn(`${names.owner}: others than its owner can read the ${names.noun} in ${file} (run: chmod 600 ${file})`)
    return { text, where: `in ${file}`, place: { file } }
  } catch (cause) {
    throw new ServiceError('bad_config', `${names.subject} cannot be read from ${file}`, {
      place: { file },
      fix: 'name a readable file in "secret.file", relative to the configuration file',
      cause,
    })
  }
}
