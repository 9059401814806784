import { runDetectorsOnDecision } from '../evidence/detectors/run-detectors.ts'
import { proposalOf } from '../evidence/judged-decision.ts'
import { judgeEach } from '../evidence/raters/judge.ts'
import { isIdentified } from '../ladder/rules/score-ceilings.ts'
import { consequencesOf } from '../ledger/changes.ts'
import type { Effect } from '../ledger/effect.ts'
import { sandbox } from '../ledger/sandbox.ts'
import type { Transaction } from '../ledger/store.ts'
import type { TrustChange } from '../trust/trust-change.ts'
import type { Decided } from './decision-context.ts'

/** What detectors did at a decision: effects and body of its record, and what became of levels. */
export type DecisionDetection = {
  readonly effects: readonly Effect[]
  readonly body: Readonly<Record<string, unknown>>
  readonly changes: readonly TrustChange[]
}

const NOTHING: DecisionDetection = { effects: [], body: {}, changes: [] }

/** Lets detectors look at a decision of an agent of the catalogue that a credential vouches for. Alarms act in the very write of the decision. */
export function detectOnDecision(decided: Decided, newId: () => string, transaction: Transaction): DecisionDetection {
  const { context, facts, derivation } = decided
  const { observation, tenant, policySet, id } = context
  const judged = observation === undefined || !facts.agent.known ? null : judgedOf(decided)
  if (observation === undefined || judged === null) return NOTHING
  const { decision } = derivation
  const standing = { tenant, agent: judged.agent, nowMs: facts.at_ms, posture: facts.caller.posture }
  const run = runDetectorsOnDecision(
    {
      tenant,
      judged,
      digest: { ...observation, base_denied: decision.base === 'deny', ran: decision.decision },
      identified: isIdentified(transaction, standing, policySet.constants),
      classifierAnswers: facts.outside,
    },
    policySet,
    transaction,
  )
  const evaluation = { tenant, nowMs: facts.at_ms, decisionId: id, knowsCanaries: true, untrustedJudge: false, newId }
  const weighed = judgeEach(judged, run.verdicts, evaluation, { first: [], view: transaction })
  const effects = [...run.effects, ...weighed]
  const { changes, named } = consequencesOf(effects, facts.at_ms, tenant, sandbox(transaction))
  return { effects, body: { watch: run.trace, ...named }, changes }
}

/** The decision as something that can be judged. */
function judgedOf({ context, facts, derivation }: Decided) {
  return proposalOf(context.id, {
    facts,
    decision: derivation.decision,
    proposal: true,
    redeemed: null,
    overridden: derivation.inputs.override !== null,
    clean: [],
    rehearsal: undefined,
    sampled: true,
    at_ms: facts.at_ms,
  })
}
