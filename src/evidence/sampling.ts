import { createHmac } from 'node:crypto'

import type { Activity, Owed } from '../ledger/documents/activity.ts'
import type { Effect } from '../ledger/effect.ts'
import type { Moment } from '../ledger/fold/state.ts'
import { activityKey } from '../ledger/keys.ts'
import type { View } from '../ledger/store.ts'
import type { TrustConstants } from '../trust/constants.ts'

/** Places that decisions are dealt to. */
const PLACES = 2 ** 32
/** Slots whose time is over that one record gives back, at most: it has to fit beside all reports of an agent that may wait (`FILINGS_MAX`). */
const SLOTS_PER_RECORD_MAX = 100

/** Share of decisions that have to be verified where this is the nth within a day, 0–1. */
export function shareDue(nth: number, { sampling }: Pick<TrustConstants, 'sampling'>): number {
  return Math.min(1, Math.max(sampling.top_share, sampling.top_per_day_min / Math.max(1, nth)))
}

/** The number of a decision for what it may be drawn for, 0 up to 1: nobody without the secret can tell it from its id. */
export function drawOf(tenant: string, id: string, key: Uint8Array, of = 'verification'): number {
  const digest = createHmac('sha256', key)
    .update(JSON.stringify([of, tenant, id]))
    .digest()
  return digest.readUInt32BE(0) / PLACES
}

/** Everything of an account that has to be verified: what runs under its budgets, what it proposed, and what was only observed. */
function dueIn({ outstanding = [], owed = [] }: Partial<Pick<Activity, 'outstanding' | 'owed'>> = {}): readonly Owed[] {
  return [...outstanding.filter(({ due }) => due === true), ...owed]
}

/** Slots that had to be verified by now, and were not. */
export function overdue(activity: Activity | undefined, nowMs: number): readonly Owed[] {
  return dueIn(activity).filter(({ verify_by_ms }) => verify_by_ms <= nowMs)
}

function missesOf(agent: string, slots: readonly Owed[]): readonly Effect[] {
  return [...new Set(slots.map(({ scope }) => scope))].sort().map((scope) => ({
    kind: 'coverage',
    agent,
    scope,
    verified: 0,
    missed: slots.filter((slot) => slot.scope === scope).length,
  }))
}

/** What taking up slots of accounts finds overdue in them: misses of their coverage, and the slots are free again. */
export function missesFound(
  charged: readonly Effect[],
  { tenant, nowMs }: Moment,
  view: Pick<View, 'document'>,
): readonly Effect[] {
  const accounts = charged.flatMap((effect) =>
    effect.kind === 'owe' || (effect.kind === 'charge' && effect.rehearsal === undefined) ? [effect.agent] : [],
  )
  // However many accounts a chain has, one record gives back no more than any other.
  let left = SLOTS_PER_RECORD_MAX
  return [...new Set(accounts)].flatMap((agent) => {
    const effects = missesCharged(agent, { tenant, nowMs }, view, left)
    left -= effects.filter(({ kind }) => kind === 'release').length
    return effects
  })
}

/** What an agent's slots that are overdue come to, at most so many of one record: misses of its coverage, and the slots are free again. */
export function missesCharged(
  agent: string,
  { tenant, nowMs }: Moment,
  view: Pick<View, 'document'>,
  slotsMax = SLOTS_PER_RECORD_MAX,
): readonly Effect[] {
  const slots = overdue(view.document(activityKey(tenant, agent)), nowMs).slice(0, slotsMax)
  const given = slots.map(({ decision_id }): Effect => ({ kind: 'release', agent, decision_id }))
  return [...missesOf(agent, slots), ...given]
}

/** A decision that had to be verified was, in time: one for the coverage of its scope. */
export function coverageOf(
  agent: string,
  decisionId: string,
  { tenant, nowMs }: Moment,
  view: Pick<View, 'document'>,
): readonly Effect[] {
  const slot = dueIn(view.document(activityKey(tenant, agent))).find(({ decision_id }) => decision_id === decisionId)
  if (slot === undefined || slot.verify_by_ms <= nowMs) return []
  return [{ kind: 'coverage', agent, scope: slot.scope, verified: 1, missed: 0 }]
}
