import { SECOND_MS } from '../../format/time.ts'
import type { RaterRecord } from '../../trust/raters.ts'

/** A verdict this soon after the request was not read, ms. */
const HASTY_MS = 10_000

/** The end of the last group, seconds: no approval waits longer. */
const LATENCY_SECONDS_MAX = 604_800

/** The record of a rater of whom nothing is known. */
export function newRater(): RaterRecord {
  return {
    approved: 0,
    rejected: 0,
    latency_ms_sum: 0,
    hasty: 0,
    latencies: [],
    canaries: { seen: 0, caught: 0 },
    units_given: 0,
  }
}

/** Seconds up to which verdicts are counted together, by how long they took; the last group has no end. */
export const LATENCY_SECONDS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600] as const

/** A person's record after one more verdict. */
export function withVerdict(record: RaterRecord | undefined, verdict: 'approve' | 'reject', latencyMs: number): RaterRecord {
  const before = record ?? newRater()
  const found = LATENCY_SECONDS.findIndex((seconds) => latencyMs <= seconds * SECOND_MS)
  const group = found === -1 ? LATENCY_SECONDS.length : found
  const latencies = Array.from(
    { length: LATENCY_SECONDS.length + 1 },
    (_, index) => (before.latencies[index] ?? 0) + (index === group ? 1 : 0),
  )
  return {
    ...before,
    approved: before.approved + (verdict === 'approve' ? 1 : 0),
    rejected: before.rejected + (verdict === 'reject' ? 1 : 0),
    latency_ms_sum: before.latency_ms_sum + latencyMs,
    hasty: before.hasty + (latencyMs < HASTY_MS ? 1 : 0),
    latencies,
  }
}

/** How long half of a person's verdicts took at most, seconds; null without any that were timed. */
export function medianLatencySeconds({ latencies }: Pick<RaterRecord, 'latencies'>): number | null {
  const all = latencies.reduce((sum, each) => sum + each, 0)
  if (all === 0) return null
  let passed = 0
  const group = latencies.findIndex((each) => {
    passed += each
    return passed * 2 >= all
  })
  return LATENCY_SECONDS[group] ?? LATENCY_SECONDS_MAX
}
