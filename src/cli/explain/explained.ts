import type { RiskView } from '../../model/graduation-input.ts'
import { decisionBodyOf } from '../../service/decision-body.ts'
import type { PolicySet } from '../../service/policy-set.ts'
import type { StoredRecord } from '../../service/ports.ts'
import type { Explained } from './remedies.ts'

/** What a recorded decision is explained from; `policySet` undefined: the one it was made under is gone. */
export function explainedOf({ record }: StoredRecord, policySet: PolicySet | undefined): Explained {
  const { decision, facts, would, watch } = decisionBodyOf(record)
  const override = policySet?.settings.overrides[record.tenant]?.matrix
  return {
    decision,
    facts,
    risk: record.body['risk'] as unknown as RiskView,
    matrices: policySet === undefined ? undefined : { ...policySet.matrices, ...override },
    thresholds: policySet?.constants.thresholds ?? [],
    would,
    ...(watch === undefined ? {} : { watch }),
  }
}
