import { type ActionClass, type Classification, CLASSIFICATIONS } from '../catalogue/catalogue-file.ts'
import type { Request } from '../model/request.ts'

/**
 * The highest of what the catalogue, the resource and the context of the request say; `internal` where none says, `restricted` for
 * what is none of our words.
 */
export function classificationOf(
  request: Request,
  { classification: ofTool }: Pick<ActionClass, 'classification'>,
): Classification {
  const rank = (said: unknown): number => {
    if (said === undefined) return -1
    return CLASSIFICATIONS.indexOf(CLASSIFICATIONS.find((known) => known === said) ?? 'restricted')
  }
  const claimed = [request.resource.properties?.['classification'], request.context?.['classification']]
  const highest = Math.max(rank(ofTool ?? undefined), ...claimed.map(rank))
  return CLASSIFICATIONS[highest] ?? 'internal'
}

/** Personal data and above are sensitive. */
export function isSensitive(classification: Classification): boolean {
  return CLASSIFICATIONS.indexOf(classification) >= CLASSIFICATIONS.indexOf('personal')
}
