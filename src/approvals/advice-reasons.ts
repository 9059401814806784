import type { Store } from '../ledger/store.ts'
import { REASON_CHARS_MAX } from '../model/ceiling.ts'

/** Reports on one decision that are looked through for reasons. */
const REPORTS_MAX = 100

/** The reason of the advice that somebody gave at a time; null where none is there to read. */
export type FindReason = (advice: { readonly by: string; readonly at: string }) => string | null

/**
 * The reasons that judging agents gave with their advice on a decision. They stand in the records of their reports only, sealed, so that
 * what is erased there is not shown here. `any` false: there is no advice, and nothing is read.
 */
export async function findAdviceReasons(
  { query }: Pick<Store, 'query'>,
  { tenant, decisionId, any }: { readonly tenant: string; readonly decisionId: string; readonly any: boolean },
): Promise<FindReason> {
  const reports = any
    ? await query({ tenant, decisionId, kinds: ['outcome', 'signal'], newestFirst: true, limit: REPORTS_MAX })
    : []
  return ({ by, at }) => {
    const report = reports.find(({ record }) => record.actor === by && record.at === at)
    return reasonText(report?.record.body['detail'])
  }
}

/** A detail is free JSON: a text, or a `reason` in it, is the reason; anything else is shown as it came. */
function reasonText(detail: unknown): string | null {
  if (detail === undefined || detail === null) return null
  const named = typeof detail === 'object' && 'reason' in detail ? detail.reason : detail
  const text = typeof named === 'string' ? named : JSON.stringify(detail)
  return text.length <= REASON_CHARS_MAX ? text : `${text.slice(0, REASON_CHARS_MAX)} … (${text.length} characters)`
}
