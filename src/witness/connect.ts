import { resolve } from 'node:path'

import { readBearerToken, type SecretSources } from '../access/secret-text.ts'
import { witnessKey } from '../audit/cosignature.ts'
import { ServiceError } from '../format/error.ts'
import type { NamedPlace, NamedWitness } from './send-checkpoints.ts'
import type { CheckpointPlace, Witness } from './settings.ts'

/** The witnesses of a configuration with their keys. Throws `bad_config` for a key that is none. */
export function connectWitnesses(witnesses: readonly Witness[]): readonly NamedWitness[] {
  return witnesses.map(({ id, url, key: vkey, timeout_ms: timeoutMs }, index) => {
    const read = witnessKey(vkey)
    if (read.ok) return { id, url, key: read.key, timeoutMs }
    throw new ServiceError('bad_config', `audit.witnesses: the key of "${id}": ${read.error.message}`, {
      place: { pointer: `/audit/witnesses/${index}/key` },
      fix: 'copy the verifier key that the witness publishes',
    })
  })
}

/** The places of a configuration with their tokens, folders relative to its root. Throws `bad_config` without telling a token. */
export function connectPlaces(places: readonly CheckpointPlace[], sources: SecretSources): readonly NamedPlace[] {
  return places.map((place, index) => {
    if ('folder' in place) return { id: place.id, folder: resolve(sources.root, place.folder) }
    const { id, url, timeout_ms: timeoutMs } = place
    return { id, url, timeoutMs, token: tokenOf(place, index, sources) }
  })
}

function tokenOf(
  { id, secret }: Extract<CheckpointPlace, { url: string }>,
  index: number,
  sources: SecretSources,
): string | undefined {
  if (secret === undefined) return undefined
  const names = { owner: `checkpoint place "${id}"`, noun: 'token', subject: `the token of the checkpoint place "${id}"` }
  return readBearerToken(secret, names, sources, `/audit/checkpoint_places/${index}/secret`)
}
