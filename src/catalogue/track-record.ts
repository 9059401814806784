import { z } from 'zod'

/** What stands where nothing was verified yet. */
const NOTHING_COUNTED = 'insufficient_data'
const COUNTED = /^(\d{1,9})\/(\d{1,9}) correct(?: \((\d{1,3}(?:\.\d)?)%\))?$/u
/** How far the percentage of a note may be from what its counts say: it has one decimal, which may be cut off or rounded. */
const PERCENT_SLACK = 0.1

/** A track record as people write it: `847/850 correct (99.6%)`, or `insufficient_data`. Counts and percentage have to agree. */
export const TrackRecordNote = z.string().refine(isTrackRecord, {
  message: `a track record such as "847/850 correct (99.6%)" whose numbers agree, or ${NOTHING_COUNTED}`,
})

function isTrackRecord(text: string): boolean {
  if (text === NOTHING_COUNTED) return true
  const [, correct, all, percent = ''] = COUNTED.exec(text) ?? []
  const share = percentOf(Number(correct), Number(all))
  return share <= 100 && (percent === '' || Math.abs(Number(percent) - share) <= PERCENT_SLACK)
}

/** Counted verdicts in the form of a track record: how many of the verified decisions were good, and their share in percent. */
export function trackRecordText(good: number, verified: number): string {
  return verified === 0 ? NOTHING_COUNTED : `${good}/${verified} correct (${percentOf(good, verified).toFixed(1)}%)`
}

function percentOf(part: number, whole: number): number {
  return (100 * part) / whole
}
