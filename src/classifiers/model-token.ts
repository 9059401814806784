import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'

import type { ExternalClassifier } from '../evidence/detectors/settings.ts'
import { ServiceError } from '../format/error.ts'

const OTHERS_MASK = 0o077
/** What a bearer token consists of (RFC 6750), within what fits a header. */
const TOKEN = /^[A-Za-z0-9._~+/-]{1,4000}=*$/u

/** Where tokens are looked for; relative files are relative to `root`. */
export type TokenSources = {
  readonly root: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly warn: (line: string) => void
}

/** The token that a model is sent; undefined where it needs none. Throws `bad_config` that names the place, never the token. */
export function modelToken(name: string, { secret }: ExternalClassifier, sources: TokenSources): string | undefined {
  if (secret === undefined) return undefined
  const pointer = `/detectors/${name}/secret`
  const where = 'env' in secret ? `in the environment variable ${secret.env}` : `in ${resolve(sources.root, secret.file)}`
  const text = ('env' in secret ? (sources.env[secret.env] ?? '') : fromFile(name, secret.file, sources)).trim()
  if (text === '' || !TOKEN.test(text))
    throw new ServiceError(
      'bad_config',
      `the token of detectors.${name}, ${where}, is ${text === '' ? 'not there' : 'no bearer token'}`,
      {
        place: { pointer },
        fix: 'put the token there and nothing else: letters, digits and -._~+/=',
      },
    )
  return text
}

function fromFile(name: string, path: string, { root, warn }: TokenSources): string {
  const file = resolve(root, path)
  try {
    const text = readFileSync(file, 'utf8')
    if ((statSync(file).mode & OTHERS_MASK) !== 0)
      warn(`detectors.${name}: others than its owner can read the token in ${file} (run: chmod 600 ${file})`)
    return text
  } catch (cause) {
    throw new ServiceError('bad_config', `the token of detectors.${name} cannot be read from ${file}`, {
      place: { file },
      fix: 'name a readable file in "secret.file", relative to the configuration file',
      cause,
    })
  }
}
