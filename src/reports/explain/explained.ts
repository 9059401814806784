import type { RiskBands } from '../../catalogue/catalogue-file.ts'
import { DEFAULT_RISK_BANDS } from '../../catalogue/static-points.ts'
import type { RollbackView } from '../../evidence/wire.ts'
import { matricesOf, overridesOf } from '../../policy/tenant-matrices.ts'
import type { Overrides } from '../../policy/settings.ts'
import type { DecisionFacts } from '../../ledger/decision-facts.ts'
import { type DecisionBody, decisionBodyOf, type WouldBody } from '../../ledger/recorded-decision.ts'
import type { StoredRecord } from '../../ledger/store.ts'
import type { PolicyEvaluation } from '../../model/evaluation.ts'
import type { Party } from '../../model/request.ts'
import { readBaseResult } from '../../pdp/base-result.ts'
import type { BaseResult, Decision } from '../../pdp/decision-inputs.ts'
import type { Matrices } from '../../pdp/matrix-schema.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import type { RiskView } from '../../risk/risk-view.ts'

/** What an explanation is made of; `matrices` undefined: the policy set of the decision is gone. */
export type Explained = {
  readonly decision: Decision
  readonly facts: DecisionFacts
  readonly risk: RiskView
  readonly matrices: Matrices | undefined
  readonly thresholds: readonly number[]
  /** What the tenant deviates in; absent: nothing, or it is not known. */
  readonly overrides?: Overrides
  /** Where the risk bands end. */
  readonly bands: RiskBands
  /** Tools that do more than read, where trust in this one is earned; absent: not known. */
  readonly acting?: readonly string[]
  /** What would have been answered if everything were enforced; absent or null where everything was. */
  readonly would?: WouldBody | null
  /** What the base answers each of the two, where an agent acts for a proven person; absent: it was asked about one. */
  readonly bases?: readonly { readonly who: string; readonly base: BaseResult }[]
  /** What detectors made of it; absent where none looked. */
  readonly watch?: DecisionBody['watch']
  /** The way back by now; absent where it was not asked for. */
  readonly rollback?: RollbackView
}

/** The parts of a policy set that a decision is explained by. */
export type ExplainedBy = Pick<PolicySet, 'matrices' | 'settings' | 'constants' | 'catalogue'>

/** What a recorded decision is explained from; `policySet` undefined: the one it was made under is gone. */
export function explainedOf({ record }: StoredRecord, policySet: ExplainedBy | undefined, rollback?: RollbackView): Explained {
  const body = decisionBodyOf(record)
  const { decision, facts, would, watch } = body
  return {
    decision,
    facts,
    risk: record.body['risk'] as unknown as RiskView,
    matrices: policySet === undefined ? undefined : matricesOf(policySet, record.tenant),
    thresholds: policySet?.constants.thresholds ?? [],
    ...overriddenBy(policySet, record.tenant),
    bands: policySet?.catalogue.riskBands ?? DEFAULT_RISK_BANDS,
    ...(policySet === undefined ? {} : { acting: policySet.catalogue.acting(facts.action.name) }),
    would,
    ...basesOf({ subject: body.request.subject, base: body.base, delegator: body.delegator ?? null }),
    ...(watch === undefined ? {} : { watch }),
    ...(rollback === undefined || !decision.decision ? {} : { rollback }),
  }
}

function overriddenBy(policySet: ExplainedBy | undefined, tenant: string): Pick<Explained, 'overrides'> {
  const overrides = policySet === undefined ? undefined : overridesOf(policySet, tenant)
  return overrides === undefined ? {} : { overrides }
}

/** Whom the base was asked about, and what it answered. */
type Asked = {
  readonly subject: Party
  readonly base: PolicyEvaluation
  readonly delegator: { readonly party: Party; readonly base: PolicyEvaluation } | null
}

/** What the base answers each of two; nothing where it was asked about the subject alone. */
export function basesOf({ subject, base, delegator }: Asked): Pick<Explained, 'bases'> {
  if (delegator === null) return {}
  const asked = [{ party: subject, base }, delegator]
  return { bases: asked.map(({ party: { type, id }, base: answer }) => ({ who: `${type}/${id}`, base: readBaseResult(answer) })) }
}

/** The lines above the explanation of a recorded decision: which it is, and who asked for what. */
export function headOf({ record, leafIndex }: StoredRecord): readonly string[] {
  return [
    `decision ${record.id} of ${record.at}, record ${leafIndex}`,
    `${record.agent ?? record.user ?? 'somebody'} asked for ${record.action ?? 'something'}`,
  ]
}

/** The decision as it would have been if everything were enforced; null where everything was. */
export function enforcedOf(explained: Explained): Explained | null {
  const { would } = explained
  return would === undefined || would === null ? null : { ...explained, decision: would.decision, would: null }
}
