import { authorize, namedPerson } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { ServiceError } from '../format/error.ts'
import type { AuditRecord, RecordKind } from '../ledger/record.ts'
import type { LegalHoldAnswer, LegalHoldReport, LegalHoldsAnswer } from './wire.ts'

/** Who places or releases a legal hold, when (ISO 8601), of which tenant, and why; `id` is that of its record. */
export type LegalHoldOrder = Pick<AuditRecord, 'id' | 'at' | 'tenant' | 'actor'> & { readonly reason: string }

/** What of a tenant's records may not be removed while a hold is in force; `kinds` null: records of every kind. `id` is that of its record. */
export type LegalHold = {
  readonly id: string
  readonly kinds: readonly RecordKind[] | null
  /** ISO 8601. */
  readonly placedAt: string
  readonly placedBy: string
}

/** The legal holds of a log: what of a tenant neither expires nor is erased. */
export type LegalHolds = {
  readonly inForce: (tenant: string) => Promise<readonly LegalHold[]>
  readonly place: (order: LegalHoldOrder, kinds: readonly RecordKind[] | null) => Promise<void>
  readonly release: (order: LegalHoldOrder, hold: string) => Promise<void>
}

/** What legal holds need; `legalHolds` undefined: this service only reads or decides. */
export type LegalHoldDeps = {
  readonly legalHolds: LegalHolds | undefined
  readonly nowMs: () => number
  readonly newId: () => string
}

/** The verb under which a legal hold is placed or released. */
const VERB = 'hold_records'

/** The legal holds in force in the caller's tenant, the oldest first. */
export async function legalHoldsInForce(deps: LegalHoldDeps, caller: Caller): Promise<LegalHoldsAnswer> {
  authorize(caller, 'read_audit')
  const holds = await holdsOf(deps).inForce(caller.tenant)
  return {
    legal_holds: holds.map(({ id, kinds, placedAt, placedBy }) => ({
      id,
      kinds: kinds === null ? null : [...kinds],
      placed_at: placedAt,
      placed_by: placedBy,
    })),
  }
}

/** A named person keeps records of the caller's tenant, of some kinds or all, from being erased or expiring. Rejects with `conflict` where there are too many. */
export async function placeLegalHold(deps: LegalHoldDeps, caller: Caller, report: LegalHoldReport): Promise<LegalHoldAnswer> {
  const order = orderOf(deps, caller, report)
  await holdsOf(deps).place(order, report.kinds ?? null)
  return { hold: order.id, in_force: true }
}

/** A named person ends a legal hold of the caller's tenant. Rejects with `not_found` where none of this id is in force. */
export async function releaseLegalHold(
  deps: LegalHoldDeps,
  caller: Caller,
  hold: string,
  report: Pick<LegalHoldReport, 'reason'>,
): Promise<LegalHoldAnswer> {
  await holdsOf(deps).release(orderOf(deps, caller, report), hold)
  return { hold, in_force: false }
}

function orderOf({ nowMs, newId }: LegalHoldDeps, caller: Caller, { reason }: Pick<LegalHoldReport, 'reason'>): LegalHoldOrder {
  authorize(caller, VERB)
  return { id: newId(), at: new Date(nowMs()).toISOString(), tenant: caller.tenant, actor: namedPerson(caller), reason }
}

function holdsOf({ legalHolds }: LegalHoldDeps): LegalHolds {
  if (legalHolds !== undefined) return legalHolds
  throw new ServiceError('not_ready', 'legal holds are not at hand here', { fix: 'use "gradus audit hold", or a server' })
}
