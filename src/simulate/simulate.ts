import { policySetOf } from '../decisions/replay.ts'
import { type AuditRecord, SEMANTICS, semanticsOf } from '../ledger/record.ts'
import { decisionBodyOf } from '../ledger/recorded-decision.ts'
import type { Scratch } from '../ledger/scratch.ts'
import type { Store, StoredRecord } from '../ledger/store.ts'
import type { Decision } from '../pdp/decision-inputs.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import { constantsIn, type WalkRecords } from './constants-history.ts'
import { decideAgain } from './decide-again.ts'
import { createPast, type Past } from './past.ts'
import type { PromotionCounts } from './promotions.ts'
import { answeredOf, graduatedIn } from './recorded.ts'
import { createTally, type SimulationTally, type TallyReport } from './tally.ts'

/** A policy set under which the past is decided again beside the candidate, in a scratch of its own. */
export type SimulationBaseline = { readonly policySet: PolicySet; readonly scratch: Scratch }

/** What a simulation over the audit log needs. */
export type SimulateDeps = {
  readonly store: Pick<Store, 'query' | 'size'>
  readonly walk: WalkRecords
  readonly scratch: Scratch
  readonly candidate: PolicySet
  /** What the candidate is compared with; null: what was recorded. */
  readonly baseline: SimulationBaseline | null
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
 * Makes every recorded decision again under a candidate and under the baseline, in the order of the log, and counts how they differ.
 * State is derived from the records on the way, so that each decision sees the budgets, containments and trust of its own time, under
 * the constants of its own side. Memory does not grow with the log.
 */
export async function simulate(deps: SimulateDeps): Promise<Simulation> {
  const { store, walk, candidate, scratch, promotes } = deps
  const history = await constantsIn(store, walk)
  const sideOf = (policySet: PolicySet, of: Scratch): Side => {
    return { policySet, past: createPast({ candidate: policySet, history, scratch: of, promotes }) }
  }
  const after = sideOf(candidate, scratch)
  const before = deps.baseline === null ? null : sideOf(deps.baseline.policySet, deps.baseline.scratch)
  const tally = createTally()
  const recordedUnder = new Map<string, number>()
  const total = store.size()
  let done = 0
  for await (const stored of walk(store, {})) {
    const { record } = stored
    if (record.kind === 'decision' && Date.parse(record.at) >= deps.sinceMs) {
      const digest = policySetOf(stored)
      recordedUnder.set(digest, (recordedUnder.get(digest) ?? 0) + 1)
      await compare(stored, { before, after, tally })
    }
    // A decision sees the state before it, so its own effects are applied afterwards.
    before?.past.apply(stored)
    after.past.apply(stored)
    done += 1
    deps.onProgress(done, total)
  }
  return {
    changes: tally.report(),
    promotions: after.past.promotions(),
    recorded_under: Object.fromEntries([...recordedUnder].sort()),
  }
}

/** A policy set, and the past as it is under its constants. */
type Side = { readonly policySet: PolicySet; readonly past: Past }

type Comparing = { readonly before: Side | null; readonly after: Side; readonly tally: SimulationTally }

async function compare(stored: StoredRecord, { before, after, tally }: Comparing): Promise<void> {
  const { record, state } = stored
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
    before: answeredOf(await decidedBefore(stored, before)),
    after: answeredOf(await decideAgain(record, after.policySet, after.past)),
  })
}

/** The decision of the baseline; what was recorded under the same policy set and trust is what it would decide. */
function decidedBefore(stored: StoredRecord, before: Side | null): Decision | Promise<Decision> {
  const { record } = stored
  const isTheSame = before !== null && !before.past.rederives && policySetOf(stored) === before.policySet.digest
  if (before === null || isTheSame) return graduatedIn(decisionBodyOf(record))
  return decideAgain(record, before.policySet, before.past)
}

/** The name of who acted in reports: `user:` before a person, and a tenant other than the default one in front. */
function actingIn({ tenant, agent, user }: AuditRecord): string {
  const name = agent ?? (user === null ? '' : `user:${user}`)
  return tenant === 'default' ? name : `${tenant}/${name}`
}
