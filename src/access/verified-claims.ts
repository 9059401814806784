import { z } from 'zod'

import type { Request } from '../model/request.ts'
import { overLimit } from '../format/limit.ts'

/** Most claims that one issuer passes on. */
const VERIFIED_CLAIMS_MAX = 16
/** Longest text of a claim, and most texts in one; a token is shorter than either. */
const CLAIM_CHARS_MAX = 8_192
const CLAIM_ITEMS_MAX = 512

/** What policies call a claim. */
const ClaimName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/u, 'a letter, then letters, digits and underscores, at most 64')

const text = z.string().max(CLAIM_CHARS_MAX)
const ClaimValue = z.union([text, z.number(), z.boolean(), z.array(text).max(CLAIM_ITEMS_MAX)])

/** Something for each claim that policies are told, by the name that it has there; at most `VERIFIED_CLAIMS_MAX`. */
export function byClaimName<Value extends z.ZodType>(value: Value) {
  return z.record(ClaimName, value).refine((claims) => Object.keys(claims).length <= VERIFIED_CLAIMS_MAX, {
    error: ({ input }) =>
      overLimit('there are', 'claims.claims_max', { max: VERIFIED_CLAIMS_MAX, came: Object.keys(input as object).length }),
  })
}

/** What an issuer says of whoever a token belongs to, by the names that the configuration gives the claims. Never from a body. */
export const VerifiedClaims = byClaimName(ClaimValue)
export type VerifiedClaims = z.infer<typeof VerifiedClaims>

/** The member of a subject's properties that holds verified claims, and nothing else. */
const VERIFIED = 'verified'

/** A subject as policies are told it: `properties.verified` holds what its credential proves; what the body says there is left out. */
export function withVerifiedClaims(subject: Request['subject'], claims: VerifiedClaims | undefined): Request['subject'] {
  const { properties } = subject
  if (claims !== undefined) return { ...subject, properties: { ...properties, [VERIFIED]: claims } }
  if (properties === undefined || !Object.hasOwn(properties, VERIFIED)) return subject
  return { ...subject, properties: Object.fromEntries(Object.entries(properties).filter(([name]) => name !== VERIFIED)) }
}
