import { actorOf, authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { giveWay } from '../access/give-way.ts'
import { seenBy } from '../approvals/canaries.ts'
import { ServiceError } from '../format/error.ts'
import { overLimit } from '../format/limit.ts'
import { recordOf } from '../ledger/new-record.ts'
import { PAGE_RECORDS_MAX, type RecordQuery, type Store, type StoredRecord } from '../ledger/store.ts'
import type { ProofAnswer } from './wire.ts'

/** What reading the log needs from outside. */
export type AuditDeps = {
  readonly store: Store
  readonly nowMs: () => number
  readonly newId: () => string
  /** Writes a proof in the text form `c2sp.org/tlog-proof@v1`. */
  readonly formatProof: (proof: {
    readonly leafIndex: number
    readonly path: readonly string[]
    readonly checkpoint: string
  }) => string
}

/** Most bytes of records that one page holds, as JSON; a record that is larger by itself is a page of its own. */
export const PAGE_BYTES_MAX = 8_388_608
/** Records that are read at a time, so that large ones are counted before there are many in memory. */
const STEP_RECORDS = 16

/** A page of the log. */
export type RecordPage = {
  readonly records: readonly StoredRecord[]
  /** `from` of the next page; null: there are no more. */
  readonly next: number | null
}

/** A page of records of the caller's tenant. The read itself is recorded: who read, and with which query. */
export async function records(deps: AuditDeps, caller: Caller, query: RecordQuery): Promise<RecordPage> {
  authorize(caller, 'read_audit')
  if (!(query.limit >= 1 && query.limit <= PAGE_RECORDS_MAX)) {
    const why = overLimit('the query asks for', 'audit.page_records_max', { max: PAGE_RECORDS_MAX, came: query.limit })
    const place = { pointer: '/limit' }
    const fix = `ask for 1 to ${PAGE_RECORDS_MAX} records`
    throw new ServiceError('bad_request', query.limit > PAGE_RECORDS_MAX ? why : `limit must be at least 1`, { place, fix })
  }
  const found = await seen(deps, caller, query)
  await noteRead(deps, caller, { verb: 'read_records', query, found: found.records.length })
  return found
}

/** A page of records that the caller may see: as many as asked for, or as fit; hidden records are replaced by later ones. */
async function seen({ store }: AuditDeps, caller: Caller, query: RecordQuery): Promise<RecordPage> {
  const { limit, newestFirst = false } = query
  const found: StoredRecord[] = []
  let bytes = 0
  for (let { from } = query; ;) {
    const asked = Math.min(STEP_RECORDS, limit - found.length)
    const step = await store.query({
      ...query,
      ...(from === undefined ? {} : { from }),
      tenant: caller.tenant,
      limit: asked,
    })
    for (const stored of step) {
      const visible = seenBy(caller, stored)
      if (visible !== undefined) {
        bytes += Buffer.byteLength(JSON.stringify(visible.record))
        if (bytes > PAGE_BYTES_MAX && found.length > 0)
          return { records: found, next: newestFirst ? stored.leafIndex + 1 : stored.leafIndex }
        found.push(visible)
      }
      from = stored.leafIndex + (newestFirst ? 0 : 1)
    }
    if (step.length < asked) return { records: found, next: null }
    if (found.length >= limit) return { records: found, next: from ?? null }
    // A step is too small for the store to let others have their turn within it.
    await giveWay()
  }
}

/** One record of the caller's tenant. */
export async function record(deps: AuditDeps, caller: Caller, id: string): Promise<StoredRecord> {
  authorize(caller, 'read_audit')
  const found = await find(deps, caller, id)
  await noteRead(deps, caller, { verb: 'read_record', record: id })
  return found
}

/** The inclusion proof of a record, under a signed tree head. */
export async function proof(deps: AuditDeps, caller: Caller, id: string): Promise<ProofAnswer> {
  authorize(caller, 'read_audit')
  const { leafIndex } = await find(deps, caller, id)
  const found = await deps.store.proof(leafIndex)
  if (found === undefined)
    throw new ServiceError('not_ready', `record "${id}" is not under a signed tree head yet`, { fix: 'ask again in a moment' })
  return { record_id: id, leaf_index: leafIndex, leaf_hash: found.leafHash, proof: deps.formatProof(found) }
}

/** The newest signed tree head. */
export async function checkpoint(deps: AuditDeps, caller: Caller): Promise<string> {
  authorize(caller, 'read_audit')
  return deps.store.checkpoint()
}

async function find(deps: AuditDeps, caller: Caller, id: string): Promise<StoredRecord> {
  const stored = await deps.store.read([], (view) => view.record(caller.tenant, id))
  const found = stored === undefined ? undefined : seenBy(caller, stored)
  if (found === undefined) throw new ServiceError('not_found', `there is no record "${id}"`, { fix: 'query the log for ids' })
  return found
}

/** Records that the log was read: by whom, and what of it. */
export async function noteRead(
  deps: Pick<AuditDeps, 'store' | 'nowMs' | 'newId'>,
  caller: Caller,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  const entry = recordOf({
    kind: 'operator',
    id: deps.newId(),
    caller,
    atMs: deps.nowMs(),
    body: { verb: 'read_audit', by: actorOf(caller), detail },
    effects: [],
  })
  await deps.store.transact([], (transaction) => transaction.append({ record: entry }))
}
