import { missesFound } from '../evidence/sampling.ts'
import type { DecisionFacts } from '../ledger/decision-facts.ts'
import type { Effect } from '../ledger/effect.ts'
import type { View } from '../ledger/store.ts'
import { modeOfFacts } from '../policy/modes.ts'
import type { DecisionKind, EvaluateDeps } from './decide-and-record.ts'
import type { Decided, DecisionContext } from './decision-context.ts'
import { type Consequences, seenEffects } from './decision-record.ts'
import type { DecisionRequest } from './decision-request.ts'
import { detectOnDecision } from './detect-on-decision.ts'
import { gatherFacts } from './facts.ts'
import { holdNewAgent, newAgentOwner } from './new-agent-hold.ts'
import { timedSteps } from './observe-decision.ts'
import type { StepSeconds } from './record-detail.ts'
import { type ApprovalOutcome, approvalOutcome, withApprovalFacts } from './rules/approval-facts.ts'
import { chargesOf } from './rules/guardrail-budgets.ts'
import { drawSpotCheck } from './spot-check.ts'
import { tellDuties } from './tell-duties.ts'
import { owedEffects, verificationOf } from './verification-duty.ts'

/** What becomes of approvals. What ran by one owes its own verification: the proposal that asked for it does no more. */
function approvalEffects({ context }: Decided, { redeemed, effects }: ApprovalOutcome): readonly Effect[] {
  if (redeemed === null) return effects
  return [{ kind: 'release', agent: context.accounts.own, decision_id: redeemed }, ...effects]
}

/**
 * What a decision does whose caller nobody vouches for: people may be asked about it, and a yes of theirs is used up. Nothing is charged,
 * owed, seen, detected or told of the agent that it names, or naming an agent would be enough to bring it down.
 */
function ofStranger(approval: ApprovalOutcome, seconds: StepSeconds): Consequences {
  return { approval, verification: null, changes: [], body: {}, seconds, effects: approval.effects }
}

function liveFacts({ modeKey }: EvaluateDeps, context: DecisionContext, view: View): DecisionFacts {
  const facts = withApprovalFacts(gatherFacts(context, view), context, view)
  return { ...facts, mode: modeOfFacts(context.policySet.settings.modes, facts, context.request, modeKey) }
}

/** Decisions of requests that are answered: people may be asked, detectors look, verification is drawn, new agents are held back. */
export function liveDecisions(deps: EvaluateDeps, asked: DecisionRequest, seconds: StepSeconds = {}): DecisionKind {
  return {
    factsOf: (context, view) => liveFacts(deps, context, view),
    isOutdated: (context, facts, view) => withApprovalFacts(facts, context, view).approval?.problem !== facts.approval?.problem,
    prepare: (context, view) => {
      const owner = context.caller.credential === null ? null : newAgentOwner(context, view)
      return owner === null ? null : () => holdNewAgent(deps, { tenant: context.tenant, agent: context.agent.id, owner })
    },
    consequencesOf: (decided, transaction) => {
      const approval = approvalOutcome(decided, transaction)
      if (decided.facts.caller.vouched === false) return ofStranger(approval, seconds)
      const verification = verificationOf(decided, deps.modeKey, transaction)
      const charged = [...chargesOf(decided, verification), ...owedEffects(decided, verification)]
      const detection = detectOnDecision(decided, [...charged, ...approval.effects], deps.newId, transaction)
      const duties = tellDuties(decided, transaction)
      const review = drawSpotCheck(decided, verification, deps.modeKey, transaction)
      return {
        approval,
        verification,
        changes: detection.changes,
        body: { ...detection.body, ...duties.body, ...review.body },
        told: duties.told,
        seconds,
        effects: [
          ...seenEffects(decided),
          ...missesFound(charged, { tenant: decided.context.tenant, nowMs: decided.context.atMs }, transaction),
          ...charged,
          ...approvalEffects(decided, approval),
          ...detection.effects,
          ...duties.effects,
          ...review.effects,
        ],
      }
    },
    timed: timedSteps(deps, asked, seconds),
    mayRepeat: false,
  }
}
