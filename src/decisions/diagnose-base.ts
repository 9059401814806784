import { authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { agentsOf, partiesOf } from '../access/parties.ts'
import { accountsOf } from '../ledger/accounts.ts'
import type { Store } from '../ledger/store.ts'
import type { PolicyEvaluation } from '../model/evaluation.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import type { DecisionRequest } from './ask.ts'
import { derive } from './derive.ts'
import { gatherFacts } from './facts.ts'

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
export async function diagnoseBase(deps: DiagnoseDeps, caller: Caller, ask: DecisionRequest): Promise<PolicyEvaluation> {
  authorize(caller, 'diagnose_base')
  const { request, baseInput } = ask
  const policySet = deps.policySet()
  const entrypoint = ask.entrypoint ?? policySet.settings.base.entrypoint
  const { tenant } = caller
  const parties = partiesOf(request, caller)
  const { watched } = accountsOf(parties, (id) => policySet.catalogue.agent(id).known)
  const touches = [
    { kind: 'tenant' as const, tenant, id: '' },
    ...agentsOf(parties).map((id) => ({ kind: 'agent' as const, tenant, id })),
    ...watched.map((id) => ({ kind: 'activity' as const, tenant, id })),
  ]
  const facts = await deps.store.read(touches, (view) => gatherFacts(request, caller, policySet, view, deps.nowMs()))
  const { base } = await derive({ request, baseInput, entrypoint }, facts, policySet)
  return base
}
