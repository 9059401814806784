import type { ServerResponse } from 'node:http'

import { SECOND_MS } from '../../format/time.ts'
import { createByteBudget } from './byte-budget.ts'
import type { Cut, CutLimit } from './cut.ts'

/** What a reader takes at least of a large answer, bytes in each second, once its time for any answer is over. */
const READ_BYTES_PER_SECOND_MIN = 16_384

/** How much of what was answered may wait for its readers. */
export type UnreadLimits = { readonly unread_bytes_max: number; readonly unread_seconds_max: number }

/** Looks after an answer that was written whole, until its reader has taken it; `source`: who reads it. */
export type WatchUnread = (response: ServerResponse, source: string) => void

/**
 * Cuts the connection of who does not take an answer in time, or leaves more unread than there is room for. What the operating system
 * takes at once, as nearly every answer, costs nothing here.
 */
export function createWatchUnread({ unread_bytes_max, unread_seconds_max }: UnreadLimits, cut: Cut): WatchUnread {
  const budget = createByteBudget(unread_bytes_max)
  return (response, source) => {
    const { socket } = response
    const bytes = socket?.writableLength ?? 0
    if (socket === null || bytes === 0) return
    const cutFor = (limit: CutLimit): void => {
      socket.destroy()
      cut(limit)
    }
    if (!budget.take(source, bytes)) {
      cutFor('http.unread_bytes_max')
      return
    }
    const seconds = unread_seconds_max + bytes / READ_BYTES_PER_SECOND_MIN
    const timer = setTimeout(() => cutFor('http.unread_seconds_max'), seconds * SECOND_MS).unref()
    response.once('close', () => {
      clearTimeout(timer)
      budget.give(source, bytes)
    })
  }
}
