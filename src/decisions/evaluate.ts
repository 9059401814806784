import { shownName, authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { classifyAction } from '../evidence/detectors/external-classifiers.ts'
import { invariant, ServiceError } from '../format/error.ts'
import { observeChanges } from '../ledger/changes.ts'
import { decideAndRecord, type EvaluateDeps } from './decide-and-record.ts'
import { decisionAnswer, unrecorded } from './decision-answer.ts'
import { decisionContext } from './decision-context.ts'
import type { DecisionRequest } from './decision-request.ts'
import { liveDecisions } from './live-decisions.ts'
import { observeDecision, observeDuties } from './observe-decision.ts'
import { NO_APPROVAL } from './rules/approval-facts.ts'
import type { DecisionAnswer } from './wire.ts'

/**
 * One request, start to end: external classifiers → context → facts → risk → base → graduation → decide → reserve and record → answer.
 * One policy set, one timestamp and one id hold for the whole of it. A decision that is not recorded is not answered above `suggest`.
 */
export async function evaluate(deps: EvaluateDeps, caller: Caller, asked: DecisionRequest): Promise<DecisionAnswer> {
  authorize(caller, 'decide')
  refuseForOthers(caller, asked)
  const { request } = asked
  const classifierAnswers = await classifyAction(deps, { request, caller }, deps.policySet())
  const context = decisionContext({
    id: deps.newId(),
    atMs: deps.nowMs(),
    asked,
    request,
    caller,
    policySet: deps.policySet(),
    classifierAnswers,
    clockSteady: deps.clockSteady(),
    rehearsal: deps.rehearsal(),
  })
  const recorded = await decideAndRecord(deps, context, liveDecisions(deps, asked))
  if (recorded.kind === 'recorded') {
    const { decided, consequences, stateVersion, leafIndex, seconds } = recorded
    deps.observe({ kind: 'step', protocol: asked.protocol, step: 'record', seconds })
    observeDecision(deps, asked, decided.derivation)
    observeDuties(deps, decided, consequences.told ?? [])
    observeChanges(deps, consequences.changes)
    return decisionAnswer(decided, consequences.approval, { stateVersion, leafIndex })
  }
  invariant(recorded.kind === 'unrecorded', 'the id of a live decision is new')
  const { decided, error, stateVersion } = recorded
  deps.observe({ kind: 'degraded', cause: error.code })
  return unrecorded(decisionAnswer(decided, NO_APPROVAL, { stateVersion, leafIndex: null }), error)
}

/** An agent's own credential asks for itself only. */
function refuseForOthers(caller: Caller, { request: { subject } }: DecisionRequest): void {
  if (caller.agent === undefined || caller.agent === subject.id) return
  throw new ServiceError(
    'forbidden',
    `the credential "${shownName(caller)}" belongs to the agent "${caller.agent}" and cannot ask for "${subject.id}"`,
    { place: { pointer: '/subject/id' } },
  )
}
