import type { LogVerification } from '../ledger/log-verification.ts'
import type { AuditRecord } from '../ledger/record.ts'
import { isWithin, type Removal, type RemovalVerb, removalsOf } from './removal/removal.ts'
import { openTemporaryTable, type TemporaryTable } from './temporary-table.ts'
import type { Findings } from './verify-findings.ts'
import type { CheckedRow } from './verify-rows.ts'

/** Members that a finding names at most. */
const NAMED_MAX = 5
const INDEX_DIGITS = 16

/** How many records have values that are not there, by why that is. */
type ValueCounts = Pick<LogVerification, 'masked' | 'masksUnbound' | 'erased' | 'expired'>

/**
 * Compares the values that are not there with the leaves that say they were masked and the records that say they were removed. A
 * value nobody removed is gone: a finding.
 */
export type ValueCheck = {
  readonly row: (leafIndex: number, checked: CheckedRow) => void
  readonly finished: () => ValueCounts
  readonly close: () => void
}

/** Values of one record that are not there, and no record read so far removed. `verb`: who removed the others. */
type Missing = Pick<AuditRecord, 'id' | 'tenant' | 'agent' | 'user' | 'decision_id'> & {
  readonly pointers: readonly string[]
  readonly verb: RemovalVerb | null
}

type Checking = {
  readonly missing: TemporaryTable
  readonly findings: Findings
  readonly counts: Record<RemovalVerb, number>
}

/** A check that has seen no record. What is missing is kept in a temporary file: an old log may have lost most of its values, as ordered. */
export function createValueCheck(findings: Findings): ValueCheck {
  const missing = openTemporaryTable()
  const checking: Checking = { missing, findings, counts: { erase: 0, retain: 0 } }
  const masks = createMaskCheck(findings)
  return {
    row: (leafIndex, { record, masked, removed, bindsMasks }) => {
      if (record === undefined) return
      masks.row({ leafIndex, id: record.id, isMasked: masked.length > 0, bindsMasks })
      if (removed.length > 0) missing.set(nameOf(leafIndex), missingOf(record, removed))
      explain(checking, record, bindsMasks)
    },
    finished: () => {
      for (const name of missing.names()) findGone(checking, Number(name), missing.get(name) as Missing)
      return { ...masks.counts(), erased: checking.counts.erase, expired: checking.counts.retain }
    },
    close: missing.close,
  }
}

/** Counts records with masked values. Once a record binds what is masked, all later ones have to. */
function createMaskCheck(findings: Findings): {
  readonly row: (row: {
    readonly leafIndex: number
    readonly id: string
    readonly isMasked: boolean
    readonly bindsMasks: boolean
  }) => void
  readonly counts: () => Pick<ValueCounts, 'masked' | 'masksUnbound'>
} {
  let [masked, masksUnbound, binds] = [0, 0, false]
  return {
    row: ({ leafIndex, id, isMasked, bindsMasks }) => {
      if (isMasked) masked += 1
      if (isMasked && !bindsMasks) masksUnbound += 1
      if (binds && !bindsMasks) {
        const message = 'The record does not bind what is masked in it, though earlier ones do: it was not written after them.'
        findings.add({ kind: 'masks_unbound', leafIndex, id, message })
      }
      binds ||= bindsMasks
    },
    counts: () => ({ masked, masksUnbound }),
  }
}

/** Names sort as their indexes do. */
function nameOf(leafIndex: number): string {
  return String(leafIndex).padStart(INDEX_DIGITS, '0')
}

function missingOf({ id, tenant, agent, user, decision_id }: AuditRecord, pointers: readonly string[]): Missing {
  return { id, tenant, agent, user, decision_id, pointers, verb: null }
}

/** A record explains what is missing from earlier records of its own tenant, and only that. */
function explain(checking: Checking, record: AuditRecord, bindsMasks: boolean): void {
  const order = removalsOf(record)
  if (order === undefined) return
  if (order.removals !== undefined) explainListed(checking, record, order.verb, order.removals)
  // Leaves bind their form: no newer record passes for one of before removals were listed.
  else if (!bindsMasks) explainSelected(checking, record)
}

function explainListed(checking: Checking, { tenant }: AuditRecord, verb: RemovalVerb, removals: readonly Removal[]): void {
  for (const { members, leaves } of removals) {
    for (const leafIndex of leaves) {
      const found = checking.missing.get(nameOf(leafIndex)) as Missing | undefined
      if (found?.tenant === tenant) settle(checking, { name: nameOf(leafIndex), found, verb, members })
    }
  }
}

/** An erasure of before removals were listed says whose values went; all earlier records of those are meant. */
function explainSelected(checking: Checking, { tenant, body }: AuditRecord): void {
  const { agent, user, decision_id } = (body['detail'] ?? {}) as Partial<Record<'agent' | 'user' | 'decision_id', unknown>>
  const wanted = Object.entries({ agent, user, decision_id }).filter(([, value]) => typeof value === 'string')
  if (wanted.length === 0) return
  const members = Array.isArray(body['pointers']) ? body['pointers'].filter((each) => typeof each === 'string') : ['']
  for (const name of [...checking.missing.names()]) {
    const found = checking.missing.get(name) as Missing
    const isMeant = found.tenant === tenant && wanted.every(([member, value]) => found[member as keyof Missing] === value)
    if (isMeant) settle(checking, { name, found, verb: 'erase', members })
  }
}

type Settling = {
  readonly name: string
  readonly found: Missing
  readonly verb: RemovalVerb
  readonly members: readonly string[]
}

function settle({ missing, counts }: Checking, { name, found, verb, members }: Settling): void {
  const pointers = found.pointers.filter((pointer) => !isWithin(pointer, members))
  if (pointers.length === found.pointers.length) return
  if (pointers.length > 0) missing.set(name, { ...found, pointers, verb: found.verb ?? verb })
  else {
    missing.delete(name)
    counts[found.verb ?? verb] += 1
  }
}

function findGone({ findings, counts }: Checking, leafIndex: number, { id, pointers, verb }: Missing): void {
  if (verb !== null) counts[verb] += 1
  const more = pointers.length > NAMED_MAX ? `, and ${pointers.length - NAMED_MAX} more` : ''
  const message = `What was sealed at ${pointers.slice(0, NAMED_MAX).join(', ')}${more} is gone, and no record says that it was removed.`
  findings.add({ kind: 'value_gone', leafIndex, id, message })
}
