import { SECOND_MS } from '../../format/time.ts'
import { networkOf } from '../connection/network.ts'
import { createRateLimit } from '../rate-limit.ts'

/** Attempts to sign in from one address with a token that nobody has: so many at once, then one every few seconds. */
export const SIGN_IN_RATE = { per_second: 0.2, burst: 10 } as const
/** Addresses that are told apart; further ones share one limit. */
export const ADDRESSES_MAX = 10_000
/** All are forgotten this often, which gives nobody more than twice the rate, ms. */
const FORGET_MS = (SIGN_IN_RATE.burst / SIGN_IN_RATE.per_second) * SECOND_MS

/** Takes one attempt of an address; undefined where it may be made, otherwise after how many seconds it may. */
export type TakeSignIn = (address: string) => number | undefined

/** Limits attempts to sign in that fail by address, by network for IPv6, in bounded memory. */
export function createSignInLimit(nowMs: () => number): TakeSignIn {
  let [take, addresses, sinceMs] = [createRateLimit(SIGN_IN_RATE, nowMs), new Set<string>(), nowMs()]
  return (address) => {
    if (nowMs() - sinceMs >= FORGET_MS) [take, addresses, sinceMs] = [createRateLimit(SIGN_IN_RATE, nowMs), new Set(), nowMs()]
    const name = networkOf(address)
    if (addresses.size < ADDRESSES_MAX) addresses.add(name)
    return take(addresses.has(name) ? name : 'others', 1)
  }
}
