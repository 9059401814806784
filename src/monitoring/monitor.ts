import { setTimeout as pause, setImmediate as yieldTurn } from 'node:timers/promises'

import { errorLine } from '../format/error.ts'
import { DAY_MS, MINUTE_MS } from '../format/time.ts'
import type { Store } from '../ledger/store.ts'
import type { Observer } from '../model/observation.ts'
import { createRuleFold, type Raised, type RuleFold } from '../reports/monitoring/rule-fold.ts'
import type { MonitoringRule } from '../reports/monitoring/settings.ts'
import { createTrustFold, type TrustFold } from '../reports/trust-report/fold.ts'
import { trustGauges } from '../reports/trust-report/gauges.ts'
import { firstSeenMs } from '../reports/trust-report/sighting.ts'
import { surveyTrust } from '../reports/trust-report/survey.ts'
import type { MonitorState, StateFile } from './state-file.ts'
import { type Seen, seenIn, type Tail } from './tail.ts'

/** Days that the gauges look back. */
export const GAUGE_DAYS = 30
/** Records of the log that are looked through at a time, and the part of the time that it takes at most, one in so many. */
const SCAN_RECORDS = 50
const SCAN_SHARE = 4
/** Further behind, the gauges stay as they are. */
const BEHIND_MAX = 1_000

/** How fast a monitor works, ms. */
export type MonitorPace = {
  /** How often the end of the log is looked at. */
  readonly pollMs: number
  /** How often what is counted is kept. */
  readonly saveMs: number
  /** How often the gauges are made anew. */
  readonly gaugesMs: number
}

/** What the product runs with. */
export const MONITOR_PACE: MonitorPace = { pollMs: 500, saveMs: 15_000, gaugesMs: MINUTE_MS }

/** What a monitor needs. */
export type MonitorOptions = {
  readonly tail: Tail
  readonly rules: readonly MonitoringRule[]
  readonly file: StateFile
  /** Writes an alert to the log unless it is there. */
  readonly raise: (raised: Raised) => Promise<boolean>
  readonly nowMs: () => number
  readonly observe: Observer
  readonly warn: (line: string) => void
  readonly pace?: Partial<MonitorPace>
}

/** A monitor that follows the log. */
export type Monitor = {
  readonly start: () => void
  /** Takes in what is written and keeps what it counts. The store is open until then. */
  readonly stop: () => Promise<void>
  /** Takes in everything written until now, raises what there is to raise, and makes the gauges anew. */
  readonly catchUp: () => Promise<void>
}

type Folds = { leafIndex: number; readonly rulesFrom: number; readonly rules: RuleFold; readonly trust: TrustFold }

/**
 * Follows the log: counts what rules watch and what reports on trust need. State is kept with the place that it belongs to, and an alert
 * has the same name each time the same records give it, so that a restart neither forgets nor repeats one.
 */
export async function openMonitor(options: MonitorOptions): Promise<Monitor> {
  const { tail, rules, file, raise, nowMs, observe, warn } = options
  const { store } = tail
  const pace = { ...MONITOR_PACE, ...options.pace }
  const stopping = new AbortController()
  const folds = foldsOf(rules, usable(await file.load(), store, warn), store.size(), nowMs())
  let waiting: readonly Raised[] = []
  let savedAt = folds.leafIndex
  let savedMs = performance.now()
  let shownMs = -Infinity
  let failures = 0
  let running: Promise<void> = Promise.resolve()

  const sleep = (ms: number): Promise<void> =>
    pause(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
  const takeIn = async (seen: Seen): Promise<void> => {
    if (seen.leafIndex !== folds.leafIndex) return
    if (seen.trust !== undefined) {
      const first = await Promise.all(seen.trust.granted.map(({ tenant, agent }) => firstSeenMs(store, tenant, agent)))
      folds.trust.add(seen.trust, first)
    }
    if (seen.leafIndex >= folds.rulesFrom) waiting = [...waiting, ...folds.rules.add(seen)]
    folds.leafIndex += 1
  }
  const raiseAll = async (): Promise<void> => {
    for (const raised of waiting) {
      await raise(raised)
      waiting = waiting.slice(1)
    }
  }
  /** One stretch of the log. True: it had to be read, which costs. */
  const step = async (): Promise<boolean> => {
    const taken = tail.take(folds.leafIndex)
    const page =
      taken ??
      (await store.query({ from: folds.leafIndex, limit: SCAN_RECORDS })).map(({ record, leafIndex }) =>
        seenIn(record, leafIndex, rules),
      )
    for (const seen of page) await takeIn(seen)
    await raiseAll()
    return taken === undefined
  }
  const tick = async (): Promise<void> => {
    if (folds.leafIndex < store.size()) return
    waiting = [...waiting, ...folds.rules.tick(nowMs())]
    await raiseAll()
  }
  const save = async (): Promise<void> => {
    savedMs = performance.now()
    if (savedAt === folds.leafIndex || waiting.length > 0) return
    folds.trust.forget(nowMs() - (GAUGE_DAYS + 1) * DAY_MS)
    await file.save(stateOf(folds))
    savedAt = folds.leafIndex
  }
  const show = async (): Promise<void> => {
    observe({ kind: 'monitoring_lag', records: store.size() - folds.leafIndex })
    // Until nearly everything is counted, half of it would look like an answer.
    if (store.size() - folds.leafIndex > BEHIND_MAX) return
    shownMs = performance.now()
    const now = nowMs()
    const stands = await surveyTrust(store, now, () => yieldTurn())
    observe({ kind: 'trust_gauges', scopes: trustGauges(folds.trust.report(now - GAUGE_DAYS * DAY_MS, now), stands) })
  }
  const round = async (): Promise<void> => {
    const sinceMs = performance.now()
    const scanned = await step()
    if (scanned) await sleep((performance.now() - sinceMs) * (SCAN_SHARE - 1))
    await tick()
    if (performance.now() - savedMs >= pace.saveMs) await save()
    if (performance.now() - shownMs >= pace.gaugesMs) await show()
  }
  const follow = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await round()
        failures = 0
      } catch (error) {
        failures += 1
        if (failures === 1) warn(`monitoring: ${errorLine(error)}; it is tried again until it succeeds`)
        await sleep(pace.pollMs * Math.min(failures, 20))
      }
      if (folds.leafIndex >= store.size()) await sleep(pace.pollMs)
    }
  }
  const catchUp = async (): Promise<void> => {
    while (folds.leafIndex < store.size()) await step()
    await tick()
    await show()
  }
  return {
    start: () => {
      running = follow()
    },
    stop: async () => {
      stopping.abort()
      await running
      try {
        if (store.fenced() === undefined) await step()
        await save()
      } catch (error) {
        warn(`monitoring: what it counts cannot be kept, so some of the log is read again: ${errorLine(error)}`)
      }
    },
    catchUp,
  }
}

/** What is kept, unless it is of a log that was longer. */
function usable(kept: MonitorState | undefined, store: Store, warn: (line: string) => void): MonitorState | undefined {
  if (kept === undefined || kept.leaf_index <= store.size()) return kept
  warn(`monitoring: it got to record ${kept.leaf_index} of a log that ends at ${store.size()}, so the log is read again`)
  return undefined
}

/** Rules look at what is written from now on; reports on trust at all that ever was. */
function foldsOf(rules: readonly MonitoringRule[], kept: MonitorState | undefined, size: number, nowMs: number): Folds {
  return {
    leafIndex: kept?.leaf_index ?? 0,
    rulesFrom: kept?.rules_from ?? size,
    rules: createRuleFold(rules, kept?.rules ?? {}, nowMs),
    trust: createTrustFold(kept?.trust),
  }
}

function stateOf({ leafIndex, rulesFrom, rules, trust }: Folds): MonitorState {
  return { v: 1, leaf_index: leafIndex, rules_from: rulesFrom, rules: rules.state(), trust: trust.state() }
}
