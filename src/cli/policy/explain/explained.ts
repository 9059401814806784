import { DEFAULT_RISK_BANDS } from '../../../catalogue/static-points.ts'
import { decisionBodyOf } from '../../../ledger/recorded-decision.ts'
import type { StoredRecord } from '../../../ledger/store.ts'
import type { PolicySet } from '../../../policy/policy-set.ts'
import type { RiskView } from '../../../risk/risk-view.ts'
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
    bands: policySet?.catalogue.riskBands ?? DEFAULT_RISK_BANDS,
    would,
    ...(watch === undefined ? {} : { watch }),
  }
}
