import { z } from 'zod'

import { ServiceError } from '../../format/error.ts'
import { DAY_MS } from '../../format/time.ts'
import { type AuditRecord, RECORD_KINDS, RecordKind, SENSITIVE_POINTERS } from '../../ledger/record.ts'
import type { RetentionRule } from '../settings.ts'
import { endRemovals, inRemovalOrder } from './end-removals.ts'
import { HOLD_ACTION, isKeptBy, legalHolds, requireNoHold } from './legal-hold.ts'
import { operatorRecord } from './operator-record.ts'
import { REMOVAL_ACTIONS, removalsOf } from './removal.ts'
import { type Removed, removeValues, type RemovingStore } from './remove-values.ts'

/** Newest records of removals in which it is looked how far earlier runs came; without one a run looks at all again. */
const CURSOR_RECORDS_MAX = 100

/** What expiring needs. `nowMs` is wall-clock time, ms. */
export type RetentionDeps = {
  readonly store: RemovingStore
  readonly rules: readonly RetentionRule[]
  readonly nowMs: () => number
  readonly newId: () => string
  readonly actor: string
}

/** What one run removed; `held`: kinds of tenants that a legal hold kept as they are. */
export type Retained = { readonly records: number; readonly values: number; readonly held: number }

/**
 * Removes sealed values that were kept as long as the rules say, of the tenants and kinds that no legal hold keeps. The log says first
 * which members of which records; leaves and proofs stay. Each run goes on where the one before stopped, also after a restart. One that was
 * interrupted is ended first.
 */
export function createRetention(deps: RetentionDeps): () => Promise<Retained> {
  const reached = new Map<string, number>()
  return async () => {
    const { store } = deps
    await inRemovalOrder(store, () => endRemovals(store))
    const done = { records: 0, values: 0, held: 0 }
    for (const tenant of await store.tenants()) {
      const expiring = expiringOf(deps.rules, tenant)
      if (expiring.some(({ kind }) => !reached.has(placeOf(tenant, kind)))) await readCursors(store, tenant, reached)
      const holds = expiring.length === 0 ? [] : await legalHolds(store, tenant)
      for (const { kind, days } of expiring) {
        const from = reached.get(placeOf(tenant, kind)) ?? 0
        const expired = holds.some((hold) => isKeptBy(hold, kind)) ? undefined : await expire(deps, { tenant, kind, days, from })
        if (expired === undefined) done.held += 1
        reached.set(placeOf(tenant, kind), expired?.reached ?? from)
        done.records += expired?.records ?? 0
        done.values += expired?.values ?? 0
      }
    }
    return done
  }
}

function placeOf(tenant: string, kind: RecordKind): string {
  return JSON.stringify([tenant, kind])
}

const RetainBody = z.object({ rule: z.object({ kind: RecordKind, reached: z.int().min(0) }) })

/** How far earlier runs came, as their newest records say. */
async function readCursors(store: RetentionDeps['store'], tenant: string, reached: Map<string, number>): Promise<void> {
  const query = { tenant, kinds: ['operator'], action: REMOVAL_ACTIONS.retain, newestFirst: true } as const
  for (const { record } of await store.query({ ...query, limit: CURSOR_RECORDS_MAX })) {
    const { data } = RetainBody.safeParse(record.body)
    if (data === undefined) continue
    const place = placeOf(tenant, data.rule.kind)
    if (!reached.has(place)) reached.set(place, data.rule.reached)
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

/** Undefined: a hold was placed meanwhile. */
async function expire(
  { store, nowMs, newId, actor }: RetentionDeps,
  { tenant, kind, days, from }: Expiry,
): Promise<Removed | undefined> {
  const until = new Date(nowMs() - days * DAY_MS).toISOString()
  return removeValues(store, {
    query: { tenant, kinds: [kind], until, from },
    membersOf: ({ record }) => (isKept(record) ? [] : SENSITIVE_POINTERS[kind]),
    permitted: () => requireNoHold(store, tenant, kind),
    recordOf: (removed, reached) =>
      operatorRecord({ id: newId(), at: new Date(nowMs()).toISOString(), tenant, actor }, REMOVAL_ACTIONS.retain, {
        verb: 'retain',
        rule: { kind, days, until, reached },
        removed: [...removed],
      }),
    always: false,
  }).catch((error: unknown) => {
    if (error instanceof ServiceError && error.code === 'conflict') return undefined
    throw error
  })
}

/** Why values are held, and what earlier erasures selected: without it nobody could tell why those values are not there. */
function isKept(record: AuditRecord): boolean {
  const removal = removalsOf(record)
  return record.action === HOLD_ACTION || (removal !== undefined && removal.removals === undefined)
}
