import { isSameActor } from '../access/actor-name.ts'
import { actorOf } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { ServiceError } from '../format/error.ts'
import type { KeptValue, Rollback, RollbackResult } from '../ledger/documents/verdicts.ts'
import type { Effect } from '../ledger/effect.ts'
import type { StoredRecord, View } from '../ledger/store.ts'
import type { RecordedDecision } from './judged-decision.ts'
import type { Judged } from './rules/weighing.ts'

/** What a report says of the way back: an outcome, with or without what was kept, or an attempt to undo it. */
export type WayBackReport =
  | { readonly kind: 'outcome'; readonly kept: KeptValue | undefined }
  | { readonly kind: 'attempt'; readonly result: RollbackResult; readonly handle: string | undefined }

/** A report on a decision, at the moment at which it is recorded. */
type TimedReport = {
  readonly caller: Caller
  readonly decisionId: string
  readonly judged: Judged
  readonly decision: StoredRecord & { readonly decided: RecordedDecision }
  readonly nowMs: number
}

const RESULT_RANK = { failed: 0, partly: 1, done: 2 } as const satisfies Record<RollbackResult, number>

/** What a report does to the way back from its decision; nothing where it says what is known. Throws `forbidden` or `conflict`. */
export function rollbackEffects(
  report: TimedReport,
  wayBack: WayBackReport | undefined,
  view: Pick<View, 'document'>,
): readonly Effect[] {
  if (wayBack === undefined) return []
  const { tenant } = report.caller
  const known = view.document({ kind: 'verdicts', tenant, id: report.judged.decision_id })?.rollback
  return wayBack.kind === 'outcome' ? keptEffects(report, wayBack.kept, known) : attemptEffects(report, wayBack, known)
}

/** Only who ran it knows what was kept, and its first word holds: nobody keeps an old value afterwards. */
function keptEffects(report: TimedReport, kept: KeptValue | undefined, known: Rollback | undefined): readonly Effect[] {
  const { caller, judged, decision } = report
  const isAsker = isSameActor(decision.record.actor, actorOf(caller))
  const effect = { kind: 'handle_kept', decision_id: judged.decision_id } as const
  if (kept === undefined) {
    const isMissing = isAsker && judged.way_back?.handle_required === true && known?.kept === undefined
    return isMissing ? [{ ...effect, kept: null }] : []
  }
  if (!isAsker)
    throw new ServiceError('forbidden', `decision "${report.decisionId}" was asked for by another credential`, {
      place: { pointer: '/rollback' },
      fix: 'let the enforcement point that asked report the handle',
    })
  refuseNotRun(report)
  if (known?.kept === undefined) return [{ ...effect, kept }]
  if (known.kept?.handle === kept.handle && known.kept.value_digest === kept.value_digest) return []
  throw new ServiceError(
    'conflict',
    known.kept === null
      ? `an outcome of decision "${report.decisionId}" was reported without a handle: it cannot be undone`
      : `another handle of decision "${report.decisionId}" is on record`,
    { place: { pointer: '/rollback' }, fix: 'report the handle with the first outcome, and the same one each time' },
  )
}

/** An attempt that came further than those before it. */
function attemptEffects(
  report: TimedReport,
  { result, handle }: Extract<WayBackReport, { kind: 'attempt' }>,
  known: Rollback | undefined,
): readonly Effect[] {
  const { caller, judged, decisionId, nowMs } = report
  refuseNotRun(report)
  if (handle !== known?.kept?.handle)
    throw new ServiceError('conflict', handleProblem(decisionId, known), {
      place: { pointer: '/handle' },
      fix: 'give the handle that was reported with the outcome, and none where none was',
    })
  const former = known?.attempt?.result
  if (former === result) return []
  if (former !== undefined && RESULT_RANK[former] > RESULT_RANK[result])
    throw new ServiceError('conflict', `a rollback of decision "${decisionId}" is on record as "${former}"`, {
      place: { pointer: '/result' },
      fix: 'report what came further than the attempt before',
    })
  const until = judged.way_back?.until_ms ?? null
  return [
    {
      kind: 'rolled_back',
      decision_id: judged.decision_id,
      result,
      by: actorOf(caller),
      at_ms: nowMs,
      within_deadline: until === null || nowMs <= until,
    },
  ]
}

function handleProblem(decisionId: string, known: Rollback | undefined): string {
  return known?.kept == null
    ? `no rollback handle of decision "${decisionId}" is on record`
    : `this is not the rollback handle of decision "${decisionId}"`
}

function refuseNotRun({ decisionId, decision }: TimedReport): void {
  if (!decision.decided.decision.decision)
    throw new ServiceError('conflict', `decision "${decisionId}" did not run: there is nothing to undo`, {
      place: { pointer: '/decision_id' },
      fix: 'name the decision that let the action run',
    })
}
