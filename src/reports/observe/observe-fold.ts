import type { Verdict } from '../../ledger/documents/tally.ts'
import type { AuditRecord } from '../../ledger/record.ts'
import type { Scratch } from '../../ledger/scratch.ts'
import { type Source, SOURCES } from '../../model/ceiling.ts'
import { type Outcome, OUTCOMES } from '../../model/outcome.ts'
import { DAY_MS } from '../../format/time.ts'
import { type Counts, createNamed, type Named, type Fate, fateOf, newCounts } from './fate-counts.ts'
import { type Grouping, type NameCount, type ObserveReport, share } from './observe-report.ts'
import { type Observed, observedIn } from './observed.ts'

/** Ids kept as examples of one kind. */
const OBSERVE_EXAMPLES_MAX = 3
/** Days whose approvals are told apart; later ones count in the total only. */
const DAYS_MAX = 3_660

/** Folds the records of a log, in its order, in bounded memory. */
export type ObserveFold = { readonly add: (record: AuditRecord) => void; readonly report: () => ObserveReport }

/** What a fold is given. `approvalMs`: how long an approval stays open, ms. */
export type ObserveFoldOptions = { readonly by: Grouping; readonly scratch: Scratch; readonly approvalMs: number }

/** What is remembered of a decision until its outcome is reported. */
type Kept = { readonly fate: Fate; readonly groups: readonly string[]; readonly reported: boolean; readonly bad: boolean }

/** What is counted of a log so far. */
type ObserveCounts = {
  readonly by: Grouping
  readonly all: Counts
  readonly seen: { decisions: number; unknown: number; missing: number; degraded: number; firstMs: number; lastMs: number }
  /** What was answered × what would have been. */
  readonly table: Record<Outcome, Record<Outcome, number>>
  readonly actions: Named<{ decisions: number }>
  readonly agents: Named<{ decisions: number }>
  readonly groups: Named<Counts>
  readonly terms: Map<Source, { changed: number; to: Partial<Record<Outcome, number>>; examples: string[] }>
  /** Day since 1970 → approvals that would have been asked for. */
  readonly days: Map<number, number>
  readonly sessions: { total: number; touched: number }
}

/** Nothing folded yet. */
export function createObserveFold({ by, scratch, approvalMs }: ObserveFoldOptions): ObserveFold {
  const counts: ObserveCounts = {
    by,
    all: newCounts(),
    seen: { decisions: 0, unknown: 0, missing: 0, degraded: 0, firstMs: Infinity, lastMs: -Infinity },
    table: squareOf(() => 0),
    actions: createNamed(() => ({ decisions: 0 }), mostDecisions),
    agents: createNamed(() => ({ decisions: 0 }), mostDecisions),
    groups: createNamed(newCounts, (a, b) => b.changed - a.changed || b.decisions - a.decisions),
    terms: new Map(),
    days: new Map(),
    sessions: { total: 0, touched: 0 },
  }
  return {
    add: (record) => {
      if (record.kind === 'decision') addDecision(counts, record, { scratch, approvalMs })
      else if (record.kind === 'outcome') addOutcome(counts, record, scratch)
    },
    report: () => observeReport(counts),
  }
}

type Memory = Pick<ObserveFoldOptions, 'scratch' | 'approvalMs'>

function addDecision(counts: ObserveCounts, record: AuditRecord, memory: Memory): void {
  const observed = observedIn(record)
  const { would, answered, ran, id } = observed
  counts.seen.decisions += 1
  if (would === null) return
  addCoverage(counts, observed)
  counts.table[answered][would.outcome] += 1
  const changed = would.outcome !== answered
  const asked = would.outcome === 'require_approval' && changed && isNewApproval(counts, observed, memory)
  addSession(counts, observed, changed, memory.scratch)
  addLoneTerms(counts, would, id)
  const { by } = counts
  const names = by === 'term' ? Object.keys(would.alone).sort() : [groupOf(observed, by)]
  const fate = fateOf(would.outcome)
  for (const each of [counts.all, ...names.map((name) => counts.groups.of(name))]) {
    each.decisions += 1
    each.changed += changed ? 1 : 0
    each.approvals += asked ? 1 : 0
    each.fates[fate].ran += ran ? 1 : 0
  }
  if (ran) memory.scratch.set(keptName(record.tenant, id), { fate, groups: names, reported: false, bad: false } satisfies Kept)
}

function addOutcome({ all, groups }: ObserveCounts, { tenant, decision_id: id, body }: AuditRecord, scratch: Scratch): void {
  const verdict = body['verdict'] as unknown as Verdict | undefined
  if (id === null || verdict === undefined || verdict.gravity === 'none') return
  const kept = scratch.get(keptName(tenant, id)) as Kept | undefined
  if (kept === undefined) return
  const isBad = verdict.gravity !== 'positive'
  for (const { fates } of [all, ...kept.groups.map((name) => groups.of(name))]) {
    fates[kept.fate].reported += kept.reported ? 0 : 1
    fates[kept.fate].bad += isBad && !kept.bad ? 1 : 0
  }
  scratch.set(keptName(tenant, id), { ...kept, reported: true, bad: kept.bad || isBad })
}

function addCoverage({ seen, actions, agents }: ObserveCounts, observed: Observed): void {
  seen.firstMs = Math.min(seen.firstMs, observed.atMs)
  seen.lastMs = Math.max(seen.lastMs, observed.atMs)
  if (!observed.actionKnown) {
    seen.unknown += 1
    actions.of(observed.action).decisions += 1
  }
  if (!observed.agentKnown) {
    seen.missing += 1
    agents.of(tenanted(observed.tenant, observed.agent)).decisions += 1
  }
  if (observed.would?.degraded === true) seen.degraded += 1
}

/** True: people would have been asked, and no approval of the same request was open. */
function isNewApproval(
  { days }: ObserveCounts,
  { tenant, requestDigest, atMs }: Observed,
  { scratch, approvalMs }: Memory,
): boolean {
  const name = `asked/${encodeURIComponent(tenant)}/${requestDigest}`
  const before = scratch.get(name)
  if (typeof before === 'number' && atMs < before + approvalMs) return false
  scratch.set(name, atMs)
  const day = Math.floor(atMs / DAY_MS)
  if (days.has(day) || days.size < DAYS_MAX) days.set(day, (days.get(day) ?? 0) + 1)
  return true
}

function addSession({ sessions }: ObserveCounts, { tenant, agent, session }: Observed, changed: boolean, scratch: Scratch): void {
  if (session === null) return
  const key = `session/${[tenant, agent, session].map(encodeURIComponent).join('/')}`
  const before = scratch.get(key)
  if (before === undefined) sessions.total += 1
  if (before !== true && changed) sessions.touched += 1
  if (before !== true) scratch.set(key, changed)
}

/** Each term that alone would have lowered the answer. */
function addLoneTerms({ terms }: ObserveCounts, would: NonNullable<Observed['would']>, id: string): void {
  for (const [source, to] of Object.entries(would.alone) as [Source, Outcome][]) {
    const term = terms.get(source) ?? { changed: 0, to: {}, examples: [] }
    term.changed += 1
    term.to[to] = (term.to[to] ?? 0) + 1
    if (term.examples.length < OBSERVE_EXAMPLES_MAX) term.examples.push(id)
    terms.set(source, term)
  }
}

function observeReport(counts: ObserveCounts): ObserveReport {
  const { all, seen, table, sessions, by, groups } = counts
  const { run, ask, block } = all.fates
  const days = seen.lastMs < seen.firstMs ? 0 : Math.floor(seen.lastMs / DAY_MS) - Math.floor(seen.firstMs / DAY_MS) + 1
  return {
    first: days === 0 ? null : new Date(seen.firstMs).toISOString(),
    last: days === 0 ? null : new Date(seen.lastMs).toISOString(),
    coverage: coverageOf(counts),
    table: squareOf((answered, would) => table[answered][would]),
    changed: all.changed,
    terms: termsOf(counts),
    approvals: {
      total: all.approvals,
      per_day: days === 0 ? 0 : Math.round((all.approvals / days) * 100) / 100,
      days: [...counts.days]
        .sort(([a], [b]) => a - b)
        .map(([day, asked]) => ({ day: new Date(day * DAY_MS).toISOString().slice(0, 10), asked })),
    },
    sessions: { ...sessions },
    outcomes: { run: { ...run }, ask: { ...ask }, block: { ...block } },
    by,
    groups: groups.list().map(([key, each]) => ({ key, ...each })),
  }
}

function coverageOf({ all, seen, actions, agents }: ObserveCounts): ObserveReport['coverage'] {
  const { run, ask, block } = all.fates
  const ran = run.ran + ask.ran + block.ran
  const reported = run.reported + ask.reported + block.reported
  return {
    decisions: seen.decisions,
    observed: all.decisions,
    unknown_actions: { decisions: seen.unknown, names: namesOf(actions.list()) },
    missing_agents: { decisions: seen.missing, names: namesOf(agents.list()) },
    ran,
    reported,
    reported_share: share(reported, ran),
    degraded: seen.degraded,
  }
}

function termsOf({ terms }: ObserveCounts): ObserveReport['terms'] {
  return SOURCES.flatMap((term) => {
    const found = terms.get(term)
    return found === undefined ? [] : [{ term, changed: found.changed, to: { ...found.to }, examples: [...found.examples] }]
  }).sort((a, b) => b.changed - a.changed)
}

function mostDecisions(a: { readonly decisions: number }, b: { readonly decisions: number }): number {
  return b.decisions - a.decisions
}

function namesOf(list: readonly (readonly [string, { readonly decisions: number }])[]): readonly NameCount[] {
  return list.map(([name, { decisions }]) => ({ name, decisions }))
}

function groupOf({ tenant, agent, scope }: Observed, by: Exclude<Grouping, 'term'>): string {
  if (by === 'tenant') return tenant
  return tenanted(tenant, by === 'agent' ? agent : scope)
}

function tenanted(tenant: string, name: string): string {
  return tenant === 'default' ? name : `${tenant}/${name}`
}

function keptName(tenant: string, id: string): string {
  return `decision/${encodeURIComponent(tenant)}/${encodeURIComponent(id)}`
}

function squareOf(cell: (row: Outcome, column: Outcome) => number): Record<Outcome, Record<Outcome, number>> {
  const rowOf = (row: Outcome) =>
    Object.fromEntries(OUTCOMES.map((column) => [column, cell(row, column)])) as Record<Outcome, number>
  return Object.fromEntries(OUTCOMES.map((row) => [row, rowOf(row)])) as Record<Outcome, Record<Outcome, number>>
}
