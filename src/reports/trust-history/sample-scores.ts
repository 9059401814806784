import type { Store } from '../../ledger/store.ts'
import type { ScopeKey } from '../../model/scope.ts'
import { type Followed, movesOf, UNKNOWN } from './moves.ts'
import { scoreOf } from './points.ts'
import { recordsOfTrust } from './records-of-trust.ts'

/** The scores of scopes at times, which rise, by the log as it was then: per scope one number for each time. */
export async function sampleScores(
  store: Store,
  of: Followed,
  scopes: readonly ScopeKey[],
  timesMs: readonly number[],
): Promise<Readonly<Record<ScopeKey, readonly number[]>>> {
  const samples = new Map<ScopeKey, number[]>(scopes.map((scope) => [scope, []]))
  let standing = UNKNOWN
  let sampled = 0
  const sampleUntil = (atMs: number): void => {
    for (let timeMs = timesMs[sampled]; timeMs !== undefined && timeMs < atMs; timeMs = timesMs[sampled]) {
      for (const [scope, scores] of samples) scores.push(scoreOf(scope, standing, timeMs))
      sampled += 1
    }
  }
  for await (const stored of recordsOfTrust(store, of, { from: 0, end: store.size() })) {
    sampleUntil(Date.parse(stored.record.at))
    standing = movesOf(stored, of, standing).at(-1)?.after ?? standing
  }
  sampleUntil(Infinity)
  return Object.fromEntries(samples)
}
