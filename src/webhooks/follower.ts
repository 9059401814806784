import { setTimeout as pause } from 'node:timers/promises'

import { type EventStretch, type QueuedEvent, readEvents } from '../events/event-feed.ts'
import type { EventIndex } from '../events/event-index.ts'
import { isBefore, type LogPosition } from '../events/log-position.ts'
import { errorLine } from '../format/error.ts'
import type { Store } from '../ledger/store.ts'
import type { Observer } from '../model/observation.ts'
import type { Cursor } from './cursor.ts'
import { postEvent } from './post.ts'
import { backOffMs, type Pace } from './retry-pace.ts'
import type { Webhook } from './settings.ts'

/** Reading through the log takes at most one part in this many of the time, so that decisions are not slowed down. */
const SCAN_SHARE = 4

/** What a follower needs. */
export type FollowerDeps = {
  readonly store: Store
  readonly index: EventIndex | undefined
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
  /** Sends pending events without retries; resolves when no request is under way. */
  readonly stop: () => Promise<void>
  /** Records between the position and the end of the log. */
  readonly lag: () => number
}

/** The state of one follower. */
type Following = FollowerDeps & {
  readonly webhook: Webhook
  readonly keys: readonly Uint8Array[]
  readonly cursor: Cursor
  /** The name in warnings. */
  readonly name: string
  /** Aborted: the follower stops, and retries and pauses end. */
  readonly stopping: AbortController
  /** Aborted: the time limit of the stop is over, and requests under way end too. */
  readonly cutOff: AbortController
  position: LogPosition
  savedPosition: LogPosition
  savedAtMs: number
  /** Failures in a row, of the receiver or of reading the log. */
  failures: number
  /** True: saving the position failed, and a warning was given. */
  isUnsaved: boolean
}

/** Opens a follower: it sends every event of the webhook in the order of the log, and saves the position after each delivery. */
export async function openFollower(
  webhook: Webhook,
  keys: readonly Uint8Array[],
  cursor: Cursor,
  deps: FollowerDeps,
): Promise<Follower> {
  const position = await startPosition(webhook.id, cursor, deps)
  const following: Following = {
    ...deps,
    webhook,
    keys,
    cursor,
    name: `webhook "${webhook.id}"`,
    stopping: new AbortController(),
    cutOff: new AbortController(),
    position,
    savedPosition: position,
    savedAtMs: performance.now(),
    failures: 0,
    isUnsaved: false,
  }
  let running: Promise<void> = Promise.resolve()
  return {
    start: () => {
      running = follow(following).catch((error: unknown) => deps.warn(`${following.name}: stopped by a bug: ${errorLine(error)}`))
    },
    stop: async () => {
      following.stopping.abort()
      const deadline = setTimeout(() => following.cutOff.abort(), deps.pace.drainMsMax)
      await running
      clearTimeout(deadline)
      await savePosition(following)
    },
    lag: () => Math.max(0, deps.store.size() - following.position.leaf_index),
  }
}

/** The saved position; the end of the log for a new webhook, and for one whose log was rolled back. */
async function startPosition(id: string, cursor: Cursor, { store, warn }: FollowerDeps): Promise<LogPosition> {
  const end: LogPosition = { leaf_index: store.size(), event: 0 }
  const kept = await cursor.load()
  if (kept !== undefined && kept.leaf_index <= end.leaf_index) return kept
  if (kept !== undefined)
    warn(`webhook "${id}": it got to record ${kept.leaf_index} of a log that ends at ${end.leaf_index}, so it goes on from there`)
  await cursor.save(end)
  return end
}

/** Reads, sends and waits, until it is stopped, the receiver is gone, or the time limit of the stop is over. */
async function follow(following: Following): Promise<void> {
  const { store, pace } = following
  while (!following.cutOff.signal.aborted) {
    const sinceMs = performance.now()
    const stretch = await readStretch(following)
    if (stretch === undefined) return
    const readMs = performance.now() - sinceMs
    if (!(await sendAll(following, stretch.events))) return
    if (stretch.next > following.position.leaf_index) following.position = { leaf_index: stretch.next, event: 0 }
    if (performance.now() - following.savedAtMs >= pace.saveMs) await savePosition(following)
    if (stretch.scanned) await sleep(following, readMs * (SCAN_SHARE - 1))
    if (following.position.leaf_index < store.size()) continue
    if (following.stopping.signal.aborted) return
    await sleep(following, pace.pollMs)
  }
}

/** The next stretch of the log, with retries; undefined if the follower is stopping. */
async function readStretch(following: Following): Promise<EventStretch | undefined> {
  for (;;) {
    try {
      const stretch = await readEvents(following.store, following.index, following.position.leaf_index)
      noteSuccess(following)
      return stretch
    } catch (error) {
      if (!(await waitAfterFailure(following, `the log cannot be read: ${errorLine(error)}`))) return undefined
    }
  }
}

/** False: the receiver is gone, or the follower is stopping. */
async function sendAll(following: Following, events: readonly QueuedEvent[]): Promise<boolean> {
  for (const queued of events) {
    if (isBefore(queued.at, following.position) || !isWanted(following.webhook, queued)) continue
    if (!(await deliver(following, queued))) return false
    following.position = { leaf_index: queued.at.leaf_index, event: queued.at.event + 1 }
    await savePosition(following)
  }
  return true
}

function isWanted({ events, tenant }: Webhook, queued: QueuedEvent): boolean {
  return (events === undefined || events.includes(queued.event.type)) && (tenant === undefined || tenant === queued.tenant)
}

/** Sends one event, with retries. False: the receiver is gone, or the follower is stopping. */
async function deliver(following: Following, queued: QueuedEvent): Promise<boolean> {
  const { webhook, keys, cutOff, observe, warn, name } = following
  for (;;) {
    const posting = await postEvent(webhook, keys, queued, { ...following, signal: cutOff.signal })
    observe({ kind: 'webhook', webhook: webhook.id, posting: posting.kind })
    if (posting.kind === 'delivered') {
      noteSuccess(following)
      return true
    }
    if (posting.kind === 'gone') {
      warn(
        `${name}: its receiver is gone (410), so nothing is sent until gradus is started again; remove the webhook or mend its "url"`,
      )
      return false
    }
    if (!(await waitAfterFailure(following, `${queued.event.type} is not delivered: ${posting.why}`))) return false
  }
}

/** Warns of the first failure in a row, and pauses. False: the follower is stopping. */
async function waitAfterFailure(following: Following, what: string): Promise<boolean> {
  const { cutOff, stopping, warn, name, random, pace } = following
  if (cutOff.signal.aborted) return false
  following.failures += 1
  if (following.failures === 1) warn(`${name}: ${what}; it is tried again until it succeeds`)
  if (stopping.signal.aborted) return false
  await sleep(following, backOffMs(following.failures, random, pace))
  return !stopping.signal.aborted
}

function noteSuccess(following: Following): void {
  const { failures, warn, name } = following
  if (failures > 0) warn(`${name}: goes on after ${failures} failed ${failures === 1 ? 'attempt' : 'attempts'}`)
  following.failures = 0
}

/** A position that cannot be saved does not stop delivery: after a restart some events are sent again. */
async function savePosition(following: Following): Promise<void> {
  const { position, cursor, warn, name } = following
  following.savedAtMs = performance.now()
  if (following.savedPosition === position) return
  try {
    await cursor.save(position)
    following.savedPosition = position
    following.isUnsaved = false
  } catch (error) {
    if (!following.isUnsaved)
      warn(`${name}: how far it got cannot be kept, so a restart sends some events again: ${errorLine(error)}`)
    following.isUnsaved = true
  }
}

/** Pauses; ends at once when the follower is stopped. */
function sleep({ stopping }: Following, ms: number): Promise<void> {
  return pause(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
}
