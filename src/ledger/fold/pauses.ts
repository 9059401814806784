import { isSameActor } from '../../access/actor-name.ts'
import { DAY_MS } from '../../format/time.ts'
import type { ScopeKey } from '../../model/scope.ts'
import { reaches } from '../containment-reach.ts'
import type { Approval } from '../documents/approval.ts'
import type { ContainmentTarget } from '../documents/containment.ts'
import { type Pause, PAUSES_MAX, type Resumption, RESUMED_MAX } from '../documents/pause.ts'
import type { EffectOf } from '../effect.ts'
import type { PAUSE_EFFECTS } from '../effects/pauses.ts'
import { activityKey, approvalKey, pausesKey } from '../keys.ts'
import { type FoldRules, type Moment, NO_CHANGES, type ProjectionState } from './state.ts'

/** How long a pause is remembered, ms: longer than any approval can be used, and any reservation can be outstanding. */
const PAUSE_MEMORY_MS = 31 * DAY_MS

/** Pauses begin, and people end them for one approval or reservation at a time. */
export const PAUSE_RULES: FoldRules<keyof typeof PAUSE_EFFECTS> = {
  paused: ({ pause }, { tenant, nowMs }, state) => {
    const key = pausesKey(tenant, pauseOwner(pause.target))
    const others = (state.document(key)?.marks ?? []).filter(
      (each) => each.at_ms > nowMs - PAUSE_MEMORY_MS && targetName(each.target) !== targetName(pause.target),
    )
    state.put(key, { marks: bounded([...others, { ...pause, at_ms: nowMs }]) })
    return NO_CHANGES
  },
  resumed: (effect, moment, state) => {
    resumeApproval(effect, moment, state)
    for (const account of effect.accounts) resumeReservation(effect, activityKey(moment.tenant, account), state)
    return NO_CHANGES
  },
}

/** Under which agent a pause of this target is kept; the empty text where it names none. */
export function pauseOwner(target: ContainmentTarget): string {
  return target.kind === 'tenant' ? '' : (target.agent ?? '')
}

/** What tells one target from another. */
export function targetName(target: ContainmentTarget): string {
  const part = target.kind === 'scope' ? target.scope : target.kind === 'action' ? target.action : ''
  return JSON.stringify([target.kind, pauseOwner(target), part])
}

/** The two oldest become one that reaches the whole agent, or the tenant: nothing that was paused goes on because there are many. */
function bounded(marks: readonly Pause[]): Pause[] {
  const [first, second, ...rest] = marks
  if (marks.length <= PAUSES_MAX || first === undefined || second === undefined) return [...marks]
  const agent = pauseOwner(second.target)
  const cause = first.cause === 'containment' ? first.cause : second.cause
  return [{ ...second, cause, target: agent === '' ? { kind: 'tenant' } : { kind: 'agent', agent } }, ...rest]
}

type Resumed = EffectOf<'resumed'>

function resumeApproval({ request_digest, resumption }: Resumed, { tenant }: Moment, state: ProjectionState): void {
  if (request_digest === null) return
  const key = approvalKey(tenant, request_digest)
  const before = state.document(key)
  if (before !== undefined) state.put(key, { ...before, resumptions: withResumption(before.resumptions, resumption) })
}

function resumeReservation(
  { decision_id, resumption }: Resumed,
  key: ReturnType<typeof activityKey>,
  state: ProjectionState,
): void {
  const before = state.document(key)
  if (before === undefined) return
  const outstanding = before.outstanding.map((each) =>
    each.decision_id === decision_id ? { ...each, resumptions: withResumption(each.resumptions, resumption) } : each,
  )
  state.put(key, { ...before, outstanding })
}

/** What people said so far, each once, with one more word. */
function withResumption(before: readonly Resumption[] = [], { person, pauses }: Resumption): Resumption[] {
  const former = before.find((each) => isSameActor(each.person, person))?.pauses ?? []
  const all = [...new Set([...former, ...pauses])].slice(-RESUMED_MAX)
  return [...before.filter((each) => !isSameActor(each.person, person)), { person, pauses: all }]
}

/** An approval or a reservation, as far as pauses are about it. */
export type Pausable = {
  /** Agents whose it is. */
  readonly own: readonly string[]
  /** Everybody whom its request comes from or names. */
  readonly named: readonly string[]
  readonly scope: ScopeKey
  readonly action: string
  /** When it was asked for or let run, ms since 1970. */
  readonly since_ms: number
  readonly resumptions: readonly Resumption[]
  /** Distinct people who have to say that it goes on. */
  readonly approvers_needed: number
}

/** Whose an approval is, whom its request names, and what it is about. */
export function partiesOfApproval({
  agent,
  not_by,
  scope,
  action,
}: Approval): Pick<Pausable, 'own' | 'named' | 'scope' | 'action'> {
  const own = agent === null ? [] : [agent]
  return { own, named: [...own, ...not_by], scope, action }
}

/** Whether a pause is about something: an incident or a demotion where it is the agent's own, a containment also where it names it. */
export function isPausedBy(
  { cause, target }: Pick<Pause, 'cause' | 'target'>,
  { own, named, scope, action }: Pick<Pausable, 'own' | 'named' | 'scope' | 'action'>,
): boolean {
  return reaches(target, { agents: cause === 'containment' ? named : own, scope, action })
}

/** The pauses that hold something: those that came after it, reach it, and that not enough people ended for it. */
export function standingPauses(thing: Pausable, marks: readonly Pause[]): readonly Pause[] {
  return marks.filter(
    (mark) =>
      mark.at_ms >= thing.since_ms && isPausedBy(mark, thing) && resumedBy(mark.id, thing).length < thing.approvers_needed,
  )
}

/** Who said that something goes on in spite of a pause. */
export function resumedBy(pause: string, { resumptions }: Pick<Pausable, 'resumptions'>): readonly string[] {
  return resumptions.filter(({ pauses }) => pauses.includes(pause)).map(({ person }) => person)
}
