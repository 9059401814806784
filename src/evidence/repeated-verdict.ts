import { InvariantError } from '../format/error.ts'
import { verdictName } from '../ledger/fold/verdicts.ts'
import type { Store } from '../ledger/store.ts'
import type { Verdict } from './rules/weighing.ts'
import type { EvidenceAnswer } from './wire.ts'

/** Records of one decision that are read at a time. */
const PAGE_RECORDS = 100

/** Where a verdict is in the log: its record and leaf. */
export type VerdictPlace = Pick<EvidenceAnswer, 'record_id' | 'leaf_index'>

/** The place of what a repetition repeats: it was recorded before the change that found it already known was over. */
export async function placeOfRepeated(
  store: Store,
  tenant: string,
  decisionIds: readonly string[],
  verdict: Verdict,
): Promise<VerdictPlace> {
  const name = verdictName(verdict.layer, verdict.by, verdict.class)
  for (const decisionId of new Set(decisionIds)) {
    const place = await placeOf(name, store, { tenant, decisionId })
    if (place !== null) return place
  }
  throw new InvariantError(`what was heard about decision ${decisionIds.join(', ')} is not in the log`)
}

async function placeOf(
  name: string,
  store: Store,
  about: { readonly tenant: string; readonly decisionId: string },
): Promise<VerdictPlace | null> {
  for (let from = 0; ;) {
    const page = await store.query({ ...about, kinds: ['outcome', 'signal', 'approval'], from, limit: PAGE_RECORDS })
    for (const { leafIndex, record } of page) {
      const verdict = record.body['verdict'] as unknown as Verdict | undefined
      if (verdict !== undefined && verdictName(verdict.layer, verdict.by, verdict.class) === name)
        return { record_id: record.id, leaf_index: leafIndex }
    }
    const last = page.at(-1)
    if (last === undefined) return null
    from = last.leafIndex + 1
  }
}
