import { readFile } from 'node:fs/promises'

import { KEY_SET_BYTES_MAX, readKeySet, type VerificationKey } from './key-set.ts'
import { overLimit } from '../format/limit.ts'

/** How long a fetch of keys may take, ms. */
const FETCH_MS_MAX = 5_000

/** Loads the keys of an issuer; rejects if it cannot. */
export type LoadKeys = () => Promise<readonly VerificationKey[]>

/** Keys from a file, read again each time. */
export function keysOfFile(file: string): LoadKeys {
  return async () => read(await readFile(file))
}

/** Keys over HTTP. No redirect is followed; time and size of the answer are limited. */
export function keysOfUrl(url: string, timeMsMax = FETCH_MS_MAX): LoadKeys {
  return async () => {
    const headers = { accept: 'application/jwk-set+json, application/json' }
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeMsMax), headers })
    if (!response.ok) {
      await response.body?.cancel()
      throw new Error(`the answer was ${response.status}`)
    }
    return read(await bodyOf(response))
  }
}

async function bodyOf(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  const body: AsyncIterable<Uint8Array> | readonly Uint8Array[] = response.body ?? []
  for await (const chunk of body) {
    bytes += chunk.byteLength
    if (bytes > KEY_SET_BYTES_MAX)
      throw new Error(overLimit('the key set has', 'identity.key_set_bytes_max', { max: KEY_SET_BYTES_MAX }))
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function read(text: Uint8Array): readonly VerificationKey[] {
  const keys = readKeySet(text)
  if (keys === undefined) throw new Error('what came back is no key set')
  return keys
}
