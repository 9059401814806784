import { RECORD_KINDS, type RecordKind } from '../../ledger/record.ts'
import type { RecordQuery, Store, StoredRecord } from '../../ledger/store.ts'
import type { Followed } from './moves.ts'

/** Records that are read at a time. */
const PAGE_RECORDS = 500

/** Records that may be about several agents: whoever delegated bears a part of a failure. */
const OF_A_TENANT: readonly RecordKind[] = RECORD_KINDS.filter((kind) => kind !== 'decision' && kind !== 'policy_set')

/** The part of a log that is read: leaf indexes, `end` exclusive. */
export type Span = { readonly from: number; readonly end: number }

/**
 * The records that can have moved the trust of one agent, in the order of the log: those of its tenant, of decisions only its own, and
 * every change of the constants.
 */
export async function* recordsOfTrust(
  store: Pick<Store, 'query'>,
  { tenant, agent }: Followed,
  span: Span,
): AsyncGenerator<StoredRecord> {
  const ways = [
    walk(store, { tenant, kinds: OF_A_TENANT }, span),
    walk(store, { tenant, kinds: ['decision'], agent }, span),
    walk(store, { kinds: ['policy_set'] }, span),
  ]
  const heads = await Promise.all(ways.map(async (way) => (await way.next()).value))
  for (;;) {
    const first = heads.reduce<number>((least, head, at) => (indexOf(head) < indexOf(heads[least]) ? at : least), 0)
    const head = heads[first]
    if (head === undefined) return
    yield head
    heads[first] = (await ways[first]?.next())?.value
  }
}

function indexOf(stored: StoredRecord | undefined): number {
  return stored?.leafIndex ?? Infinity
}

async function* walk(
  store: Pick<Store, 'query'>,
  query: Omit<RecordQuery, 'limit' | 'from'>,
  span: Span,
): AsyncGenerator<StoredRecord, undefined> {
  for (let { from } = span; from < span.end;) {
    const page = await store.query({ ...query, from, limit: PAGE_RECORDS })
    for (const stored of page) {
      if (stored.leafIndex >= span.end) return undefined
      yield stored
    }
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_RECORDS) return undefined
    from = last.leafIndex + 1
  }
  return undefined
}
