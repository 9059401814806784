import type { Caller } from '../access/caller.ts'
import type { Rate } from '../access/rate.ts'
import { overLimit } from '../format/limit.ts'
import { SECOND_MS } from '../format/time.ts'
import type { Rated } from './endpoint-shape.ts'
import type { Fault } from './exchange.ts'
import type { HttpSettings } from './settings.ts'

/** Buckets from which those are forgotten that are full again: every holder of a token has one. */
const BUCKETS_MAX = 10_000
type Bucket = { tokens: number; atMs: number }

/** Takes so many from the bucket of a credential; undefined when they were there, otherwise after how many whole seconds they will be. */
export type TakeRate = (credential: string, count: number) => number | undefined

/** A token bucket for each credential: full with `burst` at first, filled with `per_second`. `nowMs` is monotonic. */
export function createRateLimit(rate: Rate, nowMs: () => number): TakeRate {
  const buckets = new Map<string, Bucket>()
  const filled = ({ tokens, atMs }: Bucket, now: number): number =>
    Math.min(rate.burst, tokens + ((now - atMs) / SECOND_MS) * rate.per_second)
  /** A full bucket is worth as much as none. */
  const forgetFull = (now: number): void => {
    for (const [credential, bucket] of buckets) if (filled(bucket, now) >= rate.burst) buckets.delete(credential)
  }
  return (credential, count) => {
    const now = nowMs()
    if (buckets.size >= BUCKETS_MAX && !buckets.has(credential)) forgetFull(now)
    const bucket = buckets.get(credential) ?? { tokens: rate.burst, atMs: now }
    bucket.tokens = filled(bucket, now)
    bucket.atMs = now
    buckets.set(credential, bucket)
    if (bucket.tokens < count) return Math.ceil((count - bucket.tokens) / rate.per_second)
    bucket.tokens -= count
    return undefined
  }
}

/**
 * Charges a caller for what an endpoint writes; a refusal charges nothing. `before`: what was charged for the same request already; what
 * is more than can ever be there at a time together is too large, whenever it is sent.
 */
export type Charge = (caller: Caller, rated: Rated, count: number, before?: number) => Fault | undefined

/** Which of the configured limits holds for a caller. */
type RateName = Rated | 'anonymous'

/** The bucket of all callers for whom nobody vouches: they are one account. */
const STRANGERS = 'anonymous'

/** The configured limits of each credential; callers for whom nobody vouches share one, whatever they write. */
export function createCharge(rates: HttpSettings['rates'], nowMs: () => number): Charge {
  const limits = {
    reports: createRateLimit(rates.reports, nowMs),
    decisions: rates.decisions === undefined ? () => undefined : createRateLimit(rates.decisions, nowMs),
    anonymous: createRateLimit(rates.anonymous, nowMs),
  } as const satisfies Record<RateName, TakeRate>
  return (caller, written, count, before = 0) => {
    const rated: RateName = caller.credential === null ? 'anonymous' : written
    const { per_second: perSecond, burst } = rates[rated] ?? { per_second: Infinity, burst: Infinity }
    if (before + count > burst)
      return {
        code: 'too_large',
        message: `${overLimit('The request holds', `http.rates.${rated}.burst`, { max: burst, came: before + count })}.`,
        fix: `Send fewer at a time, or raise \`http.rates.${rated}.burst\`.`,
      }
    const seconds = limits[rated](caller.credential ?? STRANGERS, count)
    if (seconds === undefined) return undefined
    const who = caller.credential === null ? 'Callers without a credential' : `The credential ${caller.credential}`
    const why = overLimit(`${who} sent`, `http.rates.${rated}.burst`, { max: burst })
    return {
      code: 'rate_limited',
      message: `${why}, and ${perSecond} more each second (\`http.rates.${rated}.per_second\`).`,
      fix: `Try again after ${seconds} s, or raise \`http.rates.${rated}\`.`,
      headers: { 'Retry-After': String(seconds) },
    }
  }
}
