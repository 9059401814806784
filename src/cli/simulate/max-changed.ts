import { ServiceError } from '../../format/error.ts'
import type { TallyReport } from '../../simulate/tally.ts'

/** How many outcomes may change: a count, or a share of the decided ones. */
export type MaxChanged = { readonly text: string; readonly exceeds: (changes: TallyReport) => boolean }

/** Reads `25` or `2.5%`. Throws `usage` for anything else. */
export function parseMaxChanged(text: string): MaxChanged {
  const found = /^(?<number>\d+(?:\.\d+)?)(?<percent>%)?$/u.exec(text)?.groups
  const limit = Number(found?.['number'])
  const isPercent = found?.['percent'] !== undefined
  if (found === undefined || (isPercent ? limit > 100 : !Number.isInteger(limit)))
    throw new ServiceError('usage', `--max-changed "${text}" is neither a count nor a percentage`, {
      fix: 'write it like 25, 0 or 2.5%',
    })
  return {
    text,
    exceeds: ({ changed, decided }) => {
      if (decided === 0)
        throw new ServiceError('bad_request', 'no decision could be decided again, so --max-changed cannot tell anything', {
          fix: 'widen --since, or name a log with decisions whose inputs are still there',
        })
      return isPercent ? changed.total * 100 > limit * decided : changed.total > limit
    },
  }
}
