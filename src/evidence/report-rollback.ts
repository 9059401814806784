import { actorOf, authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { OUTCOME_CLASSES } from '../model/outcome-classes.ts'
import type { EvidenceDeps } from './evidence-deps.ts'
import { decisionOf } from './judged-decision.ts'
import { recordVerdict } from './record-verdict.ts'
import { verifierOf } from './report-outcome.ts'
import { rollbackViewIn } from './rollback-view.ts'
import type { RollbackAnswer, RollbackReport } from './wire.ts'

/** The outcome that an attempt to undo an action is: it had to be undone, whether that came off or not. */
const OUTCOME = 'rolled_back'

/**
 * Records an attempt to undo what a decision let run, with its result and whether it was within the deadline. It weighs as the outcome
 * `rolled_back` of its verifier. Told again, it is answered alike and leaves nothing.
 */
export async function reportRollback(
  deps: EvidenceDeps,
  caller: Caller,
  decisionId: string,
  report: RollbackReport,
): Promise<RollbackAnswer> {
  authorize(caller, 'report_outcome')
  const source = verifierOf(caller)
  const { result, handle, detail } = report
  const evidence = await recordVerdict(deps, caller, { decision_id: decisionId, outcome: OUTCOME }, (eventTimeMs) => ({
    kind: 'outcome',
    verdict: {
      layer: 'outcome',
      class: OUTCOME,
      gravity: OUTCOME_CLASSES[OUTCOME],
      source,
      by: actorOf(caller),
      event_time_ms: eventTimeMs,
    },
    detail: { attempt: { result, handle: handle ?? null }, ...(detail === undefined ? {} : { detail }) },
    wayBack: { kind: 'attempt', result, handle },
  }))
  const stored = await deps.store.read([], (view) => decisionOf(view, caller.tenant, decisionId))
  return { ...evidence, rollback: await rollbackViewIn(deps.store, stored, deps.nowMs()) }
}
