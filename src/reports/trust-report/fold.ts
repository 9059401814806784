import { z } from 'zod'

import { byCodeUnit } from '../../format/order.ts'
import { DAY_MS } from '../../format/time.ts'
import type { Level } from '../../model/level.ts'
import { AGENT_WIDE, ALL_SCOPES, type TrustSighting } from './sighting.ts'

/** Scopes that are counted apart; further ones are `other`. */
export const REPORTED_SCOPES_MAX = 128
export const OTHER_SCOPES = 'other'
/** A demotion that no bad verdict and no review confirms within so many days was a false one. */
export const CONFIRM_DAYS = 3
/** Levels at which an agent acts by itself. */
export const AUTONOMY_LEVELS = [3, 4] as const
export type AutonomyLevel = (typeof AUTONOMY_LEVELS)[number]

/** Samples of one scope, day and level that are kept for the median. */
const SAMPLES_MAX = 1_000
/** Demotions of one agent's scope that wait to be judged. */
const WAITING_MAX = 16

const count = z.int()
const Day = z.strictObject({
  executed: count,
  good: count,
  bad: count,
  incidents: count,
  promotions: count,
  demotions: count,
  false_demotions: count,
  confirmed_demotions: count,
  /** Time to the first grant of level 3, and of level 4, ms. */
  autonomy_ms: z.strictObject({ 3: z.array(z.number()), 4: z.array(z.number()) }),
})
type Day = z.infer<typeof Day>
const Demotion = z.strictObject({ at_ms: count, fate: z.enum(['waiting', 'confirmed', 'false']) })
/** What is remembered of one agent's scope: which levels it ever had, and its latest demotions. */
const Scope = z.strictObject({ reached: z.array(z.literal(AUTONOMY_LEVELS)), demotions: z.array(Demotion) })
type Scope = z.infer<typeof Scope>

/** What a fold remembers. */
export const TrustFoldState = z.strictObject({
  days: z.record(z.string(), z.record(z.string(), Day)),
  scopes: z.record(z.string(), Scope),
})
export type TrustFoldState = z.infer<typeof TrustFoldState>

/** One average of times to autonomy, ms; of how many grants. */
export type Spread = { readonly grants: number; readonly mean_ms: number; readonly median_ms: number }

/** How trust worked in one scope over the time asked for. Rates are null where there is nothing to divide by. */
export type ScopeReport = {
  readonly scope: string
  readonly executed: number
  readonly judged: number
  /** Of the actions that somebody verified, the share that went well. */
  readonly compliance_rate: number | null
  readonly incidents: number
  /** Incidents for each 1,000 executed actions. */
  readonly incidents_per_1000: number | null
  readonly promotions: number
  readonly demotions: { readonly total: number; readonly false: number; readonly confirmed: number; readonly waiting: number }
  /** Of the demotions that are judged, the share that was given back, or that nothing confirmed within three days. */
  readonly false_demotion_rate: number | null
  /** From the agent's first record to the first grant of the level in the scope. */
  readonly time_to_autonomy: { readonly L3: Spread | null; readonly L4: Spread | null }
}

/** Folds what records say of trust, in the order of the log. */
export type TrustFold = {
  /** `firstSeenMs` of each grant's agent, in their order; null where nothing is known. */
  readonly add: (sighting: TrustSighting, firstSeenMs: readonly (number | null)[]) => void
  /** All scopes together, then each, by name. Days before `sinceMs` do not count. */
  readonly report: (sinceMs: number, nowMs: number) => { readonly all: ScopeReport; readonly scopes: readonly ScopeReport[] }
  /** Forgets days that lie wholly before a time. */
  readonly forget: (beforeMs: number) => void
  readonly state: () => TrustFoldState
}

/** Nothing folded yet, or what is remembered. */
export function createTrustFold(remembered?: TrustFoldState): TrustFold {
  const days = new Map(Object.entries(remembered?.days ?? {}).map(([scope, of]) => [scope, new Map(Object.entries(of))]))
  const scopes = new Map<string, Scope>(Object.entries(remembered?.scopes ?? {}))

  const dayOf = (scope: string, atMs: number): Day => {
    const name = days.has(scope) || days.size < REPORTED_SCOPES_MAX ? scope : OTHER_SCOPES
    const of = days.get(name) ?? new Map<string, Day>()
    days.set(name, of)
    const key = String(Math.floor(atMs / DAY_MS))
    const day = of.get(key) ?? newDay()
    of.set(key, day)
    return day
  }
  const scopeAt = (key: string): Scope => {
    const known = scopes.get(key) ?? { reached: [], demotions: [] }
    scopes.set(key, known)
    return known
  }
  /** Judges a demotion; one that was judged before can only be found to be false. */
  const settle = (scope: string, demotion: Scope['demotions'][number], fate: 'confirmed' | 'false'): void => {
    if (demotion.fate === fate || demotion.fate === 'false') return
    const day = dayOf(scope, demotion.at_ms)
    if (demotion.fate === 'confirmed') day.confirmed_demotions -= 1
    if (fate === 'false') day.false_demotions += 1
    else day.confirmed_demotions += 1
    demotion.fate = fate
  }
  /** What waited too long was a false one. */
  const expire = (scope: string, { demotions }: Scope, nowMs: number): void => {
    for (const demotion of demotions)
      if (demotion.fate === 'waiting' && nowMs - demotion.at_ms > CONFIRM_DAYS * DAY_MS) settle(scope, demotion, 'false')
  }
  const confirm = (key: string, atMs: number): void => {
    const known = scopes.get(key)
    if (known === undefined) return
    const scope = scopeIn(key)
    expire(scope, known, atMs)
    for (const demotion of known.demotions) if (demotion.fate === 'waiting') settle(scope, demotion, 'confirmed')
  }
  const demote = (key: string, atMs: number, confirmed: boolean): void => {
    const scope = scopeIn(key)
    const known = scopeAt(key)
    expire(scope, known, atMs)
    const demotion = { at_ms: atMs, fate: 'waiting' as const }
    known.demotions = [...known.demotions.slice(1 - WAITING_MAX), demotion]
    dayOf(scope, atMs).demotions += 1
    if (confirmed) settle(scope, demotion, 'confirmed')
  }
  const grant = (key: string, level: Level, atMs: number, seenMs: number | null): void => {
    const scope = scopeIn(key)
    const day = dayOf(scope, atMs)
    day.promotions += 1
    if (level !== 3 && level !== 4) return
    const known = scopeAt(key)
    if (known.reached.includes(level)) return
    known.reached = [...known.reached, level]
    const samples = day.autonomy_ms[level]
    if (seenMs !== null && seenMs <= atMs && samples.length < SAMPLES_MAX) samples.push(atMs - seenMs)
  }

  return {
    add: ({ atMs, executed, judged, granted, demoted, restored, confirmed, incidents }, seen) => {
      if (executed !== null) dayOf(executed, atMs).executed += 1
      for (const { scope, good, bad } of judged) {
        const day = dayOf(scope, atMs)
        day.good += good
        day.bad += bad
      }
      for (const scope of incidents) dayOf(scope, atMs).incidents += 1
      for (const whose of confirmed) {
        if (whose.scope !== AGENT_WIDE) confirm(keyOf(whose), atMs)
        else {
          const prefix = keyOf({ ...whose, scope: '' })
          for (const key of scopes.keys()) if (key.startsWith(prefix)) confirm(key, atMs)
        }
      }
      for (const each of demoted) demote(keyOf(each), atMs, each.confirmed)
      for (const each of restored) {
        const last = scopes.get(keyOf(each))?.demotions.at(-1)
        if (last !== undefined) settle(each.scope, last, 'false')
      }
      granted.forEach((each, index) => grant(keyOf(each), each.level, atMs, seen[index] ?? null))
    },
    report: (sinceMs, nowMs) => {
      for (const [key, known] of scopes) expire(scopeIn(key), known, nowMs)
      const from = Math.floor(sinceMs / DAY_MS)
      const sums = [...days].map(([scope, of]) => {
        const counted = [...of].filter(([day]) => Number(day) >= from).map(([, day]) => day)
        return { scope, day: counted.reduce(plus, newDay()), any: counted.length > 0 }
      })
      const of = sums.filter(({ any }) => any)
      return {
        all: reportOf(ALL_SCOPES, of.map(({ day }) => day).reduce(plus, newDay())),
        scopes: of.map(({ scope, day }) => reportOf(scope, day)).sort((a, b) => byCodeUnit(a.scope, b.scope)),
      }
    },
    forget: (beforeMs) => {
      const before = Math.floor(beforeMs / DAY_MS)
      for (const [scope, of] of days) {
        for (const day of of.keys()) if (Number(day) < before) of.delete(day)
        if (of.size === 0) days.delete(scope)
      }
    },
    state: () => ({
      days: Object.fromEntries([...days].map(([scope, of]) => [scope, Object.fromEntries(of)])),
      scopes: Object.fromEntries(scopes),
    }),
  }
}

function newDay(): Day {
  return {
    executed: 0,
    good: 0,
    bad: 0,
    incidents: 0,
    promotions: 0,
    demotions: 0,
    false_demotions: 0,
    confirmed_demotions: 0,
    autonomy_ms: { 3: [], 4: [] },
  }
}

function plus(a: Day, b: Day): Day {
  return {
    executed: a.executed + b.executed,
    good: a.good + b.good,
    bad: a.bad + b.bad,
    incidents: a.incidents + b.incidents,
    promotions: a.promotions + b.promotions,
    demotions: a.demotions + b.demotions,
    false_demotions: a.false_demotions + b.false_demotions,
    confirmed_demotions: a.confirmed_demotions + b.confirmed_demotions,
    autonomy_ms: { 3: [...a.autonomy_ms[3], ...b.autonomy_ms[3]], 4: [...a.autonomy_ms[4], ...b.autonomy_ms[4]] },
  }
}

function reportOf(scope: string, day: Day): ScopeReport {
  const { executed, incidents, promotions, demotions, false_demotions, confirmed_demotions } = day
  // A success of before that is taken back today would leave less than none.
  const good = Math.max(0, day.good)
  const judged = good + day.bad
  const settled = false_demotions + confirmed_demotions
  return {
    scope,
    executed,
    judged,
    compliance_rate: judged === 0 ? null : good / judged,
    incidents,
    incidents_per_1000: executed === 0 ? null : (1_000 * incidents) / executed,
    promotions,
    demotions: { total: demotions, false: false_demotions, confirmed: confirmed_demotions, waiting: demotions - settled },
    false_demotion_rate: settled === 0 ? null : false_demotions / settled,
    time_to_autonomy: { L3: spreadOf(day.autonomy_ms[3]), L4: spreadOf(day.autonomy_ms[4]) },
  }
}

function spreadOf(samples: readonly number[]): Spread | null {
  if (samples.length === 0) return null
  const mean = samples.reduce((sum, each) => sum + each, 0) / samples.length
  return { grants: samples.length, mean_ms: mean, median_ms: medianOf(samples) ?? 0 }
}

/** The median; null of nothing. */
export function medianOf(samples: readonly number[]): number | null {
  const sorted = samples.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low, high] = sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : [sorted[middle - 1], sorted[middle]]
  return low === undefined || high === undefined ? null : (low + high) / 2
}

function keyOf({ tenant, agent, scope }: { readonly tenant: string; readonly agent: string; readonly scope: string }): string {
  return `${encodeURIComponent(tenant)}/${encodeURIComponent(agent)}/${scope}`
}

function scopeIn(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}
