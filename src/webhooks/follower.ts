import { setTimeout as pause } from 'node:timers/promises'

import { errorLine } from '../format/error.ts'
import type { Store } from '../ledger/store.ts'
import type { Observer } from '../model/observation.ts'
import type { Appends } from './appends.ts'
import type { Cursor, Position } from './cursor.ts'
import { readEvents, type Stretch, type QueuedEvent } from './feed.ts'
import { backOffMs, type Pace } from './pace.ts'
import { postEvent } from './post.ts'
import type { Webhook } from './settings.ts'

/** Looking through the log takes at most one part in this many of the time. */
const SCAN_SHARE = 4

/** What a follower needs. */
export type FollowerDeps = {
  readonly store: Store
  readonly appends: Appends | undefined
  readonly fetch: typeof fetch
  readonly nowMs: () => number
  readonly random: () => number
  readonly observe: Observer
  readonly warn: (line: string) => void
  readonly pace: Pace
}

/** One webhook following the log. */
export type Follower = {
  readonly start: () => void
  /** Sends what is written, without waiting for a receiver that fails; resolves when nothing is under way any more. */
  readonly stop: () => Promise<void>
  /** Records between the position and the end of the log. */
  readonly lag: () => number
}

/** Goes through the log in order, sending every event of the webhook until it is delivered; the position is kept after each. */
export async function openFollower(
  webhook: Webhook,
  keys: readonly Uint8Array[],
  cursor: Cursor,
  deps: FollowerDeps,
): Promise<Follower> {
  const { store, pace } = deps
  const name = `webhook "${webhook.id}"`
  const stopping = new AbortController()
  const over = new AbortController()
  let position = await startOf(webhook.id, cursor, deps)
  let savedAtMs = performance.now()
  let saved = position
  let failures = 0
  let unsaved = false
  let running: Promise<void> = Promise.resolve()

  const sleep = (ms: number): Promise<void> =>
    pause(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
  const save = async (): Promise<void> => {
    savedAtMs = performance.now()
    if (saved === position) return
    try {
      await cursor.save(position)
      saved = position
      unsaved = false
    } catch (error) {
      if (!unsaved) deps.warn(`${name}: how far it got cannot be kept, so a restart sends some events again: ${errorLine(error)}`)
      unsaved = true
    }
  }
  /** One failure: told once until something succeeds again, and waited for. False: there is no time left to wait. */
  const failed = async (what: string): Promise<boolean> => {
    if (over.signal.aborted) return false
    failures += 1
    if (failures === 1) deps.warn(`${name}: ${what}; it is tried again until it succeeds`)
    if (stopping.signal.aborted) return false
    await sleep(backOffMs(failures, deps.random, pace))
    return !stopping.signal.aborted
  }
  const succeeded = (): void => {
    if (failures > 0) deps.warn(`${name}: goes on after ${failures} failed ${failures === 1 ? 'attempt' : 'attempts'}`)
    failures = 0
  }
  const deliver = async (told: QueuedEvent): Promise<boolean> => {
    for (;;) {
      const posting = await postEvent(webhook, keys, told, { ...deps, signal: over.signal })
      deps.observe({ kind: 'webhook', webhook: webhook.id, posting: posting.kind })
      if (posting.kind === 'delivered') {
        succeeded()
        return true
      }
      if (posting.kind === 'gone') {
        deps.warn(
          `${name}: its receiver is gone (410), so nothing is sent until gradus is started again; remove the webhook or mend its "url"`,
        )
        return false
      }
      if (!(await failed(`${told.event.type} is not delivered: ${posting.why}`))) return false
    }
  }
  const read = async (): Promise<Stretch | undefined> => {
    for (;;) {
      try {
        const stretch = await readEvents(store, deps.appends, position.leaf_index)
        succeeded()
        return stretch
      } catch (error) {
        if (!(await failed(`the log cannot be read: ${errorLine(error)}`))) return undefined
      }
    }
  }
  const sendAll = async (told: readonly QueuedEvent[]): Promise<boolean> => {
    for (const each of told) {
      if (isBefore(each.at, position) || !isWanted(webhook, each)) continue
      if (!(await deliver(each))) return false
      position = { leaf_index: each.at.leaf_index, event: each.at.event + 1 }
      await save()
    }
    return true
  }
  const follow = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const sinceMs = performance.now()
      const stretch = await read()
      if (stretch === undefined) return
      const readMs = performance.now() - sinceMs
      if (!(await sendAll(stretch.told))) return
      if (stretch.next > position.leaf_index) position = { leaf_index: stretch.next, event: 0 }
      if (performance.now() - savedAtMs >= pace.saveMs) await save()
      if (stretch.scanned) await sleep(readMs * (SCAN_SHARE - 1))
      if (position.leaf_index < store.size()) continue
      if (stopping.signal.aborted) return
      await sleep(pace.pollMs)
    }
  }
  return {
    start: () => {
      running = follow().catch((error: unknown) => deps.warn(`${name}: stopped by a bug: ${errorLine(error)}`))
    },
    stop: async () => {
      stopping.abort()
      const deadline = setTimeout(() => over.abort(), pace.drainMsMax)
      await running
      clearTimeout(deadline)
      await save()
    },
    lag: () => Math.max(0, store.size() - position.leaf_index),
  }
}

/** Where to go on: from the position kept; a new webhook, and one whose log was rolled back, from the end of the log. */
async function startOf(id: string, cursor: Cursor, { store, warn }: FollowerDeps): Promise<Position> {
  const end: Position = { leaf_index: store.size(), event: 0 }
  const kept = await cursor.load()
  if (kept !== undefined && kept.leaf_index <= end.leaf_index) return kept
  if (kept !== undefined)
    warn(`webhook "${id}": it got to record ${kept.leaf_index} of a log that ends at ${end.leaf_index}, so it goes on from there`)
  await cursor.save(end)
  return end
}

function isBefore(at: Position, position: Position): boolean {
  return at.leaf_index < position.leaf_index || (at.leaf_index === position.leaf_index && at.event < position.event)
}

function isWanted({ events, tenant }: Webhook, told: QueuedEvent): boolean {
  return (events === undefined || events.includes(told.event.type)) && (tenant === undefined || tenant === told.tenant)
}
