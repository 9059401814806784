import { decisionBodyOf } from '../../../ledger/recorded-decision.ts'
import type { StoredRecord } from '../../../ledger/store.ts'
import type { PolicySet } from '../../../policy/policy-set.ts'
import type { RiskView } from '../../../risk/risk-view.ts'
import { readBaseResult } from '../../../pdp/base-result.ts'
import type { PolicyEvaluation } from '../../../model/evaluation.ts'
import type { Party } from '../../../model/request.ts'
import type { Explained } from './remedies.ts'

/** What a recorded decision is explained from; `policySet` undefined: the one it was made under is gone. */
export function explainedOf({ record }: StoredRecord, policySet: PolicySet | undefined): Explained {
  const body = decisionBodyOf(record)
  const { decision, facts, would, watch } = body
  const override = policySet?.settings.overrides[record.tenant]?.matrix
  return {
    decision,
    facts,
    risk: record.body['risk'] as unknown as RiskView,
    matrices: policySet === undefined ? undefined : { ...policySet.matrices, ...override },
    thresholds: policySet?.constants.thresholds ?? [],
    would,
    ...basesOf({ subject: body.request.subject, base: body.base, delegator: body.delegator ?? null }),
    ...(watch === undefined ? {} : { watch }),
  }
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
