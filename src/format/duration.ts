import { ServiceError } from './error.ts'

/** Milliseconds of `90`, `15s`, `10m`, `2h`, `3d` or sums such as `1d12h`; throws `bad_request` for anything else. */
export function durationMs(text: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
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
