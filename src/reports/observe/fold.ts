import type { Verdict } from '../../evidence/rules/weighing.ts'
import type { AuditRecord } from '../../ledger/record.ts'
import type { Scratch } from '../../ledger/scratch.ts'
import { type Source, SOURCES } from '../../model/ceiling.ts'
import { type Outcome, OUTCOMES } from '../../model/outcome.ts'
import { DAY_MS } from '../../trust/constants.ts'
import { type Counts, createNamed, type Fate, fateOf, newCounts } from './counts.ts'
import { type Observed, observedIn } from './observed.ts'

/** What observed decisions are grouped by. */
export const GROUPINGS = ['agent', 'scope', 'tenant', 'term'] as const
export type Grouping = (typeof GROUPINGS)[number]

/** Ids kept as examples of one kind. */
export const OBSERVE_EXAMPLES_MAX = 3
/** Days whose approvals are told apart; later ones count in the total only. */
const DAYS_MAX = 3_660

/** Something with how often it was there. */
export type NameCount = { readonly name: string; readonly decisions: number }

/** What observing came to. Coverage stands first: the rest says little where it is low. */
export type ObserveReport = {
  /** ISO 8601; null where there was no decision. */
  readonly first: string | null
  readonly last: string | null
  readonly coverage: {
    readonly decisions: number
    /** Decisions for which something was not enforced. Everything below is about these. */
    readonly observed: number
    readonly unknown_actions: { readonly decisions: number; readonly names: readonly NameCount[] }
    /** Agents that are not in the catalogue. */
    readonly missing_agents: { readonly decisions: number; readonly names: readonly NameCount[] }
    readonly ran: number
    readonly reported: number
    /** Of what ran, 0–1. */
    readonly reported_share: number
    /** Decided without trust, risk or graduation. */
    readonly degraded: number
  }
  /** What was answered × what would have been. */
  readonly table: Readonly<Record<Outcome, Readonly<Record<Outcome, number>>>>
  readonly changed: number
  /** What each term would have lowered if it were the only one. */
  readonly terms: readonly {
    readonly term: Source
    readonly changed: number
    readonly to: Readonly<Partial<Record<Outcome, number>>>
    readonly examples: readonly string[]
  }[]
  readonly approvals: {
    readonly total: number
    readonly per_day: number
    readonly days: readonly { readonly day: string; readonly asked: number }[]
  }
  /** Sessions as callers name them. */
  readonly sessions: { readonly total: number; readonly touched: number }
  readonly outcomes: Readonly<Record<Fate, { readonly ran: number; readonly reported: number; readonly bad: number }>>
  readonly by: Grouping
  readonly groups: readonly (Counts & { readonly key: string })[]
}

/** Folds the records of a log, in its order, in bounded memory. */
export type ObserveFold = { readonly add: (record: AuditRecord) => void; readonly report: () => ObserveReport }

/** What a fold is given. `approvalMs`: how long an approval stays open, ms. */
export type ObserveFoldOptions = { readonly by: Grouping; readonly scratch: Scratch; readonly approvalMs: number }

/** What is remembered of a decision until its outcome is reported. */
type Kept = { readonly fate: Fate; readonly groups: readonly string[]; readonly reported: boolean; readonly bad: boolean }

/** Nothing folded yet. */
export function createObserveFold({ by, scratch, approvalMs }: ObserveFoldOptions): ObserveFold {
  const all = newCounts()
  const seen = { decisions: 0, unknown: 0, missing: 0, degraded: 0, firstMs: Infinity, lastMs: -Infinity }
  const table = squareOf(() => 0)
  const actions = createNamed(() => ({ decisions: 0 }), mostDecisions)
  const agents = createNamed(() => ({ decisions: 0 }), mostDecisions)
  const groups = createNamed(newCounts, (a, b) => b.changed - a.changed || b.decisions - a.decisions)
  const terms = new Map<Source, { changed: number; to: Partial<Record<Outcome, number>>; examples: string[] }>()
  const days = new Map<number, number>()
  const sessions = { total: 0, touched: 0 }

  const coverage = (observed: Observed): void => {
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
  const isAsked = ({ tenant, requestDigest, atMs }: Observed): boolean => {
    const name = `asked/${encodeURIComponent(tenant)}/${requestDigest}`
    const before = scratch.get(name)
    if (typeof before === 'number' && atMs < before + approvalMs) return false
    scratch.set(name, atMs)
    const day = Math.floor(atMs / DAY_MS)
    if (days.has(day) || days.size < DAYS_MAX) days.set(day, (days.get(day) ?? 0) + 1)
    return true
  }
  const session = ({ tenant, agent, session: name }: Observed, changed: boolean): void => {
    if (name === null) return
    const key = `session/${[tenant, agent, name].map(encodeURIComponent).join('/')}`
    const before = scratch.get(key)
    if (before === undefined) sessions.total += 1
    if (before !== true && changed) sessions.touched += 1
    if (before !== true) scratch.set(key, changed)
  }
  const alone = (would: NonNullable<Observed['would']>, id: string): void => {
    for (const [source, to] of Object.entries(would.alone) as [Source, Outcome][]) {
      const term = terms.get(source) ?? { changed: 0, to: {}, examples: [] }
      term.changed += 1
      term.to[to] = (term.to[to] ?? 0) + 1
      if (term.examples.length < OBSERVE_EXAMPLES_MAX) term.examples.push(id)
      terms.set(source, term)
    }
  }
  const decision = (record: AuditRecord): void => {
    const observed = observedIn(record)
    const { would, answered, ran, id } = observed
    seen.decisions += 1
    if (would === null) return
    coverage(observed)
    table[answered][would.outcome] += 1
    const changed = would.outcome !== answered
    const asked = would.outcome === 'require_approval' && changed && isAsked(observed)
    session(observed, changed)
    alone(would, id)
    const names = by === 'term' ? Object.keys(would.alone).sort() : [groupOf(observed, by)]
    const fate = fateOf(would.outcome)
    for (const counts of [all, ...names.map((name) => groups.of(name))]) {
      counts.decisions += 1
      counts.changed += changed ? 1 : 0
      counts.approvals += asked ? 1 : 0
      counts.fates[fate].ran += ran ? 1 : 0
    }
    if (ran) scratch.set(keptName(record.tenant, id), { fate, groups: names, reported: false, bad: false } satisfies Kept)
  }
  const outcome = ({ tenant, decision_id: id, body }: AuditRecord): void => {
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
  return {
    add: (record) => {
      if (record.kind === 'decision') decision(record)
      else if (record.kind === 'outcome') outcome(record)
    },
    report: () => {
      const { run, ask, block } = all.fates
      const ran = run.ran + ask.ran + block.ran
      const reported = run.reported + ask.reported + block.reported
      const count = seen.lastMs < seen.firstMs ? 0 : Math.floor(seen.lastMs / DAY_MS) - Math.floor(seen.firstMs / DAY_MS) + 1
      return {
        first: count === 0 ? null : new Date(seen.firstMs).toISOString(),
        last: count === 0 ? null : new Date(seen.lastMs).toISOString(),
        coverage: {
          decisions: seen.decisions,
          observed: all.decisions,
          unknown_actions: { decisions: seen.unknown, names: namesOf(actions.list()) },
          missing_agents: { decisions: seen.missing, names: namesOf(agents.list()) },
          ran,
          reported,
          reported_share: share(reported, ran),
          degraded: seen.degraded,
        },
        table: squareOf((answered, would) => table[answered][would]),
        changed: all.changed,
        terms: SOURCES.flatMap((term) => {
          const found = terms.get(term)
          return found === undefined ? [] : [{ term, changed: found.changed, to: { ...found.to }, examples: [...found.examples] }]
        }).sort((a, b) => b.changed - a.changed),
        approvals: {
          total: all.approvals,
          per_day: count === 0 ? 0 : Math.round((all.approvals / count) * 100) / 100,
          days: [...days]
            .sort(([a], [b]) => a - b)
            .map(([day, asked]) => ({ day: new Date(day * DAY_MS).toISOString().slice(0, 10), asked })),
        },
        sessions: { ...sessions },
        outcomes: { run: { ...run }, ask: { ...ask }, block: { ...block } },
        by,
        groups: groups.list().map(([key, counts]) => ({ key, ...counts })),
      }
    },
  }
}

/** A share, 0 of nothing. */
export function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
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
