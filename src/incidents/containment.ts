import { authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { canonicalJson } from '../format/canonical-json.ts'
import { ServiceError } from '../format/error.ts'
import { consequencesOf } from '../ledger/changes.ts'
import type { Effect } from '../ledger/effect.ts'
import { inboxKey, pausesKey, tenantKey } from '../ledger/keys.ts'
import { pauseOwner } from '../ledger/fold/pauses.ts'
import { sandbox } from '../ledger/sandbox.ts'
import { actsInScope, didYouMean, scopeFix } from '../policy/known-names.ts'
import { type VerbDeps, recordOperatorAction } from '../policy/operator-verbs.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import type { ContainmentAnswer, ContainmentReport, ContainmentsAnswer } from './wire.ts'

/**
 * Takes an action, scope, agent or the whole tenant out of service at once. An agent that is not in the catalogue may well be running,
 * so it can be contained too, and the answer says that nobody knows it; an action or scope that reaches nothing is refused. The same
 * target for the same reason is contained once, however often it is asked for.
 */
export async function contain(deps: VerbDeps, caller: Caller, report: ContainmentReport): Promise<ContainmentAnswer> {
  authorize(caller, 'contain')
  const policySet = deps.policySet()
  refuseUnreached(report, policySet)
  const id = deps.newId()
  const atMs = deps.nowMs()
  const { target, reason } = report
  const containment = { id, target, by: 'person' as const, reason, at_ms: atMs }
  const answer = { target, known: isKnown(report, policySet), in_force: true }
  const { tenant } = caller
  const documentKeys = [tenantKey(tenant), inboxKey(tenant), pausesKey(tenant, pauseOwner(target))]
  return deps.store.transact(documentKeys, (transaction) => {
    const same = (transaction.document(tenantKey(caller.tenant))?.containments ?? []).find(
      (each) => each.by === 'person' && each.reason === reason && canonicalJson(each.target) === canonicalJson(target),
    )
    if (same !== undefined) return { ...answer, id: same.id, leaf_index: null, state_version: transaction.stateVersion() }
    const contained: Effect = { kind: 'contain', containment }
    const { effects } = consequencesOf([contained], atMs, caller.tenant, sandbox(transaction))
    const body = { verb: 'contain', containment }
    return { ...answer, id, ...recordOperatorAction(deps, { caller, atMs, agent: agentIn(report), body, effects }, transaction) }
  })
}

/** What is out of service in the caller's tenant, in the order in which it was contained. */
export async function containments(deps: VerbDeps, caller: Caller): Promise<ContainmentsAnswer> {
  authorize(caller, 'read_steering')
  const all = await deps.store.read(
    [tenantKey(caller.tenant)],
    (view) => view.document(tenantKey(caller.tenant))?.containments ?? [],
  )
  return { containments: all.map(({ at_ms, ...each }) => ({ ...each, at: new Date(at_ms).toISOString() })) }
}

type Targeted = Pick<ContainmentReport, 'target'>

/** Refuses what no request could ever meet: in an emergency a typing error must not look like success. */
function refuseUnreached({ target }: Targeted, policySet: PolicySet): void {
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
export async function lift(deps: VerbDeps, caller: Caller, containmentId: string): Promise<ContainmentAnswer> {
  authorize(caller, 'contain')
  const { tenant } = caller
  const atMs = deps.nowMs()
  return deps.store.transact([tenantKey(tenant)], (transaction) => {
    const containment = transaction.document(tenantKey(tenant))?.containments.find(({ id }) => id === containmentId)
    if (containment === undefined)
      throw new ServiceError('not_found', `there is no containment "${containmentId}"`, { fix: 'see GET /api/v1/containments' })
    const effects: readonly Effect[] = [{ kind: 'lift', id: containmentId }]
    const body = { verb: 'lift', containment }
    return {
      id: containmentId,
      target: containment.target,
      known: isKnown(containment, deps.policySet()),
      in_force: false,
      ...recordOperatorAction(deps, { caller, atMs, agent: agentIn(containment), body, effects }, transaction),
    }
  })
}
