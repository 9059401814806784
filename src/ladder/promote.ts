import { authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { agentKey, boundsKey } from '../ledger/keys.ts'
import { recordOf } from '../ledger/new-record.ts'
import type { AuditRecord } from '../ledger/record.ts'
import type { Transaction } from '../ledger/store.ts'
import { type Level, LEVELS } from '../model/level.ts'
import type { ScopeKey } from '../model/scope.ts'
import { actsInScope, unknownAgent, unknownScope } from '../policy/known-names.ts'
import type { VerbDeps } from '../policy/operator-verbs.ts'
import { steppedClock } from '../policy/stepped-clock.ts'
import { promotionGates } from '../trust/promotion.ts'
import { type AgentTrust, newAgentTrust } from '../trust/stored-trust.ts'
import { constantsOfTier } from '../trust/tier-constants.ts'
import { ceilingsFor } from './rules/score-ceilings.ts'
import type { PromotionAnswer, PromotionReport } from './wire.ts'

/** A scope of an agent, in which it stands on a rung. */
export type AgentScope = { readonly agent: string; readonly scope: ScopeKey }

/** One rung up, if every gate is passed; "why not yet" is every gate with what there is and what is needed. */
export async function promote(
  deps: VerbDeps,
  caller: Caller,
  agentScope: AgentScope,
  { note }: PromotionReport,
): Promise<PromotionAnswer> {
  authorize(caller, 'promote')
  const by = { human: caller.person !== undefined, ...(note === undefined ? {} : { note }) }
  return evaluatePromotion(deps, caller, agentScope, by)
}

/** Who promotes: a person, or the timer where `human` is false; a person may leave a note. */
export type PromotedBy = { readonly human: boolean; readonly note?: string }

/** The evaluation of a promotion, by a person or by the timer. A refusal changes nothing and is not recorded. */
export async function evaluatePromotion(
  deps: VerbDeps,
  caller: Caller,
  { agent, scope }: AgentScope,
  by: PromotedBy,
): Promise<PromotionAnswer> {
  if (!deps.clockSteady()) throw steppedClock('nothing is promoted')
  const { tenant } = caller
  const nowMs = deps.nowMs()
  return deps.store.transact([agentKey(tenant, agent), boundsKey(tenant, agent)], (transaction) => {
    const { tier } = deps.policySet().catalogue.agent(agent)
    const constants = constantsOfTier(transaction.constants(), tier)
    const trust = knownTrust(deps, tenant, { agent, scope }, transaction)
    const ceilings = ceilingsFor(transaction, { tenant, agent, scope, nowMs }, constants)
    const gates = promotionGates(trust, scope, { nowMs, human: by.human, ceilings }, constants)
    const from = trust.scopes[scope]?.ladder.level ?? 0
    const to = LEVELS[from + 1]
    const common = { agent, scope, gates: [...gates], level_before: from }
    if (to === undefined || !gates.every((gate) => gate.passed))
      return { ...common, promoted: false, level_after: from, leaf_index: null, state_version: transaction.stateVersion() }
    const record = promotionRecord(deps, { caller, agent, scope, from, to, gates, by, nowMs })
    const { leafIndex } = transaction.append({ record })
    return { ...common, promoted: true, level_after: to, leaf_index: leafIndex, state_version: transaction.stateVersion() }
  })
}

/** The trust of an agent that there is, in a scope in which something can happen. Throws `not_found`. */
function knownTrust(deps: VerbDeps, tenant: string, { agent, scope }: AgentScope, transaction: Transaction): AgentTrust {
  const stored = transaction.document(agentKey(tenant, agent))
  const policySet = deps.policySet()
  const { catalogue } = policySet
  if (stored === undefined && !catalogue.agent(agent).known)
    throw unknownAgent(policySet, agent, 'path', 'list it under "agents" in the catalogue')
  const trust = stored ?? newAgentTrust()
  if (!Object.hasOwn(trust.scopes, scope) && !actsInScope(policySet, scope)) throw unknownScope(policySet, scope, 'path')
  return trust
}

type Promotion = AgentScope & {
  readonly caller: Caller
  readonly from: Level
  readonly to: Level
  readonly gates: ReturnType<typeof promotionGates>
  readonly by: PromotedBy
  readonly nowMs: number
}

function promotionRecord(
  { newId }: Pick<VerbDeps, 'newId'>,
  { caller, agent, scope, from, to, gates, by: { human, note }, nowMs }: Promotion,
): AuditRecord {
  return recordOf({
    kind: 'promotion',
    id: newId(),
    caller,
    atMs: nowMs,
    agent,
    body: { scope, from, to, gates, human, ...(note === undefined ? {} : { note }) },
    effects: [{ kind: 'promote', agent, scope, level: to, human, at_ms: nowMs }],
  })
}
