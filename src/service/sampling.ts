import { createHmac } from 'node:crypto'

import { accountsOfFacts } from './accounts.ts'
import { activityKey, usageOf } from './activity.ts'
import { isCharged } from './budget.ts'
import type { Verification } from './decision-body.ts'
import type { Derivation } from './derive.ts'
import type { DecisionFacts } from './facts.ts'
import type { Store, View } from './ports.ts'
import { recordOf } from './records.ts'
import { boundsKey } from './bounds-projection.ts'
import type { Caller } from '../model/caller.ts'
import type { Activity, Outstanding } from '../model/documents.ts'
import type { Effect } from '../model/effect.ts'
import { formatScope } from '../model/scope.ts'
import type { TrustConstants } from '../model/trust-constants.ts'

const HOUR_MS = 3_600_000
/** The level from which not everything has to be verified. */
const SAMPLED_LEVEL = 4
/** Places that decisions are dealt to. */
const PLACES = 2 ** 32
/** Slots whose time is over that one record gives back, at most: it has to fit beside all reports of an agent that may wait (`FILINGS_MAX`). */
const SLOTS_PER_RECORD_MAX = 100

/** What the draw depends on. */
export type Drawn = {
  readonly id: string
  readonly facts: DecisionFacts
  readonly derivation: Pick<Derivation, 'decision' | 'mode'>
  readonly verifyWithinHours: number
}

/**
 * Whether a decision that lets a proven agent change something has to be verified: everything up to L3; at L4 a share drawn from the
 * decision's id and a secret, larger where little happens, so that a scope has its least number a day. Null: nothing runs, or only a read.
 */
export function verificationOf(
  { id, facts, derivation, verifyWithinHours }: Drawn,
  key: Uint8Array,
  view: Pick<View, 'document' | 'constants'>,
): Verification | null {
  const account = sampledAccount(facts)
  if (account === null || derivation.mode === 'observe' || !isCharged(derivation.decision, facts)) return null
  const by_ms = facts.at_ms + Math.round(verifyWithinHours * HOUR_MS)
  if ((facts.trust?.level_effective ?? 0) < SAMPLED_LEVEL) return { due: true, by_ms }
  const { tenant } = facts.caller
  const place = { scope: formatScope(facts.action.scope, facts.action.stake), tool: null }
  const used = usageOf(view.document(activityKey(tenant, account)), 'stake', place, facts.at_ms)
  return { due: drawOf(tenant, id, key) < shareDue(used.actions_last_day + 1, view.constants()), by_ms }
}

/** The account in which the slots of a decision are that has to be verified: that of a known, proven agent. */
function sampledAccount(facts: DecisionFacts): string | null {
  const { agent, agent_claimed } = facts.parties
  if (agent === null || agent_claimed || accountsOfFacts(facts).own !== agent.id) return null
  return agent.id
}

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
