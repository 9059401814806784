import type { JsonObject } from './token-text.ts'
import { isObject } from './token-text.ts'

/**
 * The actors of a token (RFC 8693 `act`), the current one first: `sub` of each. Undefined where one cannot be read, or belongs to
 * another issuer than the token: that one's names are not ours to read.
 */
export function actorsOf(claims: JsonObject): readonly string[] | undefined {
  const actors: string[] = []
  for (let at = claims; Object.hasOwn(at, 'act');) {
    const { act } = at
    if (!isObject(act)) return undefined
    const { sub, iss } = act
    if (typeof sub !== 'string' || (iss !== undefined && iss !== claims['iss'])) return undefined
    actors.push(sub)
    at = act
  }
  return actors
}
