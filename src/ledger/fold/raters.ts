import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../format/time.ts'
import type { RaterRecord } from '../../trust/raters.ts'
import { type Filings, FILINGS_MAX, type Tally, type TallyBucket, type TallyWindow, WITNESSES_MAX } from '../documents/tally.ts'
import type { RATER_EFFECTS } from '../effects/raters.ts'
import { filingsKey, OWNERS_KEY, raterKey, tallyKey } from '../keys.ts'
import { newRater } from './rater-record.ts'
import { type FoldRules, NO_CHANGES, type ProjectionState } from './state.ts'

/** Length of a window and of its buckets, ms. A bucket that began within the window counts whole, so a window is never shorter than it says. */
const WINDOWS = {
  positive: { windowMs: DAY_MS, bucketMs: HOUR_MS },
  factual: { windowMs: HOUR_MS, bucketMs: MINUTE_MS },
  ambiguous: { windowMs: 30 * DAY_MS, bucketMs: DAY_MS },
} as const satisfies Record<TallyWindow, { readonly windowMs: number; readonly bucketMs: number }>

/** How long the failures that a source told of corroborate another's, ms. */
export const WITNESS_MS = WINDOWS.factual.windowMs

/** How much was said, what waits, how raters judge canaries, and who owns which agent. */
export const RATER_RULES: FoldRules<keyof typeof RATER_EFFECTS> = {
  tally: ({ agent, of, window, units }, { tenant, nowMs }, state) => {
    const key = tallyKey(tenant, agent, of)
    state.put(key, tallied(state.document(key), { window, units, nowMs }))
    if ('rater' in of && window === 'positive')
      onRater(tenant, of.rater, state, (before) => ({ ...before, units_given: before.units_given + units }))
    return NO_CHANGES
  },
  witness: (effect, { tenant, nowMs }, state) =>
    onFilings(effect.agent, tenant, state, (before) => witnessed(before, effect, nowMs)),
  filing: ({ agent, filing }, { tenant }, state) =>
    onFilings(agent, tenant, state, (before) => ({ ...before, held: [...before.held, filing].slice(-FILINGS_MAX) })),
  canary_judged: ({ rater, caught }, { tenant }, state) =>
    onRater(tenant, rater, state, ({ canaries, ...before }) => ({
      ...before,
      canaries: { seen: canaries.seen + 1, caught: canaries.caught + (caught ? 1 : 0) },
    })),
  owners: (effect, _moment, state) => {
    state.put(OWNERS_KEY, { ...state.document(OWNERS_KEY), ...effect.owners })
    return NO_CHANGES
  },
}

/** Units said within the window that ends at `nowMs`. */
export function saidWithin(tally: Tally | undefined, window: TallyWindow, nowMs: number): number {
  return within(tally?.[window] ?? [], window, nowMs).reduce((sum, { units }) => sum + units, 0)
}

function within(buckets: readonly TallyBucket[], window: TallyWindow, nowMs: number): readonly TallyBucket[] {
  const { windowMs, bucketMs } = WINDOWS[window]
  return buckets.filter(({ start_ms }) => start_ms > nowMs - windowMs - bucketMs)
}

function tallied(
  before: Tally | undefined,
  { window, units, nowMs }: { readonly window: TallyWindow; readonly units: number; readonly nowMs: number },
): Tally {
  const tally = before ?? { positive: [], factual: [], ambiguous: [] }
  const kept = [...within(tally[window], window, nowMs)]
  const start_ms = nowMs - (nowMs % WINDOWS[window].bucketMs)
  const last = kept.at(-1)
  if (last?.start_ms === start_ms) kept[kept.length - 1] = { start_ms, units: last.units + units }
  else kept.push({ start_ms, units })
  return { ...tally, [window]: kept }
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

function onRater(
  tenant: string,
  rater: string,
  state: ProjectionState,
  change: (before: RaterRecord) => RaterRecord,
): typeof NO_CHANGES {
  const key = raterKey(tenant, rater)
  state.put(key, change(state.document(key) ?? newRater()))
  return NO_CHANGES
}

function onFilings(
  agent: string,
  tenant: string,
  state: ProjectionState,
  change: (before: Filings) => Filings,
): typeof NO_CHANGES {
  const key = filingsKey(tenant, agent)
  state.put(key, change(state.document(key) ?? { witnesses: [], held: [] }))
  return NO_CHANGES
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
