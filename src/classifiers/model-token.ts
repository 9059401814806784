import { readSecretText, type SecretSources } from '../access/secret-text.ts'
import type { ExternalClassifier } from '../evidence/detectors/settings.ts'
import { ServiceError } from '../format/error.ts'

/** What a bearer token consists of (RFC 6750), within what fits a header. */
const TOKEN = /^[A-Za-z0-9._~+/-]{1,4000}=*$/u

/** The token that a model is sent; undefined where it needs none. Throws `bad_config` that names the place, never the token. */
export function modelToken(name: string, { secret }: ExternalClassifier, sources: SecretSources): string | undefined {
  if (secret === undefined) return undefined
  const pointer = `/detectors/${name}/secret`
  const names = { owner: `detectors.${name}`, noun: 'token', subject: `the token of detectors.${name}` }
  const read = readSecretText(secret, names, sources)
  const text = read.text.trim()
  if (text === '' || !TOKEN.test(text))
    throw new ServiceError('bad_config', `${names.subject}, ${read.where}, is ${text === '' ? 'not there' : 'no bearer token'}`, {
      place: { pointer },
      fix: 'put the token there and nothing else: letters, digits and -._~+/=',
    })
  return text
}
