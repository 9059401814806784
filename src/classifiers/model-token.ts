import { readBearerToken, type SecretSources } from '../access/secret-text.ts'
import type { ExternalClassifier } from '../evidence/detectors/settings.ts'

/** The token for a model; undefined if none is configured. Throws `bad_config` with the place, never with the token. */
export function modelToken(name: string, { secret }: ExternalClassifier, sources: SecretSources): string | undefined {
  if (secret === undefined) return undefined
  const names = { owner: `detectors.${name}`, noun: 'token', subject: `the token of detectors.${name}` }
  return readBearerToken(secret, names, sources, `/detectors/${name}/secret`)
}
