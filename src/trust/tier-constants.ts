import type { ConsequenceTier } from '../model/consequence-tier.ts'
import { LEVELS, lowerLevel } from '../model/level.ts'
import type { TrustConstants } from './constants.ts'
import { VERIFIERS_MAX } from './stored-trust.ts'

const TOP = LEVELS[4]

/**
 * The constants by which an agent of a tier is promoted and its work is drawn for verification. Those of the high tier ask for at
 * least what the others do, so whatever passes them passes the constants themselves.
 */
export function constantsOfTier(constants: TrustConstants, tier: ConsequenceTier): TrustConstants {
  const { high_tier: more, count_min, dwell_days, verifiers_min, signature_level, sampling } = constants
  if (tier !== 'high' || more === undefined) return constants
  return {
    ...constants,
    count_min: perLevel(count_min, (count) => Math.ceil(count * more.count_factor)),
    dwell_days: perLevel(dwell_days, (days) => days * more.dwell_factor),
    verifiers_min: perLevel(verifiers_min, (verifiers) =>
      // More than are remembered cannot be asked for.
      verifiers === 0 ? 0 : Math.min(VERIFIERS_MAX, verifiers + more.verifiers_more),
    ),
    signature_level: lowerLevel(signature_level ?? TOP, more.signature_level),
    sampling: {
      ...sampling,
      top_share: Math.max(sampling.top_share, more.top_share),
      top_per_day_min: Math.max(sampling.top_per_day_min, more.top_per_day_min),
    },
  }
}

type PerLevel = TrustConstants['count_min']

function perLevel([none, ...levels]: PerLevel, change: (value: number) => number): PerLevel {
  const [first, second, third, top] = levels
  return [change(none), change(first), change(second), change(third), change(top)]
}
