import type { AuditRecord } from '../ledger/record.ts'
import type { LogReader } from './log-reader.ts'
import type { LegalHold } from '../reports/legal-holds.ts'
import { changedHolds, isKeptBy } from './removal/legal-hold.ts'
import { isWithin, removalsOf } from './removal/removal.ts'
import type { Findings } from './verify-findings.ts'

/** Checks that what records say was removed is gone, and that no legal hold kept it. */
export type RemovalCheck = { readonly row: (leafIndex: number, record: AuditRecord) => void }

/** What a removal said of records that it must not, or that it did not do. */
type Faults = { unfinished: number; held: { readonly hold: LegalHold; readonly leafIndex: number } | undefined }

/** A check that has seen no record. Holds are few; records that a removal lists are looked up one by one. */
export function createRemovalCheck(reader: Pick<LogReader, 'row'>, findings: Findings): RemovalCheck {
  const inForce = new Map<string, ReadonlyMap<string, LegalHold>>()
  return {
    row: (leafIndex, record) => {
      const { tenant, id } = record
      const holds = inForce.get(tenant) ?? new Map<string, LegalHold>()
      inForce.set(tenant, holdsAfter(holds, record))
      const { unfinished, held } = faultsOf({ leafIndex, record, holds: [...holds.values()] }, reader)
      if (unfinished > 0) {
        const message = `The record says that values were removed, but ${unfinished} records still have theirs: the removal was interrupted. The next start, erasure or legal hold ends it.`
        findings.add({ kind: 'removal_unfinished', leafIndex, id, message })
      }
      if (held !== undefined) {
        const message = `The record removed values of record ${held.leafIndex}, which the legal hold ${held.hold.id} kept from being removed.`
        findings.add({ kind: 'removal_despite_hold', leafIndex, id, message })
      }
    },
  }
}

/** A record of a hold that is none was changed, and is found where its row is checked. */
function holdsAfter(holds: ReadonlyMap<string, LegalHold>, record: AuditRecord): ReadonlyMap<string, LegalHold> {
  try {
    return changedHolds(holds, record)
  } catch {
    return holds
  }
}

type Removing = { readonly leafIndex: number; readonly record: AuditRecord; readonly holds: readonly LegalHold[] }

function faultsOf({ leafIndex, record, holds }: Removing, reader: Pick<LogReader, 'row'>): Faults {
  const faults: Faults = { unfinished: 0, held: undefined }
  const order = removalsOf(record)
  for (const { members, leaves } of order?.removals ?? []) {
    for (const leaf of leaves.filter((each) => each < leafIndex)) {
      const row = reader.row(leaf)
      if (row?.columns.tenant !== record.tenant) continue
      if (pointersOf(row.payload).some((pointer) => isWithin(pointer, members))) faults.unfinished += 1
      const hold = holds.find((each) => order?.verb === 'erase' || isKeptBy(each, row.columns.kind))
      if (hold !== undefined) faults.held ??= { hold, leafIndex: leaf }
    }
  }
  return faults
}

/** Where a payload still has values; what is no payload is found where its row is checked. */
function pointersOf(payload: string): readonly string[] {
  try {
    const entries: unknown = JSON.parse(payload)
    return typeof entries === 'object' && entries !== null ? Object.keys(entries) : []
  } catch {
    return []
  }
}
