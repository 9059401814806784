import { authorize } from '../../access/authority.ts'
import type { Caller } from '../../access/caller.ts'
import { FairQueue } from '../../access/fair-queue.ts'
import { ServiceError } from '../../format/error.ts'
import { overLimit } from '../../format/limit.ts'
import { refuseOthersTrust } from '../../ladder/trust-answer.ts'
import { agentKey } from '../../ledger/keys.ts'
import type { ScopeKey } from '../../model/scope.ts'
import type { VerbDeps } from '../../policy/operator-verbs.ts'
import { type Followed, movesOf } from './moves.ts'
import { pointOf, pointsOf } from './points.ts'
import type { TrustHistoryQuery } from './query.ts'
import { recordsOfTrust } from './records-of-trust.ts'
import { createSnapshots, type Snapshot, type Snapshots } from './snapshots.ts'
import type { TrustHistoryAnswer, TrustPoint } from './wire.ts'

/** Most logs that are followed for a history at a time, of all tenants. */
const HISTORIES_AT_A_TIME_MAX = 4
/** Most of them for one tenant. */
export const HISTORIES_OF_TENANT_MAX = 2
/** Histories that may wait for one credential. */
export const HISTORIES_WAITING_MAX = 4

/** Reads the history of an agent's trust. */
export type ReadHistory = (caller: Caller, agent: string, query: TrustHistoryQuery) => Promise<TrustHistoryAnswer>

/** Histories are derived from the log each time; what was followed lately is remembered. */
export function createTrustHistory(deps: VerbDeps): ReadHistory {
  const snapshots = createSnapshots()
  const queue = new FairQueue(
    { atATimeMax: HISTORIES_AT_A_TIME_MAX, ofTenantMax: HISTORIES_OF_TENANT_MAX, waitingMax: HISTORIES_WAITING_MAX },
    tooMany,
  )
  return async (caller, agent, query) => {
    authorize(caller, 'read_trust')
    refuseOthersTrust(caller, agent)
    const key = agentKey(caller.tenant, agent)
    const stored = await deps.store.read([key], (view) => view.document(key))
    if (stored === undefined && !deps.policySet().catalogue.agent(agent).known)
      throw new ServiceError('not_found', `there is no agent "${agent}"`, { fix: 'see "agents" in the catalogue' })
    return queue.run(caller, () => readPage(deps, snapshots, { tenant: caller.tenant, agent }, query))
  }
}

function tooMany(waiting: number): ServiceError {
  const why = overLimit('for this credential there wait', 'reports.histories_waiting_max', {
    max: HISTORIES_WAITING_MAX,
    came: waiting + 1,
  })
  return new ServiceError('not_ready', why, { fix: 'ask again in a moment' })
}

async function readPage(
  { store, nowMs }: Pick<VerbDeps, 'store' | 'nowMs'>,
  snapshots: Snapshots,
  of: Followed,
  query: TrustHistoryQuery,
): Promise<TrustHistoryAnswer> {
  const end = store.size()
  const atMs = nowMs()
  const { points, next } = await readPoints({ store, snapshots, of, query, end, atMs })
  const { agent } = of
  return { agent, scope: query.scope ?? null, at: new Date(atMs).toISOString(), state_version: end, points: [...points], next }
}

/** One page to be read: up to the leaf `end`, as of `atMs`. */
type Reading = {
  readonly store: VerbDeps['store']
  readonly snapshots: Snapshots
  readonly of: Followed
  readonly query: TrustHistoryQuery
  readonly end: number
  readonly atMs: number
}
type Points = { readonly points: readonly TrustPoint[]; readonly next: number | null }

async function readPoints({ store, snapshots, of, query, end, atMs }: Reading): Promise<Points> {
  const { scope, since, from, limit } = query
  const sinceMs = since === undefined || from !== undefined ? -Infinity : Date.parse(since)
  let reached = snapshots.best(of, (each) => (from === undefined ? each.lastMs < sinceMs : each.next <= from))
  const points: TrustPoint[] = []
  let begun = since === undefined || from !== undefined
  const begin = (): void => {
    if (begun) return
    begun = true
    snapshots.keep(of, reached)
    points.push(...standingPoints(reached, scope, sinceMs, reached.next))
  }
  for await (const stored of recordsOfTrust(store, of, { from: reached.next, end })) {
    const recordMs = Date.parse(stored.record.at)
    if (recordMs >= sinceMs) begin()
    const moves = movesOf(stored, of, reached.standing)
    const standing = moves.at(-1)?.after ?? reached.standing
    reached = { next: stored.leafIndex + 1, lastMs: recordMs, standing }
    if (begun && stored.leafIndex >= (from ?? 0)) points.push(...pointsOf(stored, moves, scope))
    if (points.length < limit) continue
    snapshots.keep(of, reached)
    return { points, next: reached.next }
  }
  begin()
  snapshots.keep(of, reached)
  return { points: [...points, ...standingPoints(reached, scope, atMs, end)], next: null }
}

/** What was known at a time, in every scope or in the one that is asked for. */
function standingPoints(
  { standing }: Snapshot,
  scope: ScopeKey | undefined,
  atMs: number,
  stateVersion: number,
): readonly TrustPoint[] {
  const scopes = scope === undefined ? Object.keys(standing.agent.scopes).sort() : [scope]
  return scopes.map((each) => pointOf(each, standing, { atMs, stateVersion }))
}
