import type { Obligation } from '../model/ceiling.ts'

/** What performs each duty of the decision point itself. A duty that is not here is performed by nothing, so that nobody may rely on it. */
const PDP_DUTIES = {
  audit: 'the record of the decision, which every decision has',
  enhanced_logging: 'the record of the decision, which holds more than others do (`audit.detail`)',
  alert_soc: 'the event `duty.alert_soc`, a member of the record, a metric and a log line',
  notify_owner: 'the event `duty.notify_owner` with the owner of the catalogue, a member of the record, a metric and a log line',
  named_approver: 'the approval that the decision opens',
  post_verify: 'the slot among what is not verified yet, and coverage when it is missed',
  post_hoc_review: 'the spot-check list: a share of the decisions, for the owner of the agent',
  override_audit: 'the spot-check list: each action under the override',
} as const satisfies Readonly<Record<string, string>>

/** Every duty that the decision point performs, sorted, as errors name them. */
export const PDP_DUTY_IDS: readonly string[] = Object.keys(PDP_DUTIES).sort()

/** Whether the decision point has to perform a duty that nothing performs. */
export function isWithoutPerformer({ id, performer }: Pick<Obligation, 'id' | 'performer'>): boolean {
  return performer === 'pdp' && !Object.hasOwn(PDP_DUTIES, id)
}

/** How to put right a duty that nothing performs. */
export function performerFix(id: string): string {
  return `the decision point performs ${PDP_DUTY_IDS.join(', ')}; use one of them, or say "performer: pep" where the enforcement point performs "${id}"`
}
