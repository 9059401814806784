import { z } from 'zod'

import { byCodeUnit } from '../../format/order.ts'
import type { Level } from '../../model/level.ts'
import { DAY_MS } from '../../format/time.ts'
import {
  AUTONOMY_LEVELS,
  newTrustDay,
  OTHER_SCOPES,
  addDays,
  REPORTED_SCOPES_MAX,
  type ScopeReport,
  scopeReport,
  TrustDay,
} from './scope-report.ts'
import { AGENT_WIDE, ALL_SCOPES, type TrustSighting } from './sighting.ts'

/** A demotion that no bad verdict and no review confirms within so many days was a false one. */
export const CONFIRM_DAYS = 3

/** Samples of one scope, day and level that are kept for the median. */
const SAMPLES_MAX = 1_000
/** Demotions of one agent's scope that wait to be judged. */
const WAITING_MAX = 16

const count = z.int()
const Demotion = z.strictObject({ at_ms: count, fate: z.enum(['waiting', 'confirmed', 'false']) })
/** What is remembered of one agent's scope: which levels it ever had, and its latest demotions. */
const Scope = z.strictObject({ reached: z.array(z.literal(AUTONOMY_LEVELS)), demotions: z.array(Demotion) })
type Scope = z.infer<typeof Scope>

/** What a fold remembers. */
export const TrustFoldState = z.strictObject({
  days: z.record(z.string(), z.record(z.string(), TrustDay)),
  scopes: z.record(z.string(), Scope),
})
export type TrustFoldState = z.infer<typeof TrustFoldState>

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

type Counts = {
  /** Scope → day since 1970 → what happened. */
  readonly days: Map<string, Map<string, TrustDay>>
  /** Tenant, agent and scope → what is remembered of it. */
  readonly scopes: Map<string, Scope>
}

/** Nothing folded yet, or what is remembered. */
export function createTrustFold(remembered?: TrustFoldState): TrustFold {
  const counts: Counts = {
    days: new Map(Object.entries(remembered?.days ?? {}).map(([scope, byDay]) => [scope, new Map(Object.entries(byDay))])),
    scopes: new Map(Object.entries(remembered?.scopes ?? {})),
  }
  return {
    add: (sighting, firstSeenMs) => addSighting(counts, sighting, firstSeenMs),
    report: (sinceMs, nowMs) => reportSince(counts, sinceMs, nowMs),
    forget: (beforeMs) => forgetDays(counts, beforeMs),
    state: () => ({
      days: Object.fromEntries([...counts.days].map(([scope, byDay]) => [scope, Object.fromEntries(byDay)])),
      scopes: Object.fromEntries(counts.scopes),
    }),
  }
}

function addSighting(counts: Counts, sighting: TrustSighting, firstSeenMs: readonly (number | null)[]): void {
  const { atMs, executed, judged, granted, demoted, restored, confirmed, incidents } = sighting
  if (executed !== null) dayOf(counts, executed, atMs).executed += 1
  for (const { scope, good, bad } of judged) {
    const day = dayOf(counts, scope, atMs)
    day.good += good
    day.bad += bad
  }
  for (const scope of incidents) dayOf(counts, scope, atMs).incidents += 1
  for (const whose of confirmed) for (const key of keysOf(counts, whose)) confirm(counts, key, atMs)
  for (const each of demoted) demote(counts, keyOf(each), atMs, each.confirmed)
  for (const each of restored) {
    const last = counts.scopes.get(keyOf(each))?.demotions.at(-1)
    if (last !== undefined) settle(counts, each.scope, last, 'false')
  }
  granted.forEach((each, index) => grant(counts, keyOf(each), { level: each.level, atMs, seenMs: firstSeenMs[index] ?? null }))
}

function reportSince(counts: Counts, sinceMs: number, nowMs: number): ReturnType<TrustFold['report']> {
  for (const [key, known] of counts.scopes) expire(counts, scopeIn(key), known, nowMs)
  const from = Math.floor(sinceMs / DAY_MS)
  const sums = [...counts.days].flatMap(([scope, byDay]) => {
    const counted = [...byDay].filter(([day]) => Number(day) >= from).map(([, day]) => day)
    return counted.length === 0 ? [] : [{ scope, day: counted.reduce(addDays, newTrustDay()) }]
  })
  return {
    all: scopeReport(ALL_SCOPES, sums.map(({ day }) => day).reduce(addDays, newTrustDay())),
    scopes: sums.map(({ scope, day }) => scopeReport(scope, day)).sort((a, b) => byCodeUnit(a.scope, b.scope)),
  }
}

function forgetDays({ days }: Counts, beforeMs: number): void {
  const before = Math.floor(beforeMs / DAY_MS)
  for (const [scope, byDay] of days) {
    for (const day of byDay.keys()) if (Number(day) < before) byDay.delete(day)
    if (byDay.size === 0) days.delete(scope)
  }
}

function dayOf({ days }: Counts, scope: string, atMs: number): TrustDay {
  const name = days.has(scope) || days.size < REPORTED_SCOPES_MAX ? scope : OTHER_SCOPES
  const byDay = days.get(name) ?? new Map<string, TrustDay>()
  days.set(name, byDay)
  const key = String(Math.floor(atMs / DAY_MS))
  const day = byDay.get(key) ?? newTrustDay()
  byDay.set(key, day)
  return day
}

function scopeAt({ scopes }: Counts, key: string): Scope {
  const known = scopes.get(key) ?? { reached: [], demotions: [] }
  scopes.set(key, known)
  return known
}

/** Judges a demotion; one that was judged before can only be found to be false. */
function settle(counts: Counts, scope: string, demotion: Scope['demotions'][number], fate: 'confirmed' | 'false'): void {
  if (demotion.fate === fate || demotion.fate === 'false') return
  const day = dayOf(counts, scope, demotion.at_ms)
  if (demotion.fate === 'confirmed') day.confirmed_demotions -= 1
  if (fate === 'false') day.false_demotions += 1
  else day.confirmed_demotions += 1
  demotion.fate = fate
}

/** What waited too long was a false one. */
function expire(counts: Counts, scope: string, { demotions }: Scope, nowMs: number): void {
  for (const demotion of demotions)
    if (demotion.fate === 'waiting' && nowMs - demotion.at_ms > CONFIRM_DAYS * DAY_MS) settle(counts, scope, demotion, 'false')
}

function confirm(counts: Counts, key: string, atMs: number): void {
  const known = counts.scopes.get(key)
  if (known === undefined) return
  const scope = scopeIn(key)
  expire(counts, scope, known, atMs)
  for (const demotion of known.demotions) if (demotion.fate === 'waiting') settle(counts, scope, demotion, 'confirmed')
}

function demote(counts: Counts, key: string, atMs: number, confirmed: boolean): void {
  const scope = scopeIn(key)
  const known = scopeAt(counts, key)
  expire(counts, scope, known, atMs)
  const demotion = { at_ms: atMs, fate: 'waiting' as const }
  known.demotions = [...known.demotions.slice(1 - WAITING_MAX), demotion]
  dayOf(counts, scope, atMs).demotions += 1
  if (confirmed) settle(counts, scope, demotion, 'confirmed')
}

type Grant = { readonly level: Level; readonly atMs: number; readonly seenMs: number | null }

function grant(counts: Counts, key: string, { level, atMs, seenMs }: Grant): void {
  const day = dayOf(counts, scopeIn(key), atMs)
  day.promotions += 1
  if (level !== 3 && level !== 4) return
  const known = scopeAt(counts, key)
  if (known.reached.includes(level)) return
  known.reached = [...known.reached, level]
  const samples = day.autonomy_ms[level]
  if (seenMs !== null && seenMs <= atMs && samples.length < SAMPLES_MAX) samples.push(atMs - seenMs)
}

/** The key of one scope of an agent, or those of all its known scopes. */
function keysOf({ scopes }: Counts, whose: Whose): readonly string[] {
  if (whose.scope !== AGENT_WIDE) return [keyOf(whose)]
  const prefix = keyOf({ ...whose, scope: '' })
  return [...scopes.keys()].filter((key) => key.startsWith(prefix))
}

type Whose = { readonly tenant: string; readonly agent: string; readonly scope: string }

function keyOf({ tenant, agent, scope }: Whose): string {
  return `${encodeURIComponent(tenant)}/${encodeURIComponent(agent)}/${scope}`
}

function scopeIn(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}
