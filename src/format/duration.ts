import { ServiceError } from './error.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './time.ts'

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
