import { byCodeUnit } from '../format/order.ts'
import { OUTCOME_RANK } from '../lattice/outcome-order.ts'
import type { Outcome } from '../model/outcome.ts'
import { type Compared, CHANGE_EXAMPLES_MAX } from './compared.ts'

/** Whether an outcome became higher (loosened) or lower (tightened). */
export type Direction = 'loosened' | 'tightened'

/** An example of a changed decision. */
export type Example = { readonly decision_id: string; readonly from: Outcome; readonly to: Outcome }

/** Changes from one outcome to another. */
export type Transition = {
  readonly from: Outcome
  readonly to: Outcome
  readonly direction: Direction
  readonly count: number
  readonly examples: readonly string[]
}

/** Changes of one agent, action or term; loosened examples first. */
export type ChangeGroup = {
  readonly key: string
  /** Decisions of this group; null for terms, because a decision has several. */
  readonly decisions: number | null
  readonly loosened: number
  readonly tightened: number
  readonly examples: readonly Example[]
}

/** Most groups; later ones count together as `OTHER_GROUPS`. */
const CHANGE_GROUPS_MAX = 1_000
/** The key of all groups beyond the maximum. */
const OTHER_GROUPS = '(others)'

function directionOf(from: Outcome, to: Outcome): Direction {
  return OUTCOME_RANK[to] > OUTCOME_RANK[from] ? 'loosened' : 'tightened'
}

/** Counts changes by the pair of outcomes. */
export type Changes = {
  readonly add: (compared: Compared) => void
  readonly counts: () => Readonly<Record<Direction, number>>
  /** Loosened first, then by count. */
  readonly list: () => readonly Transition[]
}

/** An empty count. Memory is bounded by the number of outcome pairs. */
export function createChanges(): Changes {
  const pairs = new Map<string, { from: Outcome; to: Outcome; direction: Direction; count: number; examples: string[] }>()
  const total = (direction: Direction): number =>
    [...pairs.values()].reduce((sum, pair) => sum + (pair.direction === direction ? pair.count : 0), 0)
  return {
    add: ({ before: { outcome: from }, after: { outcome: to }, decisionId }) => {
      const key = `${from} ${to}`
      const pair = pairs.get(key) ?? { from, to, direction: directionOf(from, to), count: 0, examples: [] }
      pair.count += 1
      if (pair.examples.length < CHANGE_EXAMPLES_MAX) pair.examples.push(decisionId)
      pairs.set(key, pair)
    },
    counts: () => ({ loosened: total('loosened'), tightened: total('tightened') }),
    list: () =>
      [...pairs.entries()]
        .sort(([nameA, a], [nameB, b]) => byCodeUnit(a.direction, b.direction) || b.count - a.count || byCodeUnit(nameA, nameB))
        .map(([, pair]) => ({ ...pair, examples: [...pair.examples] })),
  }
}

/** Counts decisions and changes by group. */
export type Groups = {
  readonly decided: (key: string) => void
  readonly changed: (key: string, compared: Compared) => void
  /** Groups with changes: most loosened first, then most tightened. */
  readonly list: () => readonly ChangeGroup[]
}

type Kept = { decisions: number; readonly changes: Record<Direction, { count: number; readonly examples: Example[] }> }

/** An empty count of groups. */
export function createGroups(): Groups {
  const groups = new Map<string, Kept>()
  const groupOf = (key: string): Kept => {
    const name = groups.has(key) || groups.size < CHANGE_GROUPS_MAX ? key : OTHER_GROUPS
    const group: Kept = groups.get(name) ?? {
      decisions: 0,
      changes: { loosened: { count: 0, examples: [] }, tightened: { count: 0, examples: [] } },
    }
    groups.set(name, group)
    return group
  }
  return {
    decided: (key) => void (groupOf(key).decisions += 1),
    changed: (key, { decisionId, before, after }) => {
      const change = groupOf(key).changes[directionOf(before.outcome, after.outcome)]
      change.count += 1
      if (change.examples.length < CHANGE_EXAMPLES_MAX)
        change.examples.push({ decision_id: decisionId, from: before.outcome, to: after.outcome })
    },
    list: () =>
      [...groups]
        .map(
          ([
            key,
            {
              decisions,
              changes: { loosened, tightened },
            },
          ]) => ({
            key,
            decisions: decisions === 0 ? null : decisions,
            loosened: loosened.count,
            tightened: tightened.count,
            examples: [...loosened.examples, ...tightened.examples].slice(0, CHANGE_EXAMPLES_MAX),
          }),
        )
        .filter((group) => group.loosened + group.tightened > 0)
        .sort((a, b) => b.loosened - a.loosened || b.tightened - a.tightened || byCodeUnit(a.key, b.key)),
  }
}
