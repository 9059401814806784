import type { JsonObject } from './token-text.ts'
import { isObject } from './token-text.ts'

/**
 * The actors of a token (RFC 8693 `act`), the current one first: `sub` of each. Undefined if one cannot be read or comes from
 * another issuer than the token: the same name may mean somebody else there.
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
