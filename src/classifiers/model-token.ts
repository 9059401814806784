import { readSecretText, type SecretSources } from '../access/secret-text.ts'
import type { ExternalClassifier } from '../evidence/detectors/settings.ts'
import { ServiceError } from '../format/error.ts'

/** A bearer token (RFC 6750) that fits a header. */
const TOKEN = /^[A-Za-z0-9._~+/-]{1,4000}=*$/u

/** The token for a model; undefined if none is configured. Throws `bad_config` with the place, never with the token. */
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
