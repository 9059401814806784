import { compactVerify, type CryptoKey } from 'jose'

import type { ClientCertificate, CredentialVerdict, VerifyCertificate, VerifyToken } from '../access/verify-credential.ts'
import { ServiceError } from '../format/error.ts'
import { SECOND_MS } from '../format/time.ts'
import { callerOfCertificate } from './certificate-caller.ts'
import { checkBinding, checkHeader, checkTimes, issuerOf, refuseCredential } from './claims.ts'
import { createKeyCache, type KeyCache } from './key-cache.ts'
import { keysOfFile, keysOfUrl } from './load-keys.ts'
import type { IdentitySources, TokenIssuer } from './settings.ts'
import { isReservedName } from '../access/actor-name.ts'
import { callerOfToken } from './token-caller.ts'
import { type JsonObject, readToken } from './token-text.ts'

/** What checking identities needs from outside. */
export type IdentityDeps = {
  readonly nowMs: () => number
  /** Ms on a monotonic clock. */
  readonly steadyMs: () => number
  readonly warn: (line: string) => void
  /** Names of the configured credentials. The name of a token holder must not collide with one. */
  readonly credentialIds: readonly string[]
  /** Whether the listener asks for client certificates (`http.tls.client_ca`). */
  readonly asksForCertificates: boolean
}

/** The checks for tokens and certificates; a check is absent if no source is configured for it. */
export type Identity = { readonly verifyToken?: VerifyToken; readonly verifyCertificate?: VerifyCertificate }

/**
 * Makes the checks of the configured sources. Key files must be readable. Keys at a URL are fetched now, and again when needed,
 * so that an issuer that is down does not block the start. Rejects with `bad_config`.
 */
export async function createIdentity(sources: IdentitySources, deps: IdentityDeps): Promise<Identity> {
  const { certificates, issuers } = sources
  refuseUnusable(sources, deps)
  const caches = new Map(issuers.map((issuer) => [issuer.id, cacheOf(issuer, deps)]))
  for (const { id, jwks_file: file } of issuers) {
    const isUsable = caches.get(id)?.refresh()
    if (file !== undefined && (await isUsable) !== true)
      throw new ServiceError('bad_config', `The keys of the issuer ${id} cannot be read.`, {
        place: { file, pointer: '/identity/issuers' },
        fix: 'Name a file with a JWKS that this process may read.',
      })
  }
  return {
    ...(issuers.length === 0 ? {} : { verifyToken: tokenVerifier(issuers, caches, deps) }),
    ...(certificates === undefined
      ? {}
      : { verifyCertificate: (shown: ClientCertificate) => callerOfCertificate(shown, certificates, deps.nowMs()) }),
  }
}

/** Refuses what conflicts with other parts of the configuration. */
function refuseUnusable({ issuers, certificates }: IdentitySources, { credentialIds, asksForCertificates }: IdentityDeps): void {
  if (certificates !== undefined && !asksForCertificates)
    throw new ServiceError('bad_config', 'Client certificates are to be accepted, but the listener asks for none.', {
      place: { pointer: '/identity/certificates' },
      fix: 'Name the authority of the trust domain in http.tls.client_ca.',
    })
  const sourceIds = [...issuers, ...(certificates === undefined ? [] : [certificates])].map(({ id }) => id)
  const alike = credentialIds.find((id) => sourceIds.some((source) => id.startsWith(`${source}:`) || id.startsWith(`${source}#`)))
  if (alike !== undefined)
    throw new ServiceError('bad_config', `The credential ${alike} is named like the holder of a token of an issuer.`, {
      place: { pointer: '/credentials' },
      fix: 'Give it a name that does not begin with the id of an issuer.',
    })
}

function cacheOf(issuer: TokenIssuer, { steadyMs, warn }: IdentityDeps): KeyCache {
  const { id, jwks_url: url, jwks_file: file = '' } = issuer
  const onFailure = (cause: unknown): void =>
    warn(`the keys of the issuer ${id} could not be fetched: ${cause instanceof Error ? cause.message : 'unknown cause'}`)
  const times = {
    refreshMs: issuer.jwks_refresh_seconds * SECOND_MS,
    cooldownMs: issuer.jwks_cooldown_seconds * SECOND_MS,
    staleMs: issuer.jwks_stale_seconds_max * SECOND_MS,
  }
  return createKeyCache(url === undefined ? keysOfFile(file) : keysOfUrl(url), times, { steadyMs, onFailure })
}

/** Cheap checks first, then the key, then the signature. No claim is used before the signature is verified. */
function tokenVerifier(
  issuers: readonly TokenIssuer[],
  caches: ReadonlyMap<string, KeyCache>,
  { nowMs, credentialIds }: IdentityDeps,
): VerifyToken {
  const configured = new Set(credentialIds)
  const holders = issuers.flatMap(({ id }) => [`${id}:`, `${id}#`])
  const isTaken = (name: string): boolean =>
    isReservedName(name) || configured.has(name) || holders.some((beginning) => name.startsWith(beginning))
  return async (token, certificate) => {
    const text = readToken(token)
    if (text === undefined) return refuseCredential('The token cannot be read.')
    const issuer = issuerOf(issuers, text.claims)
    if (issuer === undefined)
      return refuseCredential('The token was not issued for this service by an issuer that is known here.')
    const hint = checkHeader(text, issuer)
    if (typeof hint === 'string') return refuseCredential(hint)
    const now = nowMs()
    const refusal = checkTimes(text, issuer, now) ?? checkBinding(text, certificate)
    if (refusal !== undefined) return refuseCredential(refusal)
    const key = await caches.get(issuer.id)?.find(hint.kid, hint.algorithm)
    if (key === 'unavailable')
      return { ok: false, code: 'not_ready', message: 'The keys of the token’s issuer cannot be had at the moment.' }
    if (key === undefined || !(await isSigned(token, key, hint.algorithm)))
      return refuseCredential('The signature of the token is not valid.')
    return withExpiry(callerOfToken(text.claims, issuer, { certificate, nowMs: now, isTaken }), text.claims)
  }
}

async function isSigned(token: string, key: CryptoKey, algorithm: string): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [algorithm] })
    return true
  } catch {
    return false
  }
}

/** Adds the expiry of the token to its caller. */
function withExpiry(verdict: CredentialVerdict, { exp }: JsonObject): CredentialVerdict {
  if (!verdict.ok || typeof exp !== 'number') return verdict
  return { ok: true, caller: { ...verdict.caller, expires_ms: exp * SECOND_MS } }
}
