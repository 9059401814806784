import { byCodeUnit } from '../../format/order.ts'
import { mayRun } from '../../lattice/outcome-order.ts'
import type { Outcome } from '../../model/outcome.ts'

/** What would have become of something that ran: run as well, people asked first, or stopped. */
export type Fate = 'run' | 'ask' | 'block'

/** What would have become of it under this outcome. */
export function fateOf(outcome: Outcome): Fate {
  if (mayRun(outcome)) return 'run'
  return outcome === 'require_approval' ? 'ask' : 'block'
}

/** Decisions that ran, and what was reported of them. A decision counts once, by the worst that was said. */
export type FateCounts = { ran: number; reported: number; bad: number }

/** What is counted of all, and of each group. */
export type Counts = {
  /** Decisions that were observed. */
  decisions: number
  /** Decisions whose outcome would have been another. */
  changed: number
  /** Approvals that people would have been asked for; the same request while one is open is asked for once. */
  approvals: number
  readonly fates: Readonly<Record<Fate, FateCounts>>
}

/** Nothing counted yet. */
export function newCounts(): Counts {
  const none = (): FateCounts => ({ ran: 0, reported: 0, bad: 0 })
  return { decisions: 0, changed: 0, approvals: 0, fates: { run: none(), ask: none(), block: none() } }
}

/** Most groups or names told apart; what comes after counts together under `OTHERS`. */
const NAMES_MAX = 1_000
/** The group of all that came after the first thousand. */
const OTHER_NAMES = '(others)'

/** Things counted by a name, in bounded memory. */
export type Named<T> = { readonly of: (name: string) => T; readonly list: () => readonly (readonly [string, T])[] }

/** No names yet. `list` is in the order that `before` says, then by name. */
export function createNamed<T>(create: () => T, before: (a: T, b: T) => number): Named<T> {
  const named = new Map<string, T>()
  return {
    of: (name) => {
      const key = named.has(name) || named.size < NAMES_MAX ? name : OTHER_NAMES
      const known = named.get(key) ?? create()
      named.set(key, known)
      return known
    },
    list: () => [...named].sort(([nameA, a], [nameB, b]) => before(a, b) || byCodeUnit(nameA, nameB)),
  }
}
