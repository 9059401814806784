import { canonicalJson } from '../format/canonical-json.ts'
import { lowerOutcome } from '../lattice/outcome-order.ts'
import type { DecisionBody } from '../ledger/decision-body.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Decision } from '../pdp/decision-inputs.ts'
import type { Answered } from './compared.ts'

/** The graduated decision: what was answered, or, where something was only observed, what would have been. */
export function graduatedIn({ decision, would }: Pick<DecisionBody, 'decision' | 'would'>): Decision {
  return would?.decision ?? decision
}

/** A decision as far as it is compared. */
export function answeredOf({ outcome, limiting, ceilings, obligations, guardrails }: Decision): Answered {
  const conceded: Partial<Record<string, Outcome>> = {}
  for (const { source, outcome: own } of ceilings) conceded[source] = lowerOutcome(conceded[source] ?? 'allow', own)
  return { outcome, limiting, conceded, duties: canonicalJson(JSON.parse(JSON.stringify({ obligations, guardrails }))) }
}
