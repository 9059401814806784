import { z } from 'zod'

import { requireFinite } from '../format/error.ts'
import { byCodeUnit } from '../format/order.ts'
import { DAY_MS } from '../format/time.ts'
import type { TrustConstants } from './constants.ts'
import type { ScoreCeiling } from './score-ceiling.ts'

/**
 * Ceilings on the score from what is verified about an agent's credentials and workload, at one time; what is not known bounds
 * nothing. State-like: read each time, never evidence. A certificate that is over caps like a workload that nobody attested: nobody
 * vouches for it any more, but that is no sign of an attack. That is what a `credential_compromise` says, whose cap is 0.
 */
export function postureCeilings(posture: Posture, nowMs: number, { posture: rules }: TrustConstants): readonly ScoreCeiling[] {
  requireFinite({ nowMs })
  const { credential_issued_ms: issuedMs, certificate_not_after_ms: endMs, attested, delegator_mfa } = posture
  const ageDays = issuedMs === undefined ? 0 : (nowMs - issuedMs) / DAY_MS
  const age = rules.credential_age.findLast(({ age_days }) => ageDays > age_days)
  const isAttested = attested === undefined || (attested.ok && (attested.until_ms === undefined || nowMs <= attested.until_ms))
  return [
    ...(age === undefined ? [] : [{ source: 'posture:credential_age', value: age.ceiling }]),
    ...(endMs === undefined || nowMs <= endMs
      ? []
      : [{ source: 'posture:certificate_expired', value: rules.certificate_expired }]),
    ...(delegator_mfa === false ? [{ source: 'posture:delegator_mfa', value: rules.delegator_without_mfa }] : []),
    ...(isAttested ? [] : [{ source: 'posture:unattested', value: rules.unattested }]),
  ].toSorted((a, b) => byCodeUnit(a.source, b.source))
}

/** What two sources say together of one agent: of each member the stricter, and what only one knows. */
export function joinPostures(a: Posture, b: Posture): Posture {
  const issued = least(a.credential_issued_ms, b.credential_issued_ms)
  const end = least(a.certificate_not_after_ms, b.certificate_not_after_ms)
  const attested = bothAttested(a.attested, b.attested)
  const mfa = a.delegator_mfa === undefined ? b.delegator_mfa : a.delegator_mfa && b.delegator_mfa !== false
  return {
    ...(issued === undefined ? {} : { credential_issued_ms: issued }),
    ...(end === undefined ? {} : { certificate_not_after_ms: end }),
    ...(attested === undefined ? {} : { attested }),
    ...(mfa === undefined ? {} : { delegator_mfa: mfa }),
  }
}

function bothAttested(a: Posture['attested'], b: Posture['attested']): Posture['attested'] {
  if (a === undefined || b === undefined) return a ?? b
  const until = least(a.until_ms, b.until_ms)
  return { ok: a.ok && b.ok, ...(until === undefined ? {} : { until_ms: until }) }
}

/** The smaller of what is known. */
function least(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.min(a, b)
}

const atMs = z.int().nonnegative()

/** What is verified about the credentials and the workload of an agent; what is absent is not known. */
export const Posture = z.strictObject({
  /** When the credential in use was issued or last rotated. */
  credential_issued_ms: atMs.optional(),
  /** When the workload's certificate ends. */
  certificate_not_after_ms: atMs.optional(),
  /** Whether the workload was attested, and until when that holds. */
  attested: z.strictObject({ ok: z.boolean(), until_ms: atMs.optional() }).optional(),
  /** Whether the human on whose behalf it acts signed in with more than one factor. */
  delegator_mfa: z.boolean().optional(),
})

export type Posture = z.infer<typeof Posture>
