import { canonicalJson } from '../format/canonical-json.ts'
import { lowerOutcome } from '../lattice/outcome-order.ts'
import type { DecisionBody } from '../ledger/recorded-decision.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Decision } from '../pdp/decision-inputs.ts'
import type { Answered } from './compared.ts'

/** The graduated decision: the answer, or in observe mode what the answer would have been. */
export function graduatedIn({ decision, would }: Pick<DecisionBody, 'decision' | 'would'>): Decision {
  return would?.decision ?? decision
}

/** The parts of a decision that are compared. */
export function answeredOf({ outcome, limiting, ceilings, obligations, guardrails }: Decision): Answered {
  const conceded: Partial<Record<string, Outcome>> = {}
  for (const { source, outcome: own } of ceilings) conceded[source] = lowerOutcome(conceded[source] ?? 'allow', own)
  return { outcome, limiting, conceded, duties: canonicalJson(JSON.parse(JSON.stringify({ obligations, guardrails }))) }
}
