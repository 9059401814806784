import { DAY_MS } from '../format/time.ts'
import { OUTCOME_RANK } from '../lattice/outcome-order.ts'
import type { Outcome } from '../model/outcome.ts'
import { type Compared, CHANGE_EXAMPLES_MAX } from './compared.ts'
import { type ChangeGroup, type Changes, createChanges, createGroups, type Groups, type Transition } from './groups.ts'

/** Why a decision cannot be made again. */
export type UnknownReason = 'other_semantics' | 'erased' | 'masked' | 'failed' | 'other_path' | 'no_request'

/** Required approvals: total, and per calendar day (UTC) from the first decision to the last. */
export type ApprovalCount = { readonly total: number; readonly per_day: number }

/** The report of a comparison. Loosened decisions stand first everywhere, because a reviewer must not miss them. */
export type TallyReport = {
  readonly decisions: number
  /** Decisions that could be made again. */
  readonly decided: number
  readonly unknown: { readonly total: number } & Readonly<Partial<Record<UnknownReason, number>>>
  readonly changed: {
    readonly total: number
    readonly loosened: number
    readonly tightened: number
    /** Share of `decided`, 0–1. */
    readonly share: number
  }
  /** The same outcome with other obligations or guardrails. */
  readonly other_duties: { readonly total: number; readonly examples: readonly string[] }
  readonly transitions: readonly Transition[]
  readonly by_agent: readonly ChangeGroup[]
  readonly by_action: readonly ChangeGroup[]
  /** A change counts under every term that causes it. */
  readonly by_term: readonly ChangeGroup[]
  readonly approvals: {
    readonly before: ApprovalCount
    readonly after: ApprovalCount
    /** Days with approvals on either side, oldest first. */
    readonly days: readonly { readonly day: string; readonly before: number; readonly after: number }[]
  }
  /** ISO 8601; null where there was no decision. */
  readonly first: string | null
  readonly last: string | null
}

/** Counts comparisons in bounded memory. */
export type SimulationTally = {
  readonly add: (compared: Compared) => void
  readonly unknown: (reason: UnknownReason, atMs: number) => void
  readonly report: () => TallyReport
}

/** Most days that are counted one by one; later ones count in the total only. */
const DAYS_MAX = 3_660

/** The terms that cause a change: those that limit the lower answer and allowed something else in the other one. */
function termsOf({ before, after }: Compared): readonly string[] {
  const [lower, higher] = OUTCOME_RANK[after.outcome] < OUTCOME_RANK[before.outcome] ? [after, before] : [before, after]
  const moved = lower.limiting.filter((term) => lower.conceded[term] !== higher.conceded[term])
  return moved.length > 0 ? moved : lower.limiting
}

type TallyCounts = {
  decided: number
  firstMs: number
  lastMs: number
  readonly unknown: Map<UnknownReason, number>
  readonly transitions: Changes
  readonly agents: Groups
  readonly actions: Groups
  readonly terms: Groups
  readonly approvals: Approvals
  readonly duties: { total: number; readonly examples: string[] }
}

/** An empty tally. */
export function createTally(): SimulationTally {
  const counts: TallyCounts = {
    decided: 0,
    firstMs: Infinity,
    lastMs: -Infinity,
    unknown: new Map(),
    transitions: createChanges(),
    agents: createGroups(),
    actions: createGroups(),
    terms: createGroups(),
    approvals: createApprovals(),
    duties: { total: 0, examples: [] },
  }
  return {
    unknown: (reason, atMs) => {
      extendTo(counts, atMs)
      counts.unknown.set(reason, (counts.unknown.get(reason) ?? 0) + 1)
    },
    add: (compared) => addCompared(counts, compared),
    report: () => reportOf(counts),
  }
}

function extendTo(counts: TallyCounts, atMs: number): void {
  counts.firstMs = Math.min(counts.firstMs, atMs)
  counts.lastMs = Math.max(counts.lastMs, atMs)
}

function addCompared(counts: TallyCounts, compared: Compared): void {
  const { before, after, agent, action, decisionId, atMs } = compared
  const { transitions, agents, actions, terms, approvals, duties } = counts
  extendTo(counts, atMs)
  counts.decided += 1
  approvals.add(atMs, before.outcome, after.outcome)
  agents.decided(agent)
  actions.decided(action)
  if (before.outcome !== after.outcome) {
    transitions.add(compared)
    agents.changed(agent, compared)
    actions.changed(action, compared)
    for (const term of termsOf(compared)) terms.changed(term, compared)
  } else if (before.duties !== after.duties) {
    duties.total += 1
    if (duties.examples.length < CHANGE_EXAMPLES_MAX) duties.examples.push(decisionId)
  }
}

function reportOf(counts: TallyCounts): TallyReport {
  const { decided, firstMs, lastMs, unknown, transitions, agents, actions, terms, approvals, duties } = counts
  const unknownTotal = [...unknown.values()].reduce((sum, count) => sum + count, 0)
  const { loosened, tightened } = transitions.counts()
  const total = loosened + tightened
  const days = lastMs < firstMs ? 0 : dayOf(lastMs) - dayOf(firstMs) + 1
  return {
    decisions: decided + unknownTotal,
    decided,
    unknown: { total: unknownTotal, ...Object.fromEntries([...unknown].sort()) },
    changed: { total, loosened, tightened, share: decided === 0 ? 0 : total / decided },
    other_duties: { total: duties.total, examples: [...duties.examples] },
    transitions: transitions.list(),
    by_agent: agents.list(),
    by_action: actions.list(),
    by_term: terms.list(),
    approvals: approvals.report(days),
    first: days === 0 ? null : new Date(firstMs).toISOString(),
    last: days === 0 ? null : new Date(lastMs).toISOString(),
  }
}

function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS)
}

type Approvals = {
  readonly add: (atMs: number, before: Outcome, after: Outcome) => void
  readonly report: (days: number) => TallyReport['approvals']
}

function createApprovals(): Approvals {
  const days = new Map<number, { before: number; after: number }>()
  const totals = { before: 0, after: 0 }
  const perDay = (total: number, count: number): number => (count === 0 ? 0 : total / count)
  return {
    add: (atMs, before, after) => {
      const asked = { before: before === 'require_approval' ? 1 : 0, after: after === 'require_approval' ? 1 : 0 }
      if (asked.before + asked.after === 0) return
      totals.before += asked.before
      totals.after += asked.after
      const known = days.get(dayOf(atMs))
      if (known !== undefined) {
        known.before += asked.before
        known.after += asked.after
      } else if (days.size < DAYS_MAX) days.set(dayOf(atMs), asked)
    },
    report: (count) => ({
      before: { total: totals.before, per_day: perDay(totals.before, count) },
      after: { total: totals.after, per_day: perDay(totals.after, count) },
      days: [...days]
        .sort(([a], [b]) => a - b)
        .map(([day, asked]) => ({ day: new Date(day * DAY_MS).toISOString().slice(0, 10), ...asked })),
    }),
  }
}
