import { authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import type { Store } from '../ledger/store.ts'
import type { PolicyEvaluation } from '../model/evaluation.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import type { DecisionRequest } from './decision-request.ts'
import { derive } from './derive.ts'
import { gatherFacts } from './facts.ts'
import { factKeys, requestContext } from './request-context.ts'

/** What a diagnosis needs from outside. */
export type DiagnoseDeps = {
  readonly store: Store
  readonly policySet: () => PolicySet
  readonly nowMs: () => number
}

/**
 * What the base itself answers: derived as a decision is, so that it is given exactly what a decision for this caller would give
 * it, but nothing is graduated, recorded or charged. An entrypoint that is not there is a failure with the cause `entrypoint`.
 */
export async function diagnoseBase(deps: DiagnoseDeps, caller: Caller, asked: DecisionRequest): Promise<PolicyEvaluation> {
  authorize(caller, 'diagnose_base')
  const { request, baseInput } = asked
  const policySet = deps.policySet()
  const entrypoint = asked.entrypoint ?? policySet.settings.base.entrypoint
  const context = requestContext({ request, caller, policySet, atMs: deps.nowMs() })
  const facts = await deps.store.read(factKeys(context), (view) => gatherFacts(context, view))
  const { base } = await derive({ question: { request, baseInput, entrypoint, reading: context.reading }, facts, policySet })
  return base
}
