import { createHmac } from 'node:crypto'

import type { Caller } from '../access/caller.ts'
import type { Activity, Outstanding } from '../ledger/documents/activity.ts'
import type { Effect } from '../ledger/effect.ts'
import { activityKey, boundsKey } from '../ledger/keys.ts'
import { recordOf } from '../ledger/new-record.ts'
import type { Store, View } from '../ledger/store.ts'
import type { TrustConstants } from '../trust/constants.ts'

/** Places that decisions are dealt to. */
const PLACES = 2 ** 32
/** Slots whose time is over that one record gives back, at most: it has to fit beside all reports of an agent that may wait (`FILINGS_MAX`). */
const SLOTS_PER_RECORD_MAX = 100

/** Share of decisions that have to be verified where this is the nth within a day, 0–1. */
export function shareDue(nth: number, { sampling }: Pick<TrustConstants, 'sampling'>): number {
  return Math.min(1, Math.max(sampling.top_share, sampling.top_per_day_min / Math.max(1, nth)))
}

/** The number of a decision, 0 up to 1: nobody without the secret can tell it from its id. */
export function drawOf(tenant: string, id: string, key: Uint8Array): number {
  const digest = createHmac('sha256', key)
    .update(JSON.stringify(['verification', tenant, id]))
    .digest()
  return digest.readUInt32BE(0) / PLACES
}

/** Slots that had to be verified by now, and were not. */
function overdue(activity: Activity | undefined, nowMs: number): readonly Outstanding[] {
  return (activity?.outstanding ?? []).filter(({ due, verify_by_ms }) => due === true && verify_by_ms <= nowMs)
}

function missesOf(agent: string, slots: readonly Outstanding[]): readonly Effect[] {
  return [...new Set(slots.map(({ scope }) => scope))].sort().map((scope) => ({
    kind: 'coverage',
    agent,
    scope,
    verified: 0,
    missed: slots.filter((slot) => slot.scope === scope).length,
  }))
}

/** What charging accounts finds overdue in them: misses of their coverage, and the slots are free again. */
export function missesFound(
  charged: readonly Effect[],
  { tenant, nowMs }: Moment,
  view: Pick<View, 'document'>,
): readonly Effect[] {
  return charged.flatMap((effect) =>
    effect.kind === 'charge' && effect.rehearsal === undefined ? missesCharged(effect.agent, { tenant, nowMs }, view) : [],
  )
}

type Moment = { readonly tenant: string; readonly nowMs: number }

/** What an agent's slots that are overdue come to: misses of its coverage, and the slots are free again. */
export function missesCharged(agent: string, { tenant, nowMs }: Moment, view: Pick<View, 'document'>): readonly Effect[] {
  const slots = overdue(view.document(activityKey(tenant, agent)), nowMs).slice(0, SLOTS_PER_RECORD_MAX)
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
  const { outstanding = [] } = view.document(activityKey(tenant, agent)) ?? {}
  const slot = outstanding.find(({ decision_id }) => decision_id === decisionId)
  if (slot?.due !== true || slot.verify_by_ms <= nowMs) return []
  return [{ kind: 'coverage', agent, scope: slot.scope, verified: 1, missed: 0 }]
}

/** What charging misses by a timer needs. */
export type SamplingDeps = { readonly store: Store; readonly nowMs: () => number; readonly newId: () => string }

/** Charges what is overdue of all agents of a tenant, where nothing else is written for them. Returns how many slots. */
export async function chargeMissed({ store, nowMs, newId }: SamplingDeps, caller: Caller): Promise<number> {
  const { tenant } = caller
  let charged = 0
  for (const agent of await store.list('activity', tenant)) {
    const key = activityKey(tenant, agent)
    if (await store.read([key], (view) => overdue(view.document(key), nowMs()).length === 0)) continue
    await store.transact([key, boundsKey(tenant, agent)], (transaction) => {
      const atMs = nowMs()
      const effects = missesCharged(agent, { tenant, nowMs: atMs }, transaction)
      if (effects.length === 0) return
      const missed = effects.filter(({ kind }) => kind === 'release').length
      charged += missed
      const body = { verb: 'charge_missed', missed }
      transaction.append({ record: recordOf({ kind: 'budget', id: newId(), caller, atMs, agent, body, effects }) })
    })
  }
  return charged
}
