import type { StoredRecord } from '../ledger/store.ts'

/** Records in the order of the log, up to a time that only moves forward. */
export type Timeline = { readonly until: (atMs: number) => AsyncIterable<StoredRecord> }

/** Reads a log as far as it is asked for, one record ahead. */
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
