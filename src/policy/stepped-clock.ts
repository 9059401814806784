import { ServiceError } from '../format/error.ts'
import type { VerbDeps } from './operator-verbs.ts'

/** The refusal of what cannot be done while nobody knows what time it is. `refused`: what is not done, such as `nothing is promoted`. */
export function steppedClock(refused: string): ServiceError {
  return new ServiceError('not_ready', `the clock stepped: ${refused} until it is steady`, {
    fix: 'check time synchronisation',
  })
}

/** Refuses it, and tells the metrics. Throws `not_ready`. */
export function refuseSteppedClock({ clockSteady, observe }: Pick<VerbDeps, 'clockSteady' | 'observe'>, refused: string): void {
  if (clockSteady()) return
  observe({ kind: 'degraded', cause: 'clock' })
  throw steppedClock(refused)
}
