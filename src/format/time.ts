import { ServiceError } from './error.ts'

/** Lengths of time, ms. */
export const SECOND_MS = 1_000
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

/** Milliseconds since 1970-01-01 UTC of an ISO 8601 time; NaN where it is none. */
export function epochMs(iso: string): number {
  return Date.parse(iso)
}

/** Milliseconds of `90`, `15s`, `10m`, `2h`, `3d` or sums such as `1d12h`; throws `bad_request` for anything else. */
export function durationMs(text: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS }
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/u.test(text)) {
    throw new ServiceError('bad_request', `"${text}" is not a duration`, { fix: 'write it like 90s, 15m, 2h, 3d or 1d12h' })
  }
  return Math.round(
    [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/gu)].reduce(
      (sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? NaN),
      0,
    ),
  )
}
