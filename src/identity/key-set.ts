import { type CryptoKey, importJWK, type JWK } from 'jose'

import { parseStrictJson, STRICT_JSON_LIMITS } from '../format/strict-json.ts'
import type { TokenAlgorithm } from './settings.ts'
import { isObject, type JsonObject } from './token-text.ts'

/** Largest key set, in bytes. */
export const KEY_SET_BYTES_MAX = 262_144
/** Most keys of one set. */
export const KEYS_MAX = 256
/** Smallest and largest RSA modulus, in bits. */
const RSA_BITS_MIN = 2_048
const RSA_BITS_MAX = 8_192

/** A public key with which an issuer signs. */
export type VerificationKey = {
  readonly kid: string | undefined
  readonly fits: (algorithm: TokenAlgorithm) => boolean
  readonly load: (algorithm: TokenAlgorithm) => Promise<CryptoKey | undefined>
}

const USES: readonly unknown[] = [undefined, 'sig', 'jwt-svid']
const KINDS: ReadonlyMap<string, readonly TokenAlgorithm[]> = new Map([
  ['RSA', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ['EC P-256', ['ES256']],
  ['EC P-384', ['ES384']],
  ['EC P-521', ['ES512']],
  ['OKP Ed25519', ['EdDSA', 'Ed25519']],
])

/** Reads a JWKS (RFC 7517). Keys for other uses and shared secrets are left out; undefined if it is not a key set. */
export function readKeySet(text: Uint8Array | string): readonly VerificationKey[] | undefined {
  const reading = parseStrictJson(text, { ...STRICT_JSON_LIMITS, bodyBytesMax: KEY_SET_BYTES_MAX })
  if (!reading.ok || !isObject(reading.value)) return undefined
  const { keys } = reading.value
  if (!Array.isArray(keys) || keys.length > KEYS_MAX) return undefined
  return (keys as readonly JsonObject[]).flatMap((key) => (isObject(key) ? (keyOf(key) ?? []) : []))
}

/** Copies only the public members, so that a private part published by mistake is never kept. */
function keyOf({ kty, crv, kid, alg, use, key_ops: operations, n, e, x, y }: JsonObject): VerificationKey | undefined {
  const algorithms = typeof kty !== 'string' ? undefined : KINDS.get(typeof crv === 'string' ? `${kty} ${crv}` : kty)
  if (algorithms === undefined || !USES.includes(use)) return undefined
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return undefined
  if (kid !== undefined && (typeof kid !== 'string' || kid === '')) return undefined
  if (kty === 'RSA' && !(typeof n === 'string' && isRsaSize(n))) return undefined
  const members = Object.entries({ kty, crv, n, e, x, y }).filter(([, value]) => typeof value === 'string')
  const jwk = Object.fromEntries(members) as JWK
  const loaded = new Map<TokenAlgorithm, Promise<CryptoKey | undefined>>()
  return {
    kid,
    fits: (algorithm) => algorithms.includes(algorithm) && (alg === undefined || alg === algorithm),
    load: (algorithm) => {
      const key = loaded.get(algorithm) ?? importKey(jwk, algorithm)
      loaded.set(algorithm, key)
      return key
    },
  }
}

/** A key that cannot be imported counts as missing. */
async function importKey(jwk: JWK, algorithm: TokenAlgorithm): Promise<CryptoKey | undefined> {
  try {
    const key = await importJWK(jwk, algorithm)
    return key instanceof Uint8Array ? undefined : key
  } catch {
    return undefined
  }
}

function isRsaSize(modulus: string): boolean {
  const bits = Buffer.from(modulus, 'base64url').length * 8
  return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX
}
