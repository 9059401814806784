import { DAY_MS } from '../../format/time.ts'
import { type AuditRecord, RECORD_KINDS, type RecordKind, SENSITIVE_POINTERS } from '../../ledger/record.ts'
import type { Store } from '../../ledger/store.ts'
import type { RetentionRule } from '../settings.ts'
import { HOLD_ACTION, legalHolds } from './legal-hold.ts'
import { operatorRecord } from './operator-record.ts'
import { REMOVAL_ACTIONS, removalsOf } from './removal.ts'
import { removeValues, type RemovingStore } from './remove-values.ts'

/** What expiring needs. `nowMs` is wall-clock time, ms. */
export type RetentionDeps = {
  readonly store: RemovingStore & Pick<Store, 'tenants'>
  readonly rules: readonly RetentionRule[]
  readonly nowMs: () => number
  readonly newId: () => string
  readonly actor: string
}

/** What one run removed; `held`: kinds of tenants that a legal hold kept as they are. */
export type Retained = { readonly records: number; readonly values: number; readonly held: number }

/**
 * Removes sealed values that were kept as long as the rules say, of the tenants and kinds that no legal hold keeps. The log says first
 * which members of which records; leaves and proofs stay. Each run goes on where the one before stopped.
 */
export function createRetention(deps: RetentionDeps): () => Promise<Retained> {
  const reached = new Map<string, number>()
  return async () => {
    const done = { records: 0, values: 0, held: 0 }
    for (const tenant of await deps.store.tenants()) {
      const expiring = expiringOf(deps.rules, tenant)
      const holds = expiring.length === 0 ? [] : await legalHolds(deps.store, tenant)
      for (const { kind, days } of expiring) {
        if (holds.some(({ kinds }) => kinds === null || kinds.includes(kind))) {
          done.held += 1
          continue
        }
        const place = JSON.stringify([tenant, kind])
        const expired = await expire(deps, { tenant, kind, days, from: reached.get(place) ?? 0 })
        reached.set(place, expired.reached)
        done.records += expired.records
        done.values += expired.values
      }
    }
    return done
  }
}

/** Kinds of record whose values expire, and the days that they are kept: by the first rule that is about a kind. */
type Expiring = { readonly kind: RecordKind; readonly days: number }

function expiringOf(rules: readonly RetentionRule[], tenant: string): readonly Expiring[] {
  return RECORD_KINDS.flatMap((kind) => {
    const days = rules.find((rule) => (rule.tenant ?? tenant) === tenant && (rule.kinds ?? [kind]).includes(kind))?.days
    return days === undefined || SENSITIVE_POINTERS[kind].length === 0 ? [] : [{ kind, days }]
  })
}

type Expiry = Expiring & { readonly tenant: string; readonly from: number }

function expire({ store, nowMs, newId, actor }: RetentionDeps, { tenant, kind, days, from }: Expiry) {
  const until = new Date(nowMs() - days * DAY_MS).toISOString()
  return removeValues(store, {
    query: { tenant, kinds: [kind], until, from },
    membersOf: ({ record }) => (isKept(record) ? [] : SENSITIVE_POINTERS[kind]),
    recordOf: (removed) =>
      operatorRecord({ id: newId(), at: new Date(nowMs()).toISOString(), tenant, actor }, REMOVAL_ACTIONS.retain, {
        verb: 'retain',
        rule: { kind, days, until },
        removed: [...removed],
      }),
    always: false,
  })
}

/** Why values are held, and what earlier erasures selected: without it nobody could tell why those values are not there. */
function isKept(record: AuditRecord): boolean {
  const removal = removalsOf(record)
  return record.action === HOLD_ACTION || (removal !== undefined && removal.removals === undefined)
}
