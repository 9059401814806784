import { matricesOf } from '../../policy/tenant-matrices.ts'
import type { DecisionFacts } from '../../ledger/decision-facts.ts'
import { type DecisionBody, decisionBodyOf, type WouldBody } from '../../ledger/recorded-decision.ts'
import type { StoredRecord } from '../../ledger/store.ts'
import type { Decision } from '../../pdp/decision-inputs.ts'
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
  /** Tools that do more than read, where trust in this one is earned; absent: not known. */
  readonly acting?: readonly string[]
  /** What would have been answered if everything were enforced; absent or null where everything was. */
  readonly would?: WouldBody | null
  /** What detectors made of it; absent where none looked. */
  readonly watch?: DecisionBody['watch']
}

/** The parts of a policy set that a decision is explained by. */
export type ExplainedBy = Pick<PolicySet, 'matrices' | 'settings' | 'constants' | 'catalogue'>

/** What a recorded decision is explained from; `policySet` undefined: the one it was made under is gone. */
export function explainedOf({ record }: StoredRecord, policySet: ExplainedBy | undefined): Explained {
  const { decision, facts, would, watch } = decisionBodyOf(record)
  return {
    decision,
    facts,
    risk: record.body['risk'] as unknown as RiskView,
    matrices: policySet === undefined ? undefined : matricesOf(policySet, record.tenant),
    thresholds: policySet?.constants.thresholds ?? [],
    ...(policySet === undefined ? {} : { acting: policySet.catalogue.acting(facts.action.name) }),
    would,
    ...(watch === undefined ? {} : { watch }),
  }
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
