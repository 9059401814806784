import { Ceiling, MANDATORY_SOURCES, TERM_ITEMS_MAX } from '../model/ceiling.ts'
import { denial } from './term.ts'

/**
 * The terms that the graduation bundle answered. All or nothing: one that is malformed takes the others with it, so that a
 * restriction cannot get lost in a spelling mistake; the missing mandatory terms then deny.
 */
export function bundleTerms(graduation: unknown): readonly Ceiling[] {
  if (!Array.isArray(graduation) || graduation.length > TERM_ITEMS_MAX) return []
  const parsed = graduation.map((value) => Ceiling.safeParse(value))
  return parsed.every((result) => result.success) ? parsed.map((result) => result.data) : []
}

/** One denial, `term_missing`, per mandatory source that the terms do not hold exactly once. */
export function termsMissing(terms: readonly Ceiling[]): readonly Ceiling[] {
  return MANDATORY_SOURCES.filter((source) => terms.filter((each) => each.source === source).length !== 1).map((source) =>
    denial(source, `term_missing:${source}`),
  )
}
