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
  return new Tally()
}

class Tally implements LifeTally {
  readonly #sides: Readonly<Record<StakeClass, Side>> = { light: newSide(), full: newSide() }
  readonly #counts = { harm: 0, harmAfterOnset: 0, losses: 0, falseLosses: 0, reviews: 0, identities: 1 }
  #onset: number | null = null
  #triedAt = -Infinity

  onsetSeen(): boolean {
    return this.#onset !== null
  }

  begin(day: number): void {
    this.#onset = day
    for (const side of Object.values(this.#sides)) side.ranAtOnset = side.runs
  }

  stands(band: RiskBand, day: number, runs: boolean): void {
    if (!isTelling(band)) return
    const side = this.#sides[stakeOf(band)]
    if (side.runs && !runs) {
      this.#counts.losses += 1
      if (day - this.#triedAt > FALSE_AFTER_DAYS) this.#counts.falseLosses += 1
      if (this.#onset !== null) side.contained ??= day - this.#onset
    }
    side.runs = runs
    if (runs) side.first ??= day
  }

  tried(day: number): void {
    this.#triedAt = day
  }

  harmed(): void {
    this.#counts.harm += 1
    if (this.#onset !== null) this.#counts.harmAfterOnset += 1
  }

  acted(band: RiskBand, byItself: boolean): void {
    if (!byItself) this.#counts.reviews += 1
    if (!isTelling(band)) return
    const side = this.#sides[stakeOf(band)]
    side.done += 1
    if (byItself) side.byItself += 1
  }

  ranByItself(): number {
    return this.#sides.light.byItself + this.#sides.full.byItself
  }

  renamed(): void {
    this.#counts.identities += 1
    for (const side of Object.values(this.#sides)) side.runs = false
  }

  life(days: number): Life {
    const { light, full } = this.#sides
    const { harm, harmAfterOnset, losses, falseLosses, reviews, identities } = this.#counts
    return {
      harm,
      harmAfterOnset: this.#onset === null ? null : harmAfterOnset,
      firstLightDays: light.first,
      firstFullDays: full.first,
      containedFullDays: this.#containment(full),
      containedLightDays: this.#containment(light),
      losses,
      falseLosses,
      autoLight: shareOf(light),
      autoFull: shareOf(full),
      reviewsPerDay: reviews / days,
      identities,
    }
  }

  #containment({ ranAtOnset, contained }: Side): Life['containedFullDays'] {
    return this.#onset !== null && ranAtOnset ? (contained ?? 'never') : null
  }
}

function shareOf({ byItself, done }: Side): number {
  return done === 0 ? 0 : byItself / done
}
