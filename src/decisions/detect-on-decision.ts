import { runDetectorsOnDecision } from '../evidence/detectors/run-detectors.ts'
import { proposalOf } from '../evidence/judged-decision.ts'
import { judgeEach } from '../evidence/raters/judge.ts'
import { isIdentified } from '../ladder/score-ceilings.ts'
import { consequencesOf } from '../ledger/changes.ts'
import type { DecisionFacts } from '../ledger/decision-facts.ts'
import type { Effect } from '../ledger/effect.ts'
import { sandbox } from '../ledger/sandbox.ts'
import type { Transaction } from '../ledger/store.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import type { TrustChange } from '../trust/trust-change.ts'
import type { DecisionRequest } from './ask.ts'
import type { Derivation } from './derive.ts'

/** What detectors did at a decision: effects and body of its record, and what became of levels. */
export type DecisionDetection = {
  readonly effects: readonly Effect[]
  readonly body: Readonly<Record<string, unknown>>
  readonly changes: readonly TrustChange[]
}

const NOTHING: DecisionDetection = { effects: [], body: {}, changes: [] }

type Decided = {
  readonly id: string
  readonly ask: Pick<DecisionRequest, 'request'>
  readonly facts: DecisionFacts
  readonly derivation: Derivation
  readonly newId: () => string
}

/** Lets detectors look at a decision of an agent of the catalogue that a credential vouches for. Alarms act in the very write of the decision. */
export function detectOnDecision(
  { id, ask, facts, derivation, newId }: Decided,
  policySet: PolicySet,
  transaction: Transaction,
): DecisionDetection {
  if (policySet.settings.detectors.layers.length === 0 || !facts.agent.known) return NOTHING
  const { decision, override } = { ...derivation, override: derivation.inputs.override }
  const recorded = {
    facts,
    decision,
    proposal: true,
    redeemed: null,
    overridden: override !== null,
    clean: [],
    rehearsal: undefined,
    sampled: true,
    at_ms: facts.at_ms,
  }
  const judged = proposalOf(id, recorded)
  if (judged === null) return NOTHING
  const { tenant } = facts.caller
  const asked = { tenant, request: ask.request, action: facts.action, atMs: facts.at_ms, outside: facts.outside }
  const did = {
    base_denied: decision.base === 'deny',
    ran: decision.decision,
    identified: isIdentified(
      transaction,
      { tenant, agent: judged.agent, nowMs: facts.at_ms, posture: facts.caller.posture },
      policySet.constants,
    ),
  }
  const watching = runDetectorsOnDecision(asked, judged, did, policySet, transaction)
  const saying = { tenant, nowMs: facts.at_ms, decisionId: id, knowsCanaries: true, untrustedJudge: false, newId }
  const weighed = judgeEach(judged, watching.verdicts, saying, { first: [], view: transaction })
  const effects = [...watching.effects, ...weighed]
  const { changes, named } = consequencesOf(effects, facts.at_ms, tenant, sandbox(transaction))
  return { effects, body: { watch: watching.trace, ...named }, changes }
}
