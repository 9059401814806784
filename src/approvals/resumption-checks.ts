import { hasActor } from '../access/actor-name.ts'
import { authorize, namedPerson, isOneOf } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { ServiceError } from '../format/error.ts'
import type { Pause } from '../ledger/documents/pause.ts'
import { type Pausable, resumedBy } from '../ledger/fold/pauses.ts'
import type { View } from '../ledger/store.ts'
import { notOfThisScope } from './record-approval.ts'
import { blockerOf } from './rules/approval-blockers.ts'
import { pausesOf } from './rules/pauses.ts'
import { mayApprove } from './rules/who-may-approve.ts'
import type { ApprovalView } from './wire.ts'

/** What somebody would resume: an approval or a reservation of a decision, and who is behind its request. */
type Paused = {
  readonly decisionId: string
  readonly thing: Pausable
  readonly behind: readonly string[]
}

/**
 * The pauses that a person may end by saying so. Throws `forbidden` for who does not decide for the scope, is behind the request or has
 * said so already, `conflict` where nothing paused it or something still stands in its way.
 */
export function pausesToResume(caller: Caller, paused: Paused, view: View): readonly Pause[] {
  authorize(caller, 'resume')
  const person = namedPerson(caller)
  refuseWho(caller, person, paused)
  const pauses = pausesOf(paused.thing, caller.tenant, view)
  refuseWhat(person, paused, { pauses, blocker: blockerOf(paused.thing, caller.tenant, view) })
  return pauses
}

/** Whether this caller may resume it, and why not; null where nothing paused it. */
export function resumptionView(caller: Caller, paused: Paused, view: View): ApprovalView['resumption'] {
  if (pausesOf(paused.thing, caller.tenant, view).length === 0) return null
  try {
    pausesToResume(caller, paused, view)
    return { refusal: null }
  } catch (error) {
    if (error instanceof ServiceError) return { refusal: error.message }
    throw error
  }
}

/** Refuses who does not decide for the scope, and whoever is behind the request. */
function refuseWho(caller: Caller, person: string, { thing, behind }: Paused): void {
  const operates = caller.roles.includes('operator') || caller.roles.includes('administrator')
  if (!operates && !mayApprove(caller, thing.scope)) throw notOfThisScope(caller, thing.scope)
  if (isOneOf(caller, behind))
    throw new ServiceError('forbidden', `"${person}" asked for this, and nobody resumes their own request`, {
      fix: 'let another person look at it',
    })
}

type Standing = { readonly pauses: readonly Pause[]; readonly blocker: string | null }

/** Refuses what is not paused, what still is held, and the same word twice. */
function refuseWhat(person: string, { decisionId, thing }: Paused, { pauses, blocker }: Standing): void {
  if (pauses.length === 0)
    throw new ServiceError('conflict', `decision "${decisionId}" is not paused`, {
      fix: 'see "pauses" in the list that it is in',
    })
  if (blocker !== null)
    throw new ServiceError('conflict', `decision "${decisionId}" stays paused: ${blocker} still stands`, {
      fix: 'lift the containment or review the incident first, then resume',
    })
  if (pauses.every(({ id }) => hasActor(resumedBy(id, thing), person)))
    throw new ServiceError('forbidden', `"${person}" has already said so; a second person has to be another one`)
}
