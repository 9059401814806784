import { parseSpiffeId } from '../access/spiffe-id.ts'
import type { ClientCertificate, CredentialVerdict } from '../access/verify-credential.ts'
import type { JsonValue } from '../format/json-value.ts'
import { overLimit } from '../format/limit.ts'
import { SECOND_MS } from '../format/time.ts'
import type { TokenAlgorithm, TokenIssuer } from './settings.ts'
import { isObject, type JsonObject, type TokenText } from './token-text.ts'

const KEY_ID_CHARS_MAX = 1_024
/** The members that a JWT-SVID header may have (JWT-SVID 2). */
const SVID_HEADER: readonly string[] = ['alg', 'kid', 'typ']
const SVID_TYPES: readonly string[] = ['jwt', 'jose']

/** Why a token is not accepted: a fixed sentence, so that no part of the token leaks. */
export type Refusal = string

/** The verdict on a credential that is not accepted. */
export function refuseCredential(message: Refusal): CredentialVerdict {
  return { ok: false, code: 'unauthenticated', message }
}

/**
 * The source of a token: by issuer (for workloads by the trust domain of `sub`) and by audience. Undefined if more than one fits.
 */
export function issuerOf(issuers: readonly TokenIssuer[], claims: JsonObject): TokenIssuer | undefined {
  const audiences = audiencesOf(claims['aud'])
  const found = issuers.filter(
    (issuer) =>
      audiences.some((audience) => issuer.audiences.includes(audience)) &&
      (issuer.spiffe === undefined || trustDomainOf(claims['sub']) === issuer.spiffe.trust_domain) &&
      (issuer.issuer === undefined || issuer.issuer === claims['iss']),
  )
  const workloads = found.filter(({ spiffe }) => spiffe !== undefined)
  const meant = workloads.length > 0 ? workloads : found
  return meant.length === 1 ? meant[0] : undefined
}

function audiencesOf(aud: JsonValue | undefined): readonly string[] {
  if (typeof aud === 'string') return [aud]
  return Array.isArray(aud) && aud.every((one) => typeof one === 'string') ? aud : []
}

function trustDomainOf(sub: JsonValue | undefined): string | undefined {
  const read = typeof sub === 'string' ? parseSpiffeId(sub) : undefined
  return read?.ok === true ? read.id.trustDomain : undefined
}

/** The parts of the header by which the key is found. */
export type KeyHint = { readonly algorithm: TokenAlgorithm; readonly kid: string | undefined }

/** Checks the header: its algorithm is configured for the source, and no member changes how the token is read. */
export function checkHeader({ header }: TokenText, issuer: TokenIssuer): KeyHint | Refusal {
  const { alg, kid, typ = 'JWT' } = header
  const algorithm = issuer.algorithms.find((name) => name === alg)
  if (algorithm === undefined) return 'The algorithm of the token is not accepted here.'
  if ('crit' in header || 'b64' in header || 'cty' in header || 'zip' in header)
    return 'The header of the token asks for what is not supported.'
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > KEY_ID_CHARS_MAX))
    return 'The key id of the token cannot be read.'
  if (typeof typ !== 'string') return 'The type of the token cannot be read.'
  const type = typ.toLowerCase().replace(/^application\//u, '')
  const types = issuer.spiffe === undefined ? issuer.types.map((name) => name.toLowerCase()) : SVID_TYPES
  if (!types.includes(type)) return 'The type of the token is not accepted here.'
  if (issuer.spiffe !== undefined && Object.keys(header).some((name) => !SVID_HEADER.includes(name)))
    return 'The header of the token holds what a JWT-SVID may not hold.'
  return { algorithm, kid }
}

/** Checks the validity period. `exp` is required, `iat` too except for workloads. Every claim that is present must be a time. */
export function checkTimes({ claims }: TokenText, issuer: TokenIssuer, nowMs: number): Refusal | undefined {
  const nowSeconds = nowMs / SECOND_MS
  const skew = issuer.clock_skew_seconds
  const { exp, nbf, iat } = claims
  if (!isTime(exp)) return 'The token does not say when it ends.'
  if (exp <= nowSeconds - skew) return 'The token is over.'
  if (nbf !== undefined && !isTime(nbf)) return 'The token does not say readably when it begins.'
  if (isTime(nbf) && nbf > nowSeconds + skew) return 'The token is not valid yet.'
  if (!isTime(iat) && !(iat === undefined && issuer.spiffe !== undefined)) return 'The token does not say when it was issued.'
  if (isTime(iat) && iat > nowSeconds + skew) return 'The token was issued in the future.'
  if (exp - (isTime(iat) ? iat : nowSeconds) > issuer.lifetime_seconds_max + skew)
    return `${overLimit('The token is valid for', 'identity.issuers[].lifetime_seconds_max', { max: issuer.lifetime_seconds_max })}.`
  return undefined
}

/** Whether a claim is a time in seconds since 1970. */
export function isTime(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && value >= 0
}

/**
 * Checks the binding of the token (`cnf`). A token bound to a certificate is accepted on a connection with that certificate only
 * (RFC 8705). Other proofs of possession are not supported, so a token that needs one is refused.
 */
export function checkBinding({ claims }: TokenText, certificate: ClientCertificate | undefined): Refusal | undefined {
  if (!('cnf' in claims)) return undefined
  const { cnf } = claims
  if (!isObject(cnf) || Object.keys(cnf).join(' ') !== 'x5t#S256')
    return 'The token is bound to a proof that is not supported here.'
  return certificate?.verified === true && cnf['x5t#S256'] === certificate.thumbprint
    ? undefined
    : 'The token is bound to another client certificate.'
}
