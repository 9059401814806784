import { invariant } from '../model/error.ts'

/** Trust of a delegation chain: its weakest link; an unknown link (null) and an empty chain are 0. */
export function chainTrust(links: readonly (number | null)[]): number {
  if (links.length === 0) return 0
  for (const link of links)
    invariant(link === null || (link >= 0 && link <= 1), `a link's score must be between 0 and 1, not ${String(link)}`)
  return Math.min(...links.map((link) => link ?? 0))
}
