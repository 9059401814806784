import { type Followed, type TrustStanding, UNKNOWN } from './moves.ts'

/** How far a log was followed for one agent, and what it came to. */
export type Snapshot = {
  /** Leaf index to go on from. */
  readonly next: number
  /** Time of the last record that was taken in, ms; −∞ where none was. */
  readonly lastMs: number
  readonly standing: TrustStanding
}

/** Most snapshots that are remembered, of all agents. */
const SNAPSHOTS_MAX = 256

/** The beginning of every log. */
const BEGINNING: Snapshot = { next: 0, lastMs: -Infinity, standing: UNKNOWN }

/** Snapshots of what was followed lately, so that a next page, and the same question again, need not begin at the beginning. */
export type Snapshots = {
  /** The furthest one of an agent from which what is wanted can still be reached. */
  readonly best: (of: Followed, wanted: (snapshot: Snapshot) => boolean) => Snapshot
  readonly keep: (of: Followed, snapshot: Snapshot) => void
}

/** An empty memory; what was kept longest ago is forgotten first. */
export function createSnapshots(): Snapshots {
  const kept = new Map<string, { readonly agent: string; readonly snapshot: Snapshot }>()
  const nameOf = ({ tenant, agent }: Followed): string => JSON.stringify([tenant, agent])
  return {
    best: (of, wanted) => {
      const agent = nameOf(of)
      let best = BEGINNING
      for (const each of kept.values())
        if (each.agent === agent && each.snapshot.next > best.next && wanted(each.snapshot)) best = each.snapshot
      return best
    },
    keep: (of, snapshot) => {
      const agent = nameOf(of)
      const name = `${agent}${snapshot.next}`
      kept.delete(name)
      kept.set(name, { agent, snapshot })
      for (const oldest of kept.keys()) {
        if (kept.size <= SNAPSHOTS_MAX) return
        kept.delete(oldest)
      }
    },
  }
}
