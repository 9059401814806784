import { DAY_MS } from '../../format/time.ts'

/**
 * One observation: its weight in units, when it happened, the weight together with what was given for the same success before (default: the
 * weight), and by how much limits on light successes are milder on it (default 1; `readScale`).
 */
export type TimedWeight = {
  readonly weight: number
  readonly eventTimeMs: number
  readonly total?: number | undefined
  readonly scale?: number | undefined
}

/** What limits on light successes look at: the total, as if reading were the whole of what there is to do where there are only reads. */
export function solidUnits({ weight, total = weight, scale = 1 }: Omit<TimedWeight, 'eventTimeMs'>): number {
  return total * scale
}

/** What is left of one unit after `elapsedMs` at a half-life in days; 1 for no or negative time. */
export function decay(elapsedMs: number, halfLifeDays: number): number {
  return elapsedMs <= 0 ? 1 : Math.pow(2, -elapsedMs / (halfLifeDays * DAY_MS))
}

/** The later of two times, where null is never. */
export function later(a: number | null, b: number | null): number | null {
  if (a === null) return b
  return b === null ? a : Math.max(a, b)
}

/** True if the time is after the other, where null is never. */
export function isAfter(timeMs: number, other: number | null): boolean {
  return other === null || timeMs > other
}
