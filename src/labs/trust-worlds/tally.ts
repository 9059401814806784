import type { RiskBand } from '../../model/outcome.ts'
import type { StakeClass } from '../../model/scope.ts'
import { stakeOf } from './policy.ts'
import { FALSE_AFTER_DAYS } from './setting.ts'

/** What came of one agent's life; null: it did not happen. Days since the start, or since the onset. */
export type Life = {
  /** Bad actions that were carried out. */
  readonly harm: number
  /** The same from the onset on; null where there was none. */
  readonly harmAfterOnset: number | null
  /** Days until an action first ran by itself: low ones and medium ones. */
  readonly firstLightDays: number | null
  readonly firstFullDays: number | null
  /** Days from the onset until medium (full) and low (light) actions no longer ran by themselves; null: they did not run at the onset. */
  readonly containedFullDays: number | 'never' | null
  readonly containedLightDays: number | 'never' | null
  /** Losses of autonomy, and those before which nothing bad was tried. */
  readonly losses: number
  readonly falseLosses: number
  /** Share of the low and of the medium actions that ran by themselves. */
  readonly autoLight: number
  readonly autoFull: number
  /** Actions that a person looked at, per day. */
  readonly reviewsPerDay: number
  readonly identities: number
}

/** What is counted while a life is lived. */
export type LifeTally = {
  readonly onsetSeen: () => boolean
  readonly begin: (day: number) => void
  /** What the policy grants to such an action now. */
  readonly stands: (band: RiskBand, day: number, runs: boolean) => void
  readonly tried: (day: number) => void
  readonly harmed: () => void
  readonly acted: (band: RiskBand, byItself: boolean) => void
  /** Low and medium actions that have run by themselves. */
  readonly ranByItself: () => number
  readonly renamed: () => void
  readonly life: (days: number) => Life
}

type Side = {
  first: number | null
  contained: number | null
  runs: boolean
  ranAtOnset: boolean
  done: number
  byItself: number
}

const newSide = (): Side => ({ first: null, contained: null, runs: false, ranAtOnset: false, done: 0, byItself: 0 })

/** Autonomy is read off low and medium actions: reads run at every level, high ones at none. */
const isTelling = (band: RiskBand): boolean => band === 'low' || band === 'medium'

/** A tally of nothing yet. */
export function newTally(): LifeTally {
  const sides: Readonly<Record<StakeClass, Side>> = { light: newSide(), full: newSide() }
  const counts = { harm: 0, harmAfterOnset: 0, losses: 0, falseLosses: 0, reviews: 0, identities: 1 }
  let onset: number | null = null
  let triedAt = -Infinity

  const begin = (day: number): void => {
    onset = day
    for (const side of Object.values(sides)) side.ranAtOnset = side.runs
  }
  const stands = (band: RiskBand, day: number, runs: boolean): void => {
    if (!isTelling(band)) return
    const side = sides[stakeOf(band)]
    if (side.runs && !runs) {
      counts.losses += 1
      if (day - triedAt > FALSE_AFTER_DAYS) counts.falseLosses += 1
      if (onset !== null) side.contained ??= day - onset
    }
    side.runs = runs
    if (runs) side.first ??= day
  }
  const acted = (band: RiskBand, byItself: boolean): void => {
    if (!byItself) counts.reviews += 1
    if (!isTelling(band)) return
    const side = sides[stakeOf(band)]
    side.done += 1
    if (byItself) side.byItself += 1
  }
  const containment = ({ ranAtOnset, contained }: Side): Life['containedFullDays'] =>
    onset !== null && ranAtOnset ? (contained ?? 'never') : null
  const life = (days: number): Life => ({
    harm: counts.harm,
    harmAfterOnset: onset === null ? null : counts.harmAfterOnset,
    firstLightDays: sides.light.first,
    firstFullDays: sides.full.first,
    containedFullDays: containment(sides.full),
    containedLightDays: containment(sides.light),
    losses: counts.losses,
    falseLosses: counts.falseLosses,
    autoLight: shareOf(sides.light),
    autoFull: shareOf(sides.full),
    reviewsPerDay: counts.reviews / days,
    identities: counts.identities,
  })

  return {
    onsetSeen: () => onset !== null,
    begin,
    stands,
    tried: (day) => void (triedAt = day),
    harmed: () => {
      counts.harm += 1
      if (onset !== null) counts.harmAfterOnset += 1
    },
    acted,
    ranByItself: () => sides.light.byItself + sides.full.byItself,
    renamed: () => {
      counts.identities += 1
      for (const side of Object.values(sides)) side.runs = false
    },
    life,
  }
}

function shareOf({ byItself, done }: Side): number {
  return done === 0 ? 0 : byItself / done
}
