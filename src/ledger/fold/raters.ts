import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../format/time.ts'
import {
  ADVICE_MAX,
  type Filings,
  FILINGS_MAX,
  type Tally,
  type TallyBucket,
  type TallyWindow,
  WITNESSES_MAX,
} from '../documents/tally.ts'
import type { Effect } from '../effect.ts'
import { filingsKey, OWNERS_KEY, raterKey, tallyKey } from '../keys.ts'
import { newRater } from './rater-record.ts'
import type { ProjectionState } from './state.ts'

/** Length of a window and of its buckets, ms. A bucket that began within the window counts whole, so a window is never shorter than it says. */
const WINDOWS = {
  positive: { windowMs: DAY_MS, bucketMs: HOUR_MS },
  factual: { windowMs: HOUR_MS, bucketMs: MINUTE_MS },
  ambiguous: { windowMs: 30 * DAY_MS, bucketMs: DAY_MS },
} as const satisfies Record<TallyWindow, { readonly windowMs: number; readonly bucketMs: number }>

/** How long the failures that a source told of corroborate another's, ms. */
export const WITNESS_MS = WINDOWS.factual.windowMs

/** Effects on who said how much, what waits, and who is known by their canaries. */
export const RATER_EFFECTS = ['tally', 'witness', 'filing', 'canary', 'canary_judged', 'advice', 'owners'] as const
/** What changes them. */
export type RaterEffect = Extract<Effect, { kind: (typeof RATER_EFFECTS)[number] }>

/** Units said within the window that ends at `nowMs`. */
export function saidWithin(tally: Tally | undefined, window: TallyWindow, nowMs: number): number {
  return within(tally?.[window] ?? [], window, nowMs).reduce((sum, { units }) => sum + units, 0)
}

function within(buckets: readonly TallyBucket[], window: TallyWindow, nowMs: number): readonly TallyBucket[] {
  const { windowMs, bucketMs } = WINDOWS[window]
  return buckets.filter(({ start_ms }) => start_ms > nowMs - windowMs - bucketMs)
}

function tallied(before: Tally | undefined, window: TallyWindow, units: number, nowMs: number): Tally {
  const tally = before ?? { positive: [], factual: [], ambiguous: [] }
  const kept = [...within(tally[window], window, nowMs)]
  const start_ms = nowMs - (nowMs % WINDOWS[window].bucketMs)
  const last = kept.at(-1)
  if (last?.start_ms === start_ms) kept[kept.length - 1] = { start_ms, units: last.units + units }
  else kept.push({ start_ms, units })
  return { ...tally, [window]: kept }
}

/** Applies one of these effects. `nowMs` is the record's time. */
export function applyRating(effect: RaterEffect, nowMs: number, tenant: string, state: ProjectionState): void {
  switch (effect.kind) {
    case 'tally': {
      const key = tallyKey(tenant, effect.agent, effect.of)
      state.put(key, tallied(state.document(key), effect.window, effect.units, nowMs))
      if ('rater' in effect.of && effect.window === 'positive') give(effect.of.rater, effect.units, tenant, state)
      return
    }
    case 'witness':
      onFilings(effect.agent, tenant, state, (before) => witnessed(before, effect, nowMs))
      return
    case 'filing':
      onFilings(effect.agent, tenant, state, (before) => ({
        ...before,
        held: [...before.held, effect.filing].slice(-FILINGS_MAX),
      }))
      return
    case 'canary': {
      const key = { kind: 'verdicts', tenant, id: effect.decision_id } as const
      state.put(key, { ...(state.document(key) ?? { layers: {}, heard: [], self_flagged: false }), canary: effect.canary })
      const approval =
        effect.request_digest === null ? undefined : ({ kind: 'approval', tenant, id: effect.request_digest } as const)
      const open = approval === undefined ? undefined : state.document(approval)
      if (approval !== undefined && open !== undefined) state.put(approval, { ...open, canary: true })
      return
    }
    case 'canary_judged': {
      const key = raterKey(tenant, effect.rater)
      const before = state.document(key) ?? newRater()
      const { seen, caught } = before.canaries
      state.put(key, { ...before, canaries: { seen: seen + 1, caught: caught + (effect.caught ? 1 : 0) } })
      return
    }
    case 'owners':
      state.put(OWNERS_KEY, { ...state.document(OWNERS_KEY), ...effect.owners })
      return
    case 'advice': {
      const key = { kind: 'verdicts', tenant, id: effect.decision_id } as const
      const before = state.document(key) ?? { layers: {}, heard: [], self_flagged: false }
      state.put(key, { ...before, advice: [...(before.advice ?? []), effect.advice].slice(-ADVICE_MAX) })
      return
    }
  }
}

/** A hold is resolved: what waited with it waits no more. */
export function dropFilings(agent: string, hold: string, tenant: string, state: ProjectionState): void {
  const before = state.document(filingsKey(tenant, agent))
  if (before?.held.some((each) => each.hold === hold) !== true) return
  state.put(filingsKey(tenant, agent), { ...before, held: before.held.filter((each) => each.hold !== hold) })
}

/** A hold became part of another: what waited with it waits with that one. */
export function passFilings(
  agent: string,
  { from, to }: { readonly from: string; readonly to: string },
  tenant: string,
  state: ProjectionState,
): void {
  const before = state.document(filingsKey(tenant, agent))
  if (before?.held.some((each) => each.hold === from) !== true) return
  const held = before.held.map((each) => (each.hold === from ? { ...each, hold: to } : each))
  state.put(filingsKey(tenant, agent), { ...before, held })
}

function give(rater: string, units: number, tenant: string, state: ProjectionState): void {
  const key = raterKey(tenant, rater)
  const before = state.document(key) ?? newRater()
  state.put(key, { ...before, units_given: before.units_given + units })
}

function onFilings(agent: string, tenant: string, state: ProjectionState, change: (before: Filings) => Filings): void {
  const key = filingsKey(tenant, agent)
  state.put(key, change(state.document(key) ?? { witnesses: [], held: [] }))
}

function witnessed(
  before: Filings,
  { scope, source }: { readonly scope: string; readonly source: string },
  nowMs: number,
): Filings {
  const others = before.witnesses.filter(
    (each) => each.at_ms > nowMs - WITNESS_MS && (each.source !== source || each.scope !== scope),
  )
  return { ...before, witnesses: [...others, { source, scope, at_ms: nowMs }].slice(-WITNESSES_MAX) }
}
