import type { DetectorGap } from '../detect/external-classifier.ts'
import type { PolicyEvaluation } from '../model/evaluation.ts'
import type { Layer } from '../model/layer.ts'
import { ENFORCED } from '../model/mode.ts'
import type { Party, Protocol, Request } from '../model/request.ts'
import type { BudgetRefusal, Decision } from '../pdp/decision-inputs.ts'
import type { DecisionFacts } from './decision-facts.ts'
import type { SpotCheck } from './documents/spot-check.ts'
import type { AuditRecord } from './record.ts'

/** Whether a decision that runs, or a proposal, has to be verified, and by when. It is in the record, and never in an answer: who acts must not know. */
export type VerificationDuty = { readonly due: boolean; readonly by_ms: number }

/** What became of a duty to tell somebody: told with this record, or within the hour before it; and who answers for the agent. */
export type ToldDuty = { readonly told: boolean; readonly owner: string | null }

/** What of a decision's record is read again. */
export type DecisionBody = {
  readonly protocol: Protocol
  readonly request: Request
  readonly base_input?: unknown
  readonly entrypoint: string
  readonly policy_set: string
  readonly facts: DecisionFacts
  readonly base: PolicyEvaluation
  /** The proven person for whom the agent acts, and what the base answered about them; absent: it was not asked, or the record is from before it was. */
  readonly delegator?: { readonly party: Party; readonly base: PolicyEvaluation }
  readonly refusals: readonly BudgetRefusal[]
  readonly decision: Decision
  readonly proposal: boolean
  readonly approval: { readonly redeemed: string | null; readonly reason: string | null }
  readonly override: { readonly id: string } | null
  /** What detectors made of it; absent where none looked. */
  readonly watch?: { readonly clean: readonly Layer[]; readonly blind?: readonly DetectorGap[] }
  /** Whether it has to be verified; absent where nothing ran or was proposed that could be, and in records from before it was sampled. */
  readonly verification?: VerificationDuty
  /** Duties to tell somebody that came with the decision; absent: none did, or the record is from before they were performed. */
  readonly duties?: Partial<Readonly<Record<'alert_soc' | 'notify_owner', ToldDuty>>>
  /** An agent asked for a permission escalation: which attempt within a day it is, and whether somebody was told; absent: it did not. */
  readonly escalation?: ToldDuty & { readonly attempts: number }
  /** Somebody has to look at it; absent: it was not drawn, or there was no such list yet. */
  readonly review?: Pick<SpotCheck, 'causes' | 'owner' | 'due_ms'> & { readonly listed: boolean }
  /** What would have been answered with everything enforced; null where everything was. */
  readonly would: WouldBody | null
}

/** The part of a record about what would have been answered. */
export type WouldBody = {
  readonly decision: Decision
  readonly refusals: readonly BudgetRefusal[]
  readonly degraded: readonly string[]
  readonly rehearsal: string | null
}

/** What records had not yet before there were modes, approvals and overrides: everything was enforced, and nobody was asked. */
const BEFORE_MODES = {
  facts: { mode: ENFORCED, approval: null, overrides: [] },
  body: { approval: { redeemed: null, reason: null }, override: null, would: null, refusals: [] },
}

/** The body of a decision's record, of whatever age; its writer wrote it so. */
export function decisionBodyOf(record: AuditRecord): DecisionBody {
  const body = record.body as unknown as DecisionBody
  return { ...BEFORE_MODES.body, ...body, facts: { ...BEFORE_MODES.facts, ...body.facts } }
}
