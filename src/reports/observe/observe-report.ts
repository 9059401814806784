import type { Source } from '../../model/ceiling.ts'
import type { Outcome } from '../../model/outcome.ts'
import type { Counts, Fate } from './fate-counts.ts'

/** What observed decisions are grouped by. */
export const GROUPINGS = ['agent', 'scope', 'tenant', 'term'] as const

export type Grouping = (typeof GROUPINGS)[number]

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

/** A share, 0 of nothing. */
export function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
