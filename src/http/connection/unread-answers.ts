import type { ServerResponse } from 'node:http'

import { SECOND_MS } from '../../format/time.ts'
import { createByteBudget } from './byte-budget.ts'

/** What a reader takes at least of a large answer, bytes in each second, once its time for any answer is over. */
export const READ_BYTES_PER_SECOND_MIN = 16_384

/** How much of what was answered may wait for its readers. */
export type UnreadLimits = { readonly unread_bytes_max: number; readonly unread_seconds_max: number }

/** Looks after an answer that was written whole, until its reader has taken it; `source`: who reads it. */
export type WatchUnread = (response: ServerResponse, source: string) => void

/**
 * Cuts the connection of who does not take an answer in time, or leaves more unread than there is room for. What the operating system
 * takes at once, as nearly every answer, costs nothing here.
 */
export function createWatchUnread({ unread_bytes_max, unread_seconds_max }: UnreadLimits): WatchUnread {
  const budget = createByteBudget(unread_bytes_max)
  return (response, source) => {
    const { socket } = response
    const bytes = socket?.writableLength ?? 0
    if (socket === null || bytes === 0) return
    if (!budget.take(source, bytes)) return void socket.destroy()
    const seconds = unread_seconds_max + bytes / READ_BYTES_PER_SECOND_MIN
    const timer = setTimeout(() => socket.destroy(), seconds * SECOND_MS).unref()
    response.once('close', () => {
      clearTimeout(timer)
      budget.give(source, bytes)
    })
  }
}
