import { sha256Hex } from '../format/canonical-json.ts'
import { HOUR_MS } from '../format/time.ts'
import type { DocumentKey } from '../ledger/documents/documents.ts'
import type { Effect } from '../ledger/effect.ts'
import { idempotencyKey, idempotencyName } from '../ledger/idempotency.ts'
import type { View } from '../ledger/store.ts'

/** How long an injection that one source saw in a session waits for a second source, ms. */
const SECOND_SOURCE_MS = HOUR_MS

/** Who saw an injection in which session, and when. */
export type Sighting = {
  readonly tenant: string
  readonly agent: string
  readonly session: string
  readonly by: string
  readonly nowMs: number
}

/** Where is remembered who saw an injection in a session last. */
export function sightingKey({ tenant, agent, session }: Pick<Sighting, 'tenant' | 'agent' | 'session'>): DocumentKey<'received'> {
  return idempotencyKey(tenant, idempotencyName('injection', agent, session))
}

/** Remembers who saw an injection in a session; `isSecond` where another source saw one within the hour: then it is the agent's. */
export function rememberSighting(
  sighting: Sighting,
  recordId: string,
  view: Pick<View, 'document'>,
): { readonly effect: Effect; readonly isSecond: boolean } {
  const key = sightingKey(sighting)
  const digest = sha256Hex(sighting.by)
  const before = view.document(key)
  return {
    effect: { kind: 'received', key: key.id, digest, record_id: recordId },
    isSecond: before !== undefined && before.digest !== digest && sighting.nowMs - before.at_ms <= SECOND_SOURCE_MS,
  }
}
