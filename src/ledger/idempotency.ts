import { canonicalJson, sha256Hex } from '../format/canonical-json.ts'
import { consequencesOf } from './changes.ts'
import type { DocumentKey, Received } from './documents/documents.ts'
import type { Effect } from './effect.ts'
import type { AuditRecord } from './record.ts'
import { sandbox } from './sandbox.ts'
import type { Store, Transaction, View } from './store.ts'

/** Members of an event that may differ each time it is sent: they trace the sending, and say nothing. */
const TRACING = ['traceparent', 'tracestate'] as const

/** Where it is remembered what was said under a name; the parts of the name are told apart. */
export function idempotencyName(...parts: readonly string[]): string {
  return sha256Hex(JSON.stringify(parts))
}

/** The document of a name. */
export function idempotencyKey(tenant: string, id: string): DocumentKey<'received'> {
  return { kind: 'received', tenant, id }
}

/** SHA-256 over what an event says, whatever its members are sorted like. */
export function eventDigest(event: Readonly<Record<string, unknown>>): string {
  const said = Object.entries(event).filter(([name]) => !TRACING.some((each) => each === name))
  return sha256Hex(canonicalJson(Object.fromEntries(said)))
}

/** What of a record has to be the same write: effects beside its own, and members of its body. */
export type Beside = {
  readonly effects: (recordId: string, view: View) => readonly Effect[]
  readonly body: Readonly<Record<string, unknown>>
  /** The record for a change that wrote none. */
  readonly alone: () => AuditRecord
}

/**
 * A store in which each change is also the one in which something was received: it is refused by `before` where that is known already,
 * and what it appends gets the effects and the body beside it.
 */
export function withIdempotency(
  store: Store,
  documentKeys: readonly DocumentKey[],
  before: (transaction: Transaction) => void,
  beside: Beside,
): Store {
  return {
    ...store,
    transact: (own, change) =>
      store.transact([...own, ...documentKeys], (transaction) => {
        before(transaction)
        const appended: string[] = []
        const append: Transaction['append'] = (entry) => {
          if (appended.length > 0) return transaction.append(entry)
          appended.push(entry.record.id)
          return transaction.append({ ...entry, record: withBeside(entry.record, beside, transaction) })
        }
        const value = change({ ...transaction, append })
        if (appended.length === 0) transaction.append({ record: withBeside(beside.alone(), beside, transaction) })
        return value
      }),
  }
}

/** A record with what is beside it; what both did to levels and incidents is told in its body. */
function withBeside(record: AuditRecord, beside: Beside, view: View): AuditRecord {
  const own = [...record.effects, ...beside.effects(record.id, view)]
  const { named, effects } = consequencesOf(own, Date.parse(record.at), record.tenant, sandbox(view))
  const body = JSON.parse(JSON.stringify({ ...record.body, ...beside.body, ...named })) as AuditRecord['body']
  return { ...record, body, effects: [...effects] }
}

/** What is known of a name: the same was said, something else was, or nothing yet. */
export function compareReceived(received: Received | undefined, digest: string): 'new' | 'same' | 'other' {
  if (received === undefined) return 'new'
  return received.digest === digest ? 'same' : 'other'
}
