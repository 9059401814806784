import type { Request } from '../model/request.ts'

/** Facts by name that a caller asserts and is believed in; plain JSON. */
export type VerifiedFacts = Readonly<Record<string, unknown>>

/**
 * Of the facts in a request's `context.facts`, those whose names the caller's credential may assert. Everything else that a request
 * says of its circumstances is a claim: it may make a decision stricter, never milder.
 */
export function verifiedFacts(request: Request, names: readonly string[]): VerifiedFacts {
  const claimed: unknown = request.context?.['facts']
  if (typeof claimed !== 'object' || claimed === null || Array.isArray(claimed)) return {}
  return Object.fromEntries(Object.entries(claimed).filter(([name]) => names.includes(name)))
}

/** The jurisdiction that a verified fact names; null where none does, and then the shortest deadline for undoing holds. */
export function verifiedJurisdiction(facts: VerifiedFacts): string | null {
  const { jurisdiction } = facts
  return typeof jurisdiction === 'string' ? jurisdiction : null
}
