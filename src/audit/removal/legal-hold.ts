import { z } from 'zod'

import { ServiceError } from '../../format/error.ts'
import { overLimit } from '../../format/limit.ts'
import { type AuditRecord, RecordKind } from '../../ledger/record.ts'
import type { Store } from '../../ledger/store.ts'
import type { LegalHold, LegalHoldOrder, LegalHolds } from '../../reports/legal-holds.ts'
import { walkRecords } from '../walk-records.ts'
import { endRemovals, inRemovalOrder } from './end-removals.ts'
import { operatorRecord } from './operator-record.ts'

/** The `action` of the records that place and release a legal hold. */
export const HOLD_ACTION = 'audit.hold'
/** Legal holds of a tenant that are in force, at most. */
const LEGAL_HOLDS_MAX = 1_000

const HoldBody = z.discriminatedUnion('verb', [
  z.object({ verb: z.literal('hold'), kinds: z.array(RecordKind).min(1).nullable() }),
  z.object({ verb: z.literal('release'), hold: z.string() }),
])

/** The legal holds of a tenant that are in force, oldest first. */
export async function legalHolds(store: Pick<Store, 'query'>, tenant: string): Promise<readonly LegalHold[]> {
  let holds: ReadonlyMap<string, LegalHold> = new Map<string, LegalHold>()
  for await (const { record } of walkRecords(store, { tenant, kinds: ['operator'], action: HOLD_ACTION }))
    holds = changedHolds(holds, record)
  return [...holds.values()]
}

/** The holds of a tenant by id, after one more of its records. Throws for a record of a hold that is none. */
export function changedHolds(holds: ReadonlyMap<string, LegalHold>, record: AuditRecord): ReadonlyMap<string, LegalHold> {
  if (record.kind !== 'operator' || record.action !== HOLD_ACTION) return holds
  const { id, at, actor, body } = record
  const parsed = HoldBody.parse(body)
  const changed = new Map(holds)
  if (parsed.verb === 'hold') changed.set(id, { id, kinds: parsed.kinds, placedAt: at, placedBy: actor })
  else changed.delete(parsed.hold)
  return changed
}

/** Whether a hold keeps records of a kind. */
export function isKeptBy({ kinds }: LegalHold, kind: string): boolean {
  return kinds === null || kinds.some((each) => each === kind)
}

/** What of a store it takes to place a hold. */
export type LegalHoldStore = Pick<Store, 'query' | 'transact' | 'erase' | 'tenants'>

/**
 * Keeps records of these kinds of a tenant, or all of them, from being erased or expiring, until the hold is released. What the log said
 * before to be removed goes first. Rejects with `conflict` where the tenant has `LEGAL_HOLDS_MAX` in force.
 */
export function placeHold(store: LegalHoldStore, order: LegalHoldOrder, kinds: readonly RecordKind[] | null): Promise<void> {
  return inRemovalOrder(store, async () => {
    await endRemovals(store)
    const { length: came } = await legalHolds(store, order.tenant)
    if (came >= LEGAL_HOLDS_MAX) {
      const why = overLimit('The tenant has', 'audit.holds_max', { max: LEGAL_HOLDS_MAX, came })
      throw new ServiceError('conflict', why, { fix: 'release one that is over' })
    }
    await append(store, order, { verb: 'hold', kinds: kinds === null ? null : [...kinds] })
  })
}

/** Rejects with `conflict` where a hold of a tenant is in force, of records of a kind, or of any. */
export async function requireNoHold(store: Pick<Store, 'query'>, tenant: string, kind?: RecordKind): Promise<void> {
  const hold = (await legalHolds(store, tenant)).find((each) => kind === undefined || isKeptBy(each, kind))
  if (hold === undefined) return
  const fix = `release it with "gradus audit hold --tenant ${tenant} --release ${hold.id}", if it is over`
  throw new ServiceError('conflict', `The legal hold ${hold.id} keeps values of this tenant from being removed`, { fix })
}

/** The legal holds of one store, for a service that places them beside what else removes values of it. */
export function legalHoldsOn(store: LegalHoldStore): LegalHolds {
  return {
    inForce: (tenant) => legalHolds(store, tenant),
    place: (order, kinds) => placeHold(store, order, kinds),
    release: (order, hold) => releaseHold(store, order, hold),
  }
}

/** Ends a legal hold. Rejects with `not_found` where none of this id is in force. */
export async function releaseHold(store: Pick<Store, 'query' | 'transact'>, order: LegalHoldOrder, hold: string): Promise<void> {
  const holds = await legalHolds(store, order.tenant)
  if (!holds.some(({ id }) => id === hold)) {
    const message = `No legal hold ${JSON.stringify(hold)} of the tenant ${JSON.stringify(order.tenant)} is in force`
    const fix = holds.length === 0 ? 'check the tenant' : `in force are: ${holds.map(({ id }) => id).join(', ')}`
    throw new ServiceError('not_found', message, { fix })
  }
  await append(store, order, { verb: 'release', hold })
}

async function append(
  store: Pick<Store, 'transact'>,
  { reason, ...header }: LegalHoldOrder,
  body: z.infer<typeof HoldBody>,
): Promise<void> {
  const record = operatorRecord(header, HOLD_ACTION, { ...body, detail: { reason } })
  await store.transact([], (transaction) => transaction.append({ record }))
}
