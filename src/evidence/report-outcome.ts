import { actorOf, shownName, authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { type ErrorPlace, ServiceError } from '../format/error.ts'
import { OUTCOME_CLASSES, SIGNAL_CLASSES } from '../model/outcome-classes.ts'
import type { EvidenceDeps } from './evidence-deps.ts'
import { recordVerdict } from './record-verdict.ts'
import type { EvidenceAnswer, OutcomeReport, SignalReport } from './wire.ts'

/** What came of a decision: outcome evidence. Verifier and weight come from the credential. */
export async function reportOutcome(deps: EvidenceDeps, caller: Caller, report: OutcomeReport): Promise<EvidenceAnswer> {
  authorize(caller, 'report_outcome')
  const source = verifierOf(caller)
  const { decision_id, class: verdictClass, event_time, data_sources: agentDataSources, ...detail } = report
  return recordVerdict(deps, caller, { decision_id, event_time, outcome: verdictClass }, (eventTimeMs) => ({
    kind: 'outcome',
    verdict: {
      layer: 'outcome',
      class: verdictClass,
      gravity: OUTCOME_CLASSES[verdictClass],
      source,
      by: actorOf(caller),
      event_time_ms: eventTimeMs,
    },
    // By its name in the record it is the agent's, apart from the facts that we decided by.
    detail: agentDataSources === undefined ? detail : { ...detail, agent_data_sources: agentDataSources },
    wayBack: { kind: 'outcome', kept: detail.rollback },
  }))
}

/** One judged observation in a layer that the credential may write. */
export async function reportSignal(deps: EvidenceDeps, caller: Caller, report: SignalReport): Promise<EvidenceAnswer> {
  authorize(caller, 'report_signal')
  if (!caller.layers.includes(report.layer))
    throw new ServiceError('forbidden', `the credential "${shownName(caller)}" may not write the layer "${report.layer}"`, {
      place: { pointer: '/layer' },
      fix: 'add the layer to "layers" of the credential',
    })
  if (report.layer === 'outcome' && caller.verifier === undefined) throw notAVerifier(caller, { pointer: '/layer' })
  const source = caller.verifier ?? 'deterministic'
  return recordVerdict(deps, caller, { ...report, outcome: null }, (eventTimeMs) => ({
    kind: 'signal',
    verdict: {
      layer: report.layer,
      class: report.class,
      gravity: SIGNAL_CLASSES[report.class],
      source,
      by: actorOf(caller),
      event_time_ms: eventTimeMs,
    },
    detail: report.detail === undefined ? {} : { detail: report.detail },
  }))
}

/** As what kind of verifier a caller judges outcomes. Throws `forbidden` where it is none. */
export function verifierOf(caller: Caller): NonNullable<Caller['verifier']> {
  if (caller.verifier === undefined) throw notAVerifier(caller)
  return caller.verifier
}

function notAVerifier(caller: Caller, place?: ErrorPlace): ServiceError {
  return new ServiceError('forbidden', `the credential "${shownName(caller)}" is not a verifier`, {
    ...(place === undefined ? {} : { place }),
    fix: 'give the credential a "verifier" in the configuration',
  })
}
