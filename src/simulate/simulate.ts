import { policySetOf } from '../decisions/replay.ts'
import { type AuditRecord, SEMANTICS, semanticsOf } from '../ledger/record.ts'
import { decisionBodyOf } from '../ledger/recorded-decision.ts'
import type { Scratch } from '../ledger/scratch.ts'
import type { Store, StoredRecord } from '../ledger/store.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import { constantsIn, type WalkRecords } from './constants-history.ts'
import { decideAgain } from './decide-again.ts'
import { createPast, type Past } from './past.ts'
import type { PromotionCounts } from './promotions.ts'
import { answeredOf, graduatedIn } from './recorded.ts'
import { createTally, type SimulationTally, type TallyReport } from './tally.ts'

/** What a simulation over the audit log needs. */
export type SimulateDeps = {
  readonly store: Pick<Store, 'query' | 'size'>
  readonly walk: WalkRecords
  readonly scratch: Scratch
  readonly candidate: PolicySet
  /** True: a timer grants promotions, as configured. */
  readonly promotes: boolean
  /** Decisions before this time only build the state; they are not decided again. */
  readonly sinceMs: number
  readonly onProgress: (done: number, total: number) => void
}

/** The report of a simulation over the audit log. */
export type Simulation = {
  readonly changes: TallyReport
  /** How promotions differ; null if trust was not derived again. */
  readonly promotions: PromotionCounts | null
  /** The number of decisions by the digest of the policy set they were recorded under. */
  readonly recorded_under: Readonly<Record<string, number>>
}

/**
 * Makes every recorded decision again under a candidate, in the order of the log, and counts the changes. State is derived from
 * the records on the way, so that each decision sees the budgets, containments and trust of its own time. Memory does not grow
 * with the log.
 */
export async function simulate(deps: SimulateDeps): Promise<Simulation> {
  const { store, walk, candidate, scratch, promotes } = deps
  const past = createPast({ candidate, history: await constantsIn(store, walk), scratch, promotes })
  const tally = createTally()
  const recordedUnder = new Map<string, number>()
  const total = store.size()
  let done = 0
  for await (const stored of walk(store, {})) {
    const { record } = stored
    if (record.kind === 'decision' && Date.parse(record.at) >= deps.sinceMs) {
      const digest = policySetOf(stored)
      recordedUnder.set(digest, (recordedUnder.get(digest) ?? 0) + 1)
      await compare(stored, { candidate, past, tally })
    }
    // A decision sees the state before it, so its own effects are applied afterwards.
    past.apply(stored)
    done += 1
    deps.onProgress(done, total)
  }
  return {
    changes: tally.report(),
    promotions: past.promotions(),
    recorded_under: Object.fromEntries([...recordedUnder].sort()),
  }
}

type Comparing = { readonly candidate: PolicySet; readonly past: Past; readonly tally: SimulationTally }

async function compare({ record, state }: StoredRecord, { candidate, past, tally }: Comparing): Promise<void> {
  const atMs = Date.parse(record.at)
  // What was recorded when decisions meant something else is no measure of a candidate.
  const unknown = semanticsOf(record) !== SEMANTICS ? 'other_semantics' : state === 'whole' ? undefined : state
  if (unknown !== undefined) {
    tally.unknown(unknown, atMs)
    return
  }
  tally.add({
    decisionId: record.id,
    atMs,
    agent: actingIn(record),
    action: record.action ?? '',
    before: answeredOf(graduatedIn(decisionBodyOf(record))),
    after: answeredOf(await decideAgain(record, candidate, past)),
  })
}

/** The name of who acted in reports: `user:` before a person, and a tenant other than the default one in front. */
function actingIn({ tenant, agent, user }: AuditRecord): string {
  const name = agent ?? (user === null ? '' : `user:${user}`)
  return tenant === 'default' ? name : `${tenant}/${name}`
}
