import { authorize, refuseSelf } from './authority.ts'
import type { PolicySet } from './policy-set.ts'
import { recordOf } from './records.ts'
import { actsInScope, didYouMean, scopeFix } from './steering-names.ts'
import { tenantKey, type SteeringDeps } from './steering.ts'
import type { Caller } from '../model/caller.ts'
import { ServiceError } from '../model/error.ts'
import type { ContainmentAnswer, ContainmentReport } from '../model/wire.ts'

/**
 * Takes an action, scope, agent or the whole tenant out of service at once. An agent that is not in the catalogue may well be running,
 * so it can be contained too, and the answer says that nobody knows it; an action or scope that reaches nothing is refused.
 */
export async function contain(deps: SteeringDeps, caller: Caller, report: ContainmentReport): Promise<ContainmentAnswer> {
  authorize(caller, 'contain')
  refuseOwnContainment(caller)
  const policySet = deps.policySet()
  refuseNothing(report, policySet)
  const id = deps.newId()
  const atMs = deps.nowMs()
  const containment = { id, target: report.target, by: 'person' as const, reason: report.reason, at_ms: atMs }
  return deps.store.transact([tenantKey(caller.tenant)], (transaction) => {
    const { leafIndex } = transaction.append({
      record: recordOf({
        kind: 'operator',
        id: deps.newId(),
        caller,
        atMs,
        agent: agentIn(report),
        body: { verb: 'contain', containment },
        effects: [{ kind: 'contain', containment }],
      }),
    })
    return {
      id,
      target: report.target,
      known: isKnown(report, policySet),
      in_force: true,
      leaf_index: leafIndex,
      state_version: transaction.stateVersion(),
    }
  })
}

/** What is contained may always be the agent itself, or all agents: no agent's credential decides it, in either direction. */
function refuseOwnContainment(caller: Caller): void {
  refuseSelf(caller, caller.agent === undefined ? [] : [caller.agent])
}

type Targeted = Pick<ContainmentReport, 'target'>

/** Refuses what no request could ever meet: in an emergency a typing error must not look like success. */
function refuseNothing({ target }: Targeted, policySet: PolicySet): void {
  const { tools } = policySet.catalogue
  if (target.kind === 'scope' && !actsInScope(policySet, target.scope))
    throw new ServiceError('bad_request', `no action has the scope "${target.scope}"`, {
      place: { pointer: '/target/scope' },
      fix: scopeFix(policySet, target.scope),
    })
  // Without a catalogue nothing tells a name from a typing error.
  if (target.kind === 'action' && tools.length > 0 && !tools.includes(target.action))
    throw new ServiceError('bad_request', `there is no action "${target.action}" in the catalogue`, {
      place: { pointer: '/target/action' },
      fix: didYouMean(target.action, tools, 'contain the scope "unknown", which is all actions that the catalogue does not list'),
    })
}

/** Whether the catalogue knows the agent and the action that are named. */
function isKnown({ target }: Targeted, { catalogue }: PolicySet): boolean {
  const agent = 'agent' in target ? target.agent : undefined
  return (
    (agent === undefined || catalogue.agent(agent).known) && (target.kind !== 'action' || catalogue.tools.includes(target.action))
  )
}

function agentIn({ target }: Targeted): string | null {
  return 'agent' in target ? (target.agent ?? null) : null
}

/** Puts a containment out of force. */
export async function lift(deps: SteeringDeps, caller: Caller, containmentId: string): Promise<ContainmentAnswer> {
  authorize(caller, 'contain')
  refuseOwnContainment(caller)
  const { tenant } = caller
  const atMs = deps.nowMs()
  return deps.store.transact([tenantKey(tenant)], (transaction) => {
    const containment = transaction.document(tenantKey(tenant))?.containments.find(({ id }) => id === containmentId)
    if (containment === undefined) throw new ServiceError('not_found', `there is no containment "${containmentId}"`)
    const { leafIndex } = transaction.append({
      record: recordOf({
        kind: 'operator',
        id: deps.newId(),
        caller,
        atMs,
        agent: agentIn(containment),
        body: { verb: 'lift', containment },
        effects: [{ kind: 'lift', id: containmentId }],
      }),
    })
    return {
      id: containmentId,
      target: containment.target,
      known: isKnown(containment, deps.policySet()),
      in_force: false,
      leaf_index: leafIndex,
      state_version: transaction.stateVersion(),
    }
  })
}
