import type { StoredRecord } from '../ledger/store.ts'

/** Gives the records up to a time. Times may only increase from call to call. */
export type Timeline = { readonly until: (atMs: number) => AsyncIterable<StoredRecord> }

/** Reads a log on demand, one record ahead. */
export function createTimeline(records: AsyncIterable<StoredRecord> | undefined): Timeline {
  const iterator = records?.[Symbol.asyncIterator]()
  let ahead: StoredRecord | undefined
  return {
    until: async function* (atMs) {
      for (;;) {
        ahead ??= (await iterator?.next())?.value as StoredRecord | undefined
        if (ahead === undefined || Date.parse(ahead.record.at) > atMs) return
        yield ahead
        ahead = undefined
      }
    },
  }
}
