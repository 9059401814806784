import { authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { ServiceError } from '../format/error.ts'
import { agentKey, boundsKey } from '../ledger/keys.ts'
import { recordOf } from '../ledger/new-record.ts'
import { LEVELS } from '../model/level.ts'
import type { ScopeKey } from '../model/scope.ts'
import { actsInScope, didYouMean, scopeFix } from '../policy/known-names.ts'
import type { VerbDeps } from '../policy/operator-verbs.ts'
import { newAgentTrust } from '../trust/agent-trust.ts'
import { promotionGates } from '../trust/promotion.ts'
import { ceilingsFor } from './score-ceilings.ts'
import type { PromotionAnswer, PromotionReport } from './wire.ts'

/** One rung up, if every gate is passed; "why not yet" is every gate with what there is and what is needed. */
export async function promote(
  deps: VerbDeps,
  caller: Caller,
  agent: string,
  scope: ScopeKey,
  report: PromotionReport,
): Promise<PromotionAnswer> {
  authorize(caller, 'promote')
  return evaluatePromotion(deps, caller, agent, scope, {
    human: caller.person !== undefined,
    ...(report.note === undefined ? {} : { note: report.note }),
  })
}

/** The evaluation of a promotion, by a person or by the timer. A refusal changes nothing and is not recorded. */
export async function evaluatePromotion(
  deps: VerbDeps,
  caller: Caller,
  agent: string,
  scope: ScopeKey,
  by: { readonly human: boolean; readonly note?: string },
): Promise<PromotionAnswer> {
  if (!deps.clockSteady())
    throw new ServiceError('not_ready', 'the clock stepped: nothing is promoted until it is steady', {
      fix: 'check time synchronisation',
    })
  const { tenant } = caller
  const nowMs = deps.nowMs()
  return deps.store.transact([agentKey(tenant, agent), boundsKey(tenant, agent)], (transaction) => {
    const constants = transaction.constants()
    const stored = transaction.document(agentKey(tenant, agent))
    const policySet = deps.policySet()
    const { catalogue } = policySet
    if (stored === undefined && !catalogue.agent(agent).known)
      throw new ServiceError('not_found', `there is no agent "${agent}"`, {
        fix: didYouMean(agent, catalogue.agents, 'list it under "agents" in the catalogue'),
      })
    const before = stored ?? newAgentTrust()
    if (!Object.hasOwn(before.scopes, scope) && !actsInScope(policySet, scope))
      throw new ServiceError('not_found', `no action has the scope "${scope}"`, {
        fix: scopeFix(policySet, scope),
      })
    const ceilings = ceilingsFor(transaction, { tenant, agent, scope, nowMs }, constants)
    const gates = promotionGates(before, scope, { nowMs, human: by.human, ceilings }, constants)
    const from = before.scopes[scope]?.ladder.level ?? 0
    const to = LEVELS[from + 1]
    const granted = to !== undefined && gates.every((gate) => gate.passed)
    const common = { agent, scope, gates: [...gates], level_before: from }
    if (!granted)
      return { ...common, promoted: false, level_after: from, leaf_index: null, state_version: transaction.stateVersion() }
    const { leafIndex } = transaction.append({
      record: recordOf({
        kind: 'promotion',
        id: deps.newId(),
        caller,
        atMs: nowMs,
        agent,
        body: { scope, from, to, gates, human: by.human, ...(by.note === undefined ? {} : { note: by.note }) },
        effects: [{ kind: 'promote', agent, scope, level: to, human: by.human, at_ms: nowMs }],
      }),
    })
    return { ...common, promoted: true, level_after: to, leaf_index: leafIndex, state_version: transaction.stateVersion() }
  })
}
