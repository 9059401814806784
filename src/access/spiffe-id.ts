/** Longest SPIFFE ID, in bytes; all of them are ASCII (SPIFFE-ID 2.3). */
export const SPIFFE_ID_BYTES_MAX = 2_048
/** Longest name of a trust domain, in bytes (SPIFFE-ID 2.3). */
export const TRUST_DOMAIN_BYTES_MAX = 255

/** Characters of a trust domain: lower case, digits, dots, dashes, underscores (SPIFFE-ID 2.1). */
export const TRUST_DOMAIN = /^[a-z0-9._-]+$/u
/** Characters of one segment of a path (SPIFFE-ID 2.2); `.` and `..` are refused besides. */
export const PATH_SEGMENT = /^[a-zA-Z0-9._-]+$/u

const PREFIX = 'spiffe://'

/** A workload's name: whose it is, and which one; `segments` is empty for the trust domain itself. */
export type SpiffeId = { readonly trustDomain: string; readonly segments: readonly string[] }

/** Why a text is no SPIFFE ID. */
export type SpiffeIdFault =
  'too_long' | 'scheme' | 'no_trust_domain' | 'trust_domain' | 'trailing_slash' | 'empty_segment' | 'dot_segment' | 'segment'

/** Whether a text would be one of those if it were valid: nobody but an authority of the trust domain may write such a name. */
export function looksLikeSpiffeId(text: string): boolean {
  return /^\s*spiffe:/iu.test(text)
}

/**
 * Reads a SPIFFE ID as strictly as the standard's own libraries: the scheme in lower case; no user, port, query, fragment or percent
 * encoding; no empty, `.` or `..` segment; no slash at the end. Two texts that are accepted name the same workload only if they are equal.
 */
export function parseSpiffeId(
  text: string,
): { readonly ok: true; readonly id: SpiffeId } | { readonly ok: false; readonly fault: SpiffeIdFault } {
  const refuse = (fault: SpiffeIdFault) => ({ ok: false as const, fault })
  if (text.length > SPIFFE_ID_BYTES_MAX) return refuse('too_long')
  if (!text.startsWith(PREFIX)) return refuse('scheme')
  const [trustDomain = '', ...segments] = text.slice(PREFIX.length).split('/')
  if (trustDomain === '') return refuse('no_trust_domain')
  if (trustDomain.length > TRUST_DOMAIN_BYTES_MAX) return refuse('too_long')
  if (!TRUST_DOMAIN.test(trustDomain)) return refuse('trust_domain')
  if (segments.at(-1) === '') return refuse('trailing_slash')
  for (const segment of segments) {
    if (segment === '') return refuse('empty_segment')
    if (segment === '.' || segment === '..') return refuse('dot_segment')
    if (!PATH_SEGMENT.test(segment)) return refuse('segment')
  }
  return { ok: true, id: { trustDomain, segments } }
}
