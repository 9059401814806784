import { UNKNOWN_AGENTS_ACCOUNT } from './accounts.ts'
import type { AgentChange } from '../trust/trust-change.ts'
import { reaches } from './containment-reach.ts'
import { type Pause, PAUSED_NAMED_MAX } from './documents/pause.ts'
import type { Effect, EffectOf } from './effect.ts'
import { isPausedBy, partiesOfApproval, pauseOwner, targetName } from './fold/pauses.ts'
import type { Moment, ProjectionState } from './fold/state.ts'
import { activityKey, approvalKey, inboxKey } from './keys.ts'

type Cause = Pick<Pause, 'id' | 'cause' | 'target'>

/**
 * What a write pauses besides what it does to trust: each incident, containment and demotion pauses the approvals and reservations that it
 * reaches. Nothing where an incident or a demotion reaches none. `state` is that after the effects.
 */
export function pauseEffects(
  effects: readonly Effect[],
  changes: readonly AgentChange[],
  moment: Moment,
  state: ProjectionState,
): readonly Effect[] {
  const known = effects.flatMap((effect) => (effect.kind === 'paused' ? [effect.pause.id] : []))
  return causesOf(effects, changes, moment.nowMs)
    .filter(({ id }) => !known.includes(id))
    .map((cause) => pausedBy(cause, moment, state))
    .filter(({ pause, ...named }) => pause.cause === 'containment' || isAny(named))
}

/** One cause for each target; where an incident takes a level away too, the incident. */
function causesOf(effects: readonly Effect[], changes: readonly AgentChange[], nowMs: number): readonly Cause[] {
  const contained = effects.flatMap((effect): readonly Cause[] =>
    effect.kind === 'contain' ? [{ id: effect.containment.id, cause: 'containment', target: effect.containment.target }] : [],
  )
  const incidents = changes.flatMap((change): readonly Cause[] =>
    change.kind === 'incident_raised'
      ? [{ id: change.incident, cause: 'incident', target: targetOf(change.agent, change.scope) }]
      : [],
  )
  const demotions = changes.flatMap(({ agent, ...change }): readonly Cause[] =>
    change.kind === 'demoted'
      ? [{ id: `${change.scope}:${nowMs}`, cause: 'demotion', target: targetOf(agent, change.scope) }]
      : [],
  )
  const byTarget = new Map<string, Cause>()
  for (const cause of [...contained, ...incidents, ...demotions]) {
    const name = targetName(cause.target)
    const isCovered = cause.cause === 'demotion' && byTarget.has(targetName(targetOf(pauseOwner(cause.target), null)))
    if (!byTarget.has(name) && !isCovered) byTarget.set(name, cause)
  }
  return [...byTarget.values()]
}

function targetOf(agent: string, scope: string | null): Pause['target'] {
  return scope === null ? { kind: 'agent', agent } : { kind: 'scope', agent, scope }
}

function isAny({ approvals, reservations, complete }: Pick<EffectOf<'paused'>, 'approvals' | 'reservations' | 'complete'>) {
  return approvals.length > 0 || reservations.length > 0 || !complete
}

function pausedBy(pause: Cause, moment: Moment, state: ProjectionState): EffectOf<'paused'> {
  const approvals = approvalsPausedBy(pause, moment, state)
  const reservations = outstandingOf(pauseOwner(pause.target), pause, moment, state)
  // Agents outside the catalogue share an account, and who of them it was stands only in the records.
  const strangers = outstandingOf(UNKNOWN_AGENTS_ACCOUNT, pause, moment, state)
  const isWhole = approvals.length <= PAUSED_NAMED_MAX && reservations.length <= PAUSED_NAMED_MAX && strangers.length === 0
  return {
    kind: 'paused',
    pause,
    approvals: approvals.slice(0, PAUSED_NAMED_MAX),
    reservations: reservations.slice(0, PAUSED_NAMED_MAX),
    // A containment also reaches what only names the agent, or whatever anybody does.
    complete: pause.cause !== 'containment' && isWhole,
  }
}

/** Ids of the decisions whose open approval a pause reaches; one more than is named shows that there are more. */
function approvalsPausedBy(pause: Cause, { tenant, nowMs }: Moment, state: ProjectionState): readonly string[] {
  const agent = pauseOwner(pause.target)
  const found: string[] = []
  for (const each of state.document(inboxKey(tenant))?.open ?? []) {
    if (found.length > PAUSED_NAMED_MAX) break
    if (each.until_ms <= nowMs || (pause.cause !== 'containment' && each.agent !== agent)) continue
    const approval = state.document(approvalKey(tenant, each.request_digest))
    if (approval !== undefined && isPausedBy(pause, partiesOfApproval(approval))) found.push(each.id)
  }
  return found
}

/** Decisions of an account that were let run, are not verified yet, and are in what a pause reaches. */
function outstandingOf(account: string, { target }: Cause, { tenant, nowMs }: Moment, state: ProjectionState): readonly string[] {
  if (account === '') return []
  const agents = [pauseOwner(target)]
  const { outstanding = [] } = state.document(activityKey(tenant, account)) ?? {}
  return outstanding
    .filter(({ verify_by_ms, scope, tool }) => verify_by_ms > nowMs && reaches(target, { agents, scope, action: tool }))
    .map(({ decision_id }) => decision_id)
}
