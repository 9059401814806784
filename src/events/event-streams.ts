import { setTimeout as pause } from 'node:timers/promises'

import { shownName, authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { giveWay } from '../access/give-way.ts'
import { ServiceError } from '../format/error.ts'
import { type LimitName, overLimit } from '../format/limit.ts'
import type { EventStretch } from './event-feed.ts'
import type { Event } from './event.ts'
import type { LogPosition } from './log-position.ts'
import { createMutex, type Mutex } from './mutex.ts'
import { SECOND_MS } from '../format/time.ts'
import { HOUR_MS } from '../format/time.ts'

/** Most streams that one process serves, and one credential has, at a time. */
const STREAMS_MAX = 512
export const STREAMS_PER_CREDENTIAL_MAX = 32
/** Records that a stream may be behind where they have to be looked through one by one; further behind, it is told to begin anew. */
export const RESUME_RECORDS_MAX = 50_000
/** Looking through old records takes at most one part in this many of the time, of all streams together. */
const SCAN_SHARE = 4

/** What is streamed: everything after which an answer that somebody keeps may be too high, or too low. */
const STREAMED_TYPES = /^(?:agent|containment|incident|hold|session|reservation)\./u

/**
 * One piece of a stream. `id` says how far the stream has got: after it nothing is told twice and nothing is missing. It is the state
 * version, and `.n` after it where n events of the next record were told already.
 */
export type StreamFrame =
  /** From here on everything is told. */
  | { readonly kind: 'ready'; readonly id: string; readonly state_version: number }
  /** What lies between what was asked for and here is not told: whoever keeps answers has to drop them all. */
  | { readonly kind: 'reset'; readonly id: string; readonly state_version: number }
  | { readonly kind: 'event'; readonly id: string; readonly state_version: number; readonly event: Event }
  | { readonly kind: 'beat'; readonly id: string }

/** What a stream tells, and from where on. */
export type StreamQuery = {
  /** An `id` or a `state_version`; the end of the log when absent. */
  readonly since?: string | undefined
  /** Only what concerns this agent. */
  readonly agent?: string | undefined
}

/** One stream. It ends when it is closed, when the server stops, and after `streamMsMax`. */
export type EventStream = { readonly frames: AsyncIterable<StreamFrame>; readonly close: () => void }

/** All streams of a process. */
export type EventStreams = {
  /** Throws `unauthenticated`, `forbidden`, `bad_request`, or `rate_limited` where there are too many. */
  readonly open: (caller: Caller, query: StreamQuery) => EventStream
  /** Ends every stream, and lets none begin. */
  readonly close: () => void
}

/** How fast streams work, ms. */
export type StreamPace = {
  /** How often the end of the log is looked at. */
  readonly pollMs: number
  /** A stream that had nothing to say for so long says that it is there. */
  readonly beatMs: number
  /** A stream ends after so long, and its credential is looked at again. */
  readonly streamMsMax: number
}

/** What the product runs with. */
const STREAM_PACE: StreamPace = { pollMs: 200, beatMs: 15 * SECOND_MS, streamMsMax: HOUR_MS }

/** What streams need: the length of the log, and its events from a leaf index on. */
export type EventStreamsDeps = {
  readonly size: () => number
  readonly read: (from: number) => Promise<EventStretch>
  readonly pace?: Partial<StreamPace>
}

type Deps = Omit<EventStreamsDeps, 'pace'> & { readonly pace: StreamPace; readonly reading: Mutex; readonly scanning: Mutex }

function tooMany(who: string, limit: LimitName, max: number): ServiceError {
  return new ServiceError(
    'rate_limited',
    `${overLimit(`with this one ${who} would have`, limit, { max, came: max + 1 })}, which is fixed`,
    {
      fix: 'close one',
    },
  )
}

/** Streams follow the log, each at its own place; none holds up another, or a decision. */
export function createEventStreams({ size, read, pace }: EventStreamsDeps): EventStreams {
  const deps: Deps = { size, read, pace: { ...STREAM_PACE, ...pace }, reading: createMutex(), scanning: createMutex() }
  const open = new Map<AbortController, string>()
  let closed = false
  return {
    open: (caller, query) => {
      authorize(caller, 'read_trust')
      refuseOtherAgents(caller, query.agent)
      const start = query.since === undefined ? undefined : positionOf(query.since)
      if (closed) throw new ServiceError('not_ready', 'the server stops', { fix: 'ask again in a moment' })
      const who = JSON.stringify([caller.tenant, caller.credential])
      const own = [...open.values()].filter((each) => each === who).length
      if (own >= STREAMS_PER_CREDENTIAL_MAX)
        throw tooMany(`the credential "${shownName(caller)}"`, 'events.streams_per_credential_max', STREAMS_PER_CREDENTIAL_MAX)
      if (open.size >= STREAMS_MAX) throw tooMany('the server', 'events.streams_max', STREAMS_MAX)
      const stopping = new AbortController()
      open.set(stopping, who)
      const close = (): void => {
        open.delete(stopping)
        stopping.abort()
      }
      const only = { tenant: caller.tenant, agent: caller.agent ?? query.agent }
      return { frames: framesOf(deps, start, only, stopping.signal), close }
    },
    close: () => {
      closed = true
      for (const stopping of open.keys()) stopping.abort()
      open.clear()
    },
  }
}

function refuseOtherAgents(caller: Caller, agent: string | undefined): void {
  if (caller.agent !== undefined && agent !== undefined && agent !== caller.agent)
    throw new ServiceError('forbidden', `the credential "${shownName(caller)}" belongs to the agent "${caller.agent}"`, {
      fix: 'an agent may follow its own trust only',
    })
}

function positionOf(since: string): LogPosition {
  const [, leaf, event = '0'] = /^(\d{1,15})(?:\.(\d{1,6}))?$/u.exec(since) ?? []
  if (leaf === undefined)
    throw new ServiceError('bad_request', `"${since.slice(0, 64)}" is no place in the log`, {
      fix: 'send the last id of a stream, or the state_version of an answer',
    })
  return { leaf_index: Number(leaf), event: Number(event) }
}

function idOf({ leaf_index, event }: LogPosition): string {
  return event === 0 ? String(leaf_index) : `${leaf_index}.${event}`
}

type Only = { readonly tenant: string; readonly agent: string | undefined }

async function* framesOf(
  deps: Deps,
  start: LogPosition | undefined,
  only: Only,
  signal: AbortSignal,
): AsyncGenerator<StreamFrame> {
  const { size, pace } = deps
  const beganMs = performance.now()
  let sentAtMs = beganMs
  let behind = false
  const end = (): LogPosition => ({ leaf_index: size(), event: 0 })
  let position = start ?? end()
  const isBeyond = position.leaf_index > size()
  if (isBeyond) position = end()
  const ready = (kind: 'ready' | 'reset'): StreamFrame => ({
    kind,
    id: idOf(position),
    state_version: position.leaf_index,
  })
  yield ready(isBeyond ? 'reset' : 'ready')
  while (!signal.aborted && performance.now() - beganMs < pace.streamMsMax) {
    const stretch = await readNext(deps, position, behind, signal)
    behind = stretch.scanned
    if (behind && size() - position.leaf_index > RESUME_RECORDS_MAX) {
      position = end()
      yield ready('reset')
      continue
    }
    for (const frame of framesIn(stretch, position, only)) {
      yield frame
      sentAtMs = performance.now()
    }
    if (stretch.next > position.leaf_index) position = { leaf_index: stretch.next, event: 0 }
    if (performance.now() - sentAtMs >= pace.beatMs) {
      yield { kind: 'beat', id: idOf(position) }
      sentAtMs = performance.now()
    }
    if (position.leaf_index >= size()) await sleep(pace.pollMs, signal)
  }
}

/** Those that are far behind look through the log one after the other, and leave most of the time to others. */
async function readNext(
  { size, read, reading, scanning }: Deps,
  from: LogPosition,
  behind: boolean,
  signal: AbortSignal,
): Promise<EventStretch> {
  if (!behind) {
    if (from.leaf_index >= size()) return read(from.leaf_index)
    // However many streams catch up, they read one after the other, and let decisions pass.
    return reading.run(async () => {
      await giveWay()
      return read(from.leaf_index)
    })
  }
  return scanning.run(async () => {
    const sinceMs = performance.now()
    const stretch = await read(from.leaf_index)
    await sleep((performance.now() - sinceMs) * (SCAN_SHARE - 1), signal)
    return stretch
  })
}

function framesIn({ events }: EventStretch, position: LogPosition, only: Only): readonly StreamFrame[] {
  return events.flatMap(({ tenant, event, at }, index): readonly StreamFrame[] => {
    if (at.leaf_index === position.leaf_index && at.event < position.event) return []
    if (tenant !== only.tenant || !STREAMED_TYPES.test(event.type) || !concerns(event, only.agent)) return []
    const isLast = events[index + 1]?.at.leaf_index !== at.leaf_index
    const after = isLast ? { leaf_index: at.leaf_index + 1, event: 0 } : { leaf_index: at.leaf_index, event: at.event + 1 }
    return [{ kind: 'event', id: idOf(after), state_version: at.leaf_index + 1, event }]
  })
}

/** What names no agent concerns all of them. */
function concerns({ data }: Event, agent: string | undefined): boolean {
  const named = data['agent'] ?? null
  return agent === undefined || named === null || named === agent
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal, ref: false }).catch(() => undefined)
}
