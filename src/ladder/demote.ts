import { authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { ServiceError } from '../format/error.ts'
import { consequencesOf } from '../ledger/changes.ts'
import type { Effect } from '../ledger/effect.ts'
import { agentKey } from '../ledger/keys.ts'
import { sandbox } from '../ledger/sandbox.ts'
import type { ScopeKey } from '../model/scope.ts'
import { scopeFix, unknownAgent } from '../policy/known-names.ts'
import { recordOperatorAction, type VerbDeps } from '../policy/operator-verbs.ts'
import { demoteScope as demoted } from '../trust/demotion.ts'
import { newAgentTrust } from '../trust/stored-trust.ts'
import type { AgentScope } from './promote.ts'
import type { DemotionAnswer, DemotionReport } from './wire.ts'

/**
 * A person takes the rungs of a scope above a level away, deliberately: no strike, but the way up begins anew. Asked for again it
 * changes nothing and writes nothing.
 */
export async function demote(
  deps: VerbDeps,
  caller: Caller,
  { agent, scope }: AgentScope,
  { level, reason }: DemotionReport,
): Promise<DemotionAnswer> {
  authorize(caller, 'demote')
  const { tenant } = caller
  const key = agentKey(tenant, agent)
  const nowMs = deps.nowMs()
  return deps.store.transact([key], (transaction) => {
    const before = transaction.document(key) ?? newAgentTrust()
    const from = Object.hasOwn(before.scopes, scope) ? before.scopes[scope]?.ladder.level : undefined
    if (from === undefined) throw nothingGranted(deps, agent, scope, transaction.document(key) !== undefined)
    if (level > from)
      throw new ServiceError('conflict', `agent "${agent}" stands at L${from} in "${scope}", and a demotion leads down`, {
        place: { pointer: '/level' },
        fix: `name L${from} or a lower level; the way up is a promotion`,
      })
    const effects: readonly Effect[] = [{ kind: 'demote', agent, scope, level }]
    const common = { agent, scope, level_before: from, level_after: level }
    if (demoted(before, { scope, level, nowMs }, transaction.constants()).agent === before)
      return { ...common, demoted: false, changes: [], leaf_index: null, state_version: transaction.stateVersion() }
    const { changes, named, effects: all } = consequencesOf(effects, nowMs, tenant, sandbox(transaction))
    const body = { verb: 'demote', scope, from, to: level, reason, ...named }
    const written = recordOperatorAction(deps, { caller, atMs: nowMs, agent, body, effects: all }, transaction)
    if (level < from) deps.observe({ kind: 'demotion', from, to: level })
    return { ...common, demoted: level < from, changes: [...changes], ...written }
  })
}

/** Nothing was ever granted there: a typing error must not look like success. */
function nothingGranted(deps: VerbDeps, agent: string, scope: ScopeKey, isKnown: boolean): ServiceError {
  const policySet = deps.policySet()
  const { catalogue } = policySet
  if (!isKnown && !catalogue.agent(agent).known) return unknownAgent(policySet, agent, 'path', 'see "agents" in the catalogue')
  return new ServiceError('not_found', `agent "${agent}" has done nothing in a scope "${scope}", so it stands at L0 there`, {
    fix: scopeFix(policySet, scope),
  })
}
