import { setImmediate as yieldTurn, setTimeout as pause } from 'node:timers/promises'

import { errorLine } from '../format/error.ts'
import { DAY_MS } from '../format/time.ts'
import type { Store } from '../ledger/store.ts'
import type { Observer } from '../model/observation.ts'
import { createRuleFold, type Raised, type RuleFold } from '../reports/monitoring/rule-fold.ts'
import type { MonitoringRule } from '../reports/monitoring/settings.ts'
import { trustGauges } from '../reports/trust-report/gauges.ts'
import { firstSeenMs } from '../reports/trust-report/sighting.ts'
import { surveyTrust } from '../reports/trust-report/survey.ts'
import { createTrustFold, type TrustFold } from '../reports/trust-report/trust-fold.ts'
import type { MonitorState, StateFile } from './state-file.ts'
import { type MonitoredRecord, monitoredRecord, type Tail } from './tail.ts'
import { MINUTE_MS } from '../format/time.ts'

/** Days that the gauges cover. */
const GAUGE_DAYS = 30
/** Records that are read at a time, and the share of the time that reading may take: one part in `SCAN_SHARE`. */
const SCAN_RECORDS = 50
const SCAN_SHARE = 4
/** The pause grows with the number of failures in a row, up to this number. */
const FAILURES_WAITED_MAX = 20
/** Gauges are not updated while more records than this are still to be counted. */
const BEHIND_MAX = 1_000

/** How fast a monitor works, ms. */
export type MonitorPace = {
  /** How often the monitor checks for new records. */
  readonly pollMs: number
  /** How often the state is saved. */
  readonly saveMs: number
  /** How often the gauges are updated. */
  readonly gaugesMs: number
}

/** The pace in production. */
const MONITOR_PACE: MonitorPace = { pollMs: 500, saveMs: 15_000, gaugesMs: MINUTE_MS }

/** What a monitor needs. */
export type MonitorOptions = {
  readonly tail: Tail
  readonly rules: readonly MonitoringRule[]
  readonly file: StateFile
  /** Writes an alert to the log unless it is there already. */
  readonly raise: (raised: Raised) => Promise<boolean>
  readonly nowMs: () => number
  readonly observe: Observer
  readonly warn: (line: string) => void
  readonly pace?: Partial<MonitorPace>
}

/** A monitor that follows the log. */
export type Monitor = {
  readonly start: () => void
  /** Counts the remaining records and saves the state. The store must stay open until then. */
  readonly stop: () => Promise<void>
  /** Counts everything written so far, raises due alerts, and updates the gauges. */
  readonly catchUp: () => Promise<void>
}

type Folds = { leafIndex: number; readonly rulesFrom: number; readonly rules: RuleFold; readonly trust: TrustFold }

/** The state of a running monitor. */
type Monitoring = Omit<MonitorOptions, 'pace'> & {
  readonly store: Store
  readonly pace: MonitorPace
  readonly stopping: AbortController
  readonly folds: Folds
  /** Alerts that are not written to the log yet. */
  waiting: readonly Raised[]
  /** Leaf index of the saved state. */
  savedAt: number
  savedMs: number
  gaugesUpdatedMs: number
  /** Rounds in a row that failed. */
  failures: number
}

/**
 * Opens a monitor: it follows the log and counts for rules and trust reports. State is saved together with its log position, and
 * the same records always give the same alert id, so that a restart neither loses nor repeats an alert.
 */
export async function openMonitor(options: MonitorOptions): Promise<Monitor> {
  const { rules, file, nowMs, warn } = options
  const { store } = options.tail
  const folds = foldsOf(rules, usable(await file.load(), store, warn), store.size(), nowMs())
  const monitoring: Monitoring = {
    ...options,
    store,
    pace: { ...MONITOR_PACE, ...options.pace },
    stopping: new AbortController(),
    folds,
    waiting: [],
    savedAt: folds.leafIndex,
    savedMs: performance.now(),
    gaugesUpdatedMs: -Infinity,
    failures: 0,
  }
  let running: Promise<void> = Promise.resolve()
  return {
    start: () => {
      running = follow(monitoring)
    },
    stop: async () => {
      monitoring.stopping.abort()
      await running
      await finish(monitoring)
    },
    catchUp: () => catchUp(monitoring),
  }
}

/** Runs rounds until it is stopped; warns of the first failure in a row only. */
async function follow(monitoring: Monitoring): Promise<void> {
  const { store, folds, pace, stopping, warn } = monitoring
  while (!stopping.signal.aborted) {
    try {
      await round(monitoring)
      monitoring.failures = 0
    } catch (error) {
      monitoring.failures += 1
      if (monitoring.failures === 1) warn(`monitoring: ${errorLine(error)}; it is tried again until it succeeds`)
      await sleep(monitoring, pace.pollMs * Math.min(monitoring.failures, FAILURES_WAITED_MAX))
    }
    if (folds.leafIndex >= store.size()) await sleep(monitoring, pace.pollMs)
  }
}

async function round(monitoring: Monitoring): Promise<void> {
  const { pace } = monitoring
  const sinceMs = performance.now()
  const scanned = await countStretch(monitoring)
  if (scanned) await sleep(monitoring, (performance.now() - sinceMs) * (SCAN_SHARE - 1))
  await raiseWhatIsDue(monitoring)
  if (performance.now() - monitoring.savedMs >= pace.saveMs) await save(monitoring)
  if (performance.now() - monitoring.gaugesUpdatedMs >= pace.gaugesMs) await updateGauges(monitoring)
}

async function catchUp(monitoring: Monitoring): Promise<void> {
  while (monitoring.folds.leafIndex < monitoring.store.size()) await countStretch(monitoring)
  await raiseWhatIsDue(monitoring)
  await updateGauges(monitoring)
}

/** Counts what is left and saves the state. Failures only warn, because the log can be read again. */
async function finish(monitoring: Monitoring): Promise<void> {
  try {
    if (monitoring.store.fenced() === undefined) await countStretch(monitoring)
    await save(monitoring)
  } catch (error) {
    monitoring.warn(`monitoring: what it counts cannot be kept, so some of the log is read again: ${errorLine(error)}`)
  }
}

/** Counts one stretch of the log. True: it was read from the store, which is slow. */
async function countStretch(monitoring: Monitoring): Promise<boolean> {
  const { tail, store, folds, rules } = monitoring
  const remembered = tail.drain(folds.leafIndex)
  const records =
    remembered ??
    (await store.query({ from: folds.leafIndex, limit: SCAN_RECORDS })).map(({ record, leafIndex }) =>
      monitoredRecord(record, leafIndex, rules),
    )
  for (const record of records) await count(monitoring, record)
  await raiseAll(monitoring)
  return remembered === undefined
}

async function count(monitoring: Monitoring, record: MonitoredRecord): Promise<void> {
  const { folds, store } = monitoring
  if (record.leafIndex !== folds.leafIndex) return
  if (record.trust !== undefined) {
    const first = await Promise.all(record.trust.granted.map(({ tenant, agent }) => firstSeenMs(store, tenant, agent)))
    folds.trust.add(record.trust, first)
  }
  if (record.leafIndex >= folds.rulesFrom) monitoring.waiting = [...monitoring.waiting, ...folds.rules.add(record)]
  folds.leafIndex += 1
}

/** Raises alerts of windows that ended. Only at the end of the log: an uncounted record could belong to such a window. */
async function raiseWhatIsDue(monitoring: Monitoring): Promise<void> {
  const { folds, store, nowMs } = monitoring
  if (folds.leafIndex < store.size()) return
  monitoring.waiting = [...monitoring.waiting, ...folds.rules.tick(nowMs())]
  await raiseAll(monitoring)
}

async function raiseAll(monitoring: Monitoring): Promise<void> {
  for (const raised of monitoring.waiting) {
    await monitoring.raise(raised)
    monitoring.waiting = monitoring.waiting.slice(1)
  }
}

/** Saves the state, unless an alert still waits: a restart would lose it. */
async function save(monitoring: Monitoring): Promise<void> {
  const { folds, file, nowMs } = monitoring
  monitoring.savedMs = performance.now()
  if (monitoring.savedAt === folds.leafIndex || monitoring.waiting.length > 0) return
  folds.trust.forget(nowMs() - (GAUGE_DAYS + 1) * DAY_MS)
  await file.save(stateOf(folds))
  monitoring.savedAt = folds.leafIndex
}

async function updateGauges(monitoring: Monitoring): Promise<void> {
  const { store, folds, nowMs, observe } = monitoring
  observe({ kind: 'monitoring_lag', records: store.size() - folds.leafIndex })
  // Gauges of a half-counted log would mislead.
  if (store.size() - folds.leafIndex > BEHIND_MAX) return
  monitoring.gaugesUpdatedMs = performance.now()
  const now = nowMs()
  const stands = await surveyTrust(store, now, () => yieldTurn())
  observe({ kind: 'trust_gauges', scopes: trustGauges(folds.trust.report(now - GAUGE_DAYS * DAY_MS, now), stands) })
}

/** Pauses; ends at once when the monitor is stopped. */
function sleep({ stopping }: Monitoring, ms: number): Promise<void> {
  return pause(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
}

/** The saved state; undefined if it is from a longer log, such as before a restore. */
function usable(kept: MonitorState | undefined, store: Store, warn: (line: string) => void): MonitorState | undefined {
  if (kept === undefined || kept.leaf_index <= store.size()) return kept
  warn(`monitoring: it got to record ${kept.leaf_index} of a log that ends at ${store.size()}, so the log is read again`)
  return undefined
}

/** Continues from the saved state. Without one, rules start at the end of the log, and trust reports at its beginning. */
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
