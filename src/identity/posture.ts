import type { ClientCertificate } from '../access/verify-credential.ts'
import type { JsonValue } from '../format/json-value.ts'
import { SECOND_MS } from '../format/time.ts'
import type { Posture } from '../trust/posture.ts'
import { isTime } from './claims.ts'
import type { TokenIssuer } from './settings.ts'
import { claimAt, type JsonObject } from './token-text.ts'

/** The settings of a source about attestation. */
type Attestation = { readonly attested: boolean; readonly attestation_required: boolean }

/**
 * The posture that a verified token proves. `certificate` is the one the token is bound to; `byHuman`: a person delegated to the
 * agent.
 */
export function postureOfToken(
  claims: JsonObject,
  issuer: TokenIssuer,
  { certificate, byHuman, nowMs }: { certificate: ClientCertificate | undefined; byHuman: boolean; nowMs: number },
): Posture {
  const { credential_issued_claim: where, attested_claim: saysSo } = issuer
  const issued = [msOf(where === undefined ? claims['iat'] : claimAt(claims, where)), certificate?.notBeforeMs]
  const known = issued.filter((ms) => ms !== undefined)
  const claimed = saysSo === undefined ? undefined : claimAt(claims, saysSo)
  return {
    ...(known.length === 0 ? {} : { credential_issued_ms: Math.min(...known) }),
    ...(certificate === undefined ? {} : { certificate_not_after_ms: certificate.notAfterMs }),
    ...attestation(issuer, claimed, msOf(claims['exp'])),
    ...(byHuman ? delegatorMfa(claims, issuer, nowMs) : {}),
  }
}

/** The posture that a verified certificate proves. */
export function postureOfCertificate({ notBeforeMs, notAfterMs }: ClientCertificate, source: Attestation): Posture {
  return {
    credential_issued_ms: notBeforeMs,
    certificate_not_after_ms: notAfterMs,
    ...attestation(source, undefined, notAfterMs),
  }
}

/** The token's own claim comes first; without one the setting of its source counts. */
function attestation(
  { attested, attestation_required }: Attestation,
  claimed: JsonValue | undefined,
  untilMs: number | undefined,
): Pick<Posture, 'attested'> {
  const until = untilMs === undefined ? {} : { until_ms: untilMs }
  if (claimed === undefined ? attested : claimed === true) return { attested: { ok: true, ...until } }
  return claimed !== undefined || attestation_required ? { attested: { ok: false } } : {}
}

/** RFC 8176 `amr`, and `acr`. Without both the second factor is unknown, or missing where it is required. */
function delegatorMfa(claims: JsonObject, { mfa }: TokenIssuer, nowMs: number): Pick<Posture, 'delegator_mfa'> {
  const { amr, acr, auth_time: signedIn } = claims
  if (amr === undefined && acr === undefined) return mfa.required ? { delegator_mfa: false } : {}
  const methods: readonly unknown[] = Array.isArray(amr) ? amr : []
  const isShown = mfa.amr.some((method) => methods.includes(method)) || mfa.acr.some((level) => level === acr)
  const maxMs = mfa.age_seconds_max === undefined ? Infinity : mfa.age_seconds_max * SECOND_MS
  const isRecent = maxMs === Infinity || nowMs - (msOf(signedIn) ?? -Infinity) <= maxMs
  return { delegator_mfa: isShown && isRecent }
}

function msOf(seconds: JsonValue | undefined): number | undefined {
  return isTime(seconds) ? Math.floor(seconds * SECOND_MS) : undefined
}
