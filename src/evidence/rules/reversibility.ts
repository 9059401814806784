import type { Rollback } from '../../ledger/documents/verdicts.ts'
import type { Layer } from '../../model/layer.ts'
import type { Judged } from './weighing.ts'

/** Reversibility of what cannot be undone, as the catalogue counts it. */
const IRREVERSIBLE = 2

/** When it is asked, ms, and by a verdict of which layer; null: by nobody who judges. */
export type ReversibilityAsk = { readonly at_ms: number; readonly layer: Layer | null }

/**
 * Reversibility 0–2 of an action by then: that of the catalogue while its way back is open, 2 from when it is not. It is closed where a
 * handle is needed and an outcome came without one, after the deadline, and by a rollback that failed or was done in part. A verdict on the
 * outcome finds it closed too where no handle is known yet.
 */
export function reversibilityAt(
  { reversibility, way_back }: Pick<Judged, 'reversibility' | 'way_back'>,
  rollback: Rollback | undefined,
  { at_ms, layer }: ReversibilityAsk,
): number {
  const { kept, attempt } = rollback ?? {}
  if (attempt !== undefined) return attempt.result === 'done' ? reversibility : IRREVERSIBLE
  if (way_back === undefined) return reversibility
  const isMissing = kept === null || (kept === undefined && layer === 'outcome')
  if (way_back.handle_required && isMissing) return IRREVERSIBLE
  return way_back.until_ms !== null && at_ms > way_back.until_ms ? IRREVERSIBLE : reversibility
}
