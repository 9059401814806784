import type { DecisionFacts } from '../../ledger/decision-facts.ts'
import type { Outstanding } from '../../ledger/documents/activity.ts'
import type { Approval } from '../../ledger/documents/approval.ts'
import type { Pause } from '../../ledger/documents/pause.ts'
import { type Pausable, partiesOfApproval, standingPauses } from '../../ledger/fold/pauses.ts'
import { pausesKey } from '../../ledger/keys.ts'
import type { View } from '../../ledger/store.ts'

/** An approval, as far as pauses are about it. It goes on once as many people say so as have to approve it. */
export function pausableApproval(approval: Approval): Pausable {
  const { requested_at_ms: since_ms, resumptions = [], approvers_needed } = approval
  return { ...partiesOfApproval(approval), since_ms, resumptions, approvers_needed }
}

/** A reservation, as far as pauses are about it: its decision's facts, and what is kept of it while it is outstanding. */
export function pausableReservation(
  { parties, action, at_ms: since_ms }: DecisionFacts,
  { scope, resumptions = [] }: Outstanding,
  approvers_needed: number,
): Pausable {
  const deciding = parties.agent === null ? [] : [parties.agent.id]
  const own = [...deciding, ...parties.links.filter(({ claimed }) => !claimed).map(({ party }) => party.id)]
  const named = [...deciding, ...parties.links.map(({ party }) => party.id)]
  return { own, named, scope, action: action.name, since_ms, resumptions, approvers_needed }
}

/** Where the pauses are kept that may reach what comes from or names these agents. */
export function pausesKeysOf(tenant: string, agents: readonly string[]): readonly ReturnType<typeof pausesKey>[] {
  return ['', ...new Set(agents)].map((agent) => pausesKey(tenant, agent))
}

/** The pauses that hold something, those of the whole tenant first; none: it is not paused. */
export function pausesOf(thing: Pausable, tenant: string, view: Pick<View, 'document'>): readonly Pause[] {
  return standingPauses(
    thing,
    pausesKeysOf(tenant, thing.named).flatMap((key) => view.document(key)?.marks ?? []),
  )
}
