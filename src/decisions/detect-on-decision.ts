import { type DetectorRun, NO_DETECTOR_RUN, runDetectorsOnDecision } from '../evidence/detectors/run-detectors.ts'
import { proposalOf } from '../evidence/judged-decision.ts'
import { judgeEach } from '../evidence/raters/judge.ts'
import type { Judged } from '../evidence/rules/weighing.ts'
import { isIdentified } from '../ladder/rules/score-ceilings.ts'
import { consequencesOf } from '../ledger/changes.ts'
import type { Effect } from '../ledger/effect.ts'
import { project } from '../ledger/fold/fold.ts'
import { activityKey } from '../ledger/keys.ts'
import { sandbox } from '../ledger/sandbox.ts'
import type { Transaction } from '../ledger/store.ts'
import { ownBaseTerm } from '../pdp/terms.ts'
import type { TrustChange } from '../trust/trust-change.ts'
import type { Decided } from './decision-context.ts'
import { escalationAttempt, isAlarming, withEscalationAlarm } from './rules/escalation.ts'

/** What detectors did at a decision: effects and body of its record, and what became of levels. */
export type DecisionDetection = {
  readonly effects: readonly Effect[]
  readonly body: Readonly<Record<string, unknown>>
  readonly changes: readonly TrustChange[]
}

const NOTHING: DecisionDetection = { effects: [], body: {}, changes: [] }

/**
 * Lets detectors look at a decision of an agent of the catalogue that a credential vouches for; repeated permission escalation is an alarm
 * whether they look or not. Alarms act in the very write of the decision; `before`: what it let run or asked people, which they pause too.
 */
export function detectOnDecision(
  decided: Decided,
  before: readonly Effect[],
  newId: () => string,
  transaction: Transaction,
): DecisionDetection {
  const { context, facts } = decided
  const { observation, tenant, id } = context
  const judged = facts.agent.known ? judgedOf(decided) : null
  const attempt = escalationAttempt(facts, transaction.document(activityKey(tenant, context.accounts.own)))
  if (judged === null || (observation === undefined && !isAlarming(attempt))) return NOTHING
  const run = runOf(decided, judged, transaction)
  const evaluation = { tenant, nowMs: facts.at_ms, decisionId: id, knowsCanaries: true, untrustedJudge: false, newId }
  const verdicts = withEscalationAlarm(run.verdicts, attempt, facts.at_ms)
  const weighed = judgeEach(judged, verdicts, evaluation, { first: [], view: transaction })
  const state = sandbox(transaction)
  project(before, facts.at_ms, tenant, state)
  const { changes, named, effects } = consequencesOf([...run.effects, ...weighed], facts.at_ms, tenant, state)
  return { effects, body: { ...(observation === undefined ? {} : { watch: run.trace }), ...named }, changes }
}

/** What detectors make of a decision; nothing where none is on. */
function runOf({ context, facts, derivation }: Decided, judged: Judged, transaction: Transaction): DetectorRun {
  const { observation, tenant, policySet } = context
  if (observation === undefined) return NO_DETECTOR_RUN
  const { decision, inputs } = derivation
  const standing = { tenant, agent: judged.agent, nowMs: facts.at_ms, posture: facts.caller.posture }
  return runDetectorsOnDecision(
    {
      tenant,
      judged,
      digest: { ...observation, base_denied: ownBaseTerm(inputs.base).outcome === 'deny', ran: decision.decision },
      identified: isIdentified(transaction, standing, policySet.constants),
      classifierAnswers: facts.outside,
    },
    policySet,
    transaction,
  )
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
