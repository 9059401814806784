import type { ToldDuty } from '../ledger/recorded-decision.ts'
import type { ToldKind } from '../ledger/documents/activity.ts'
import type { Effect } from '../ledger/effect.ts'
import { activityKey } from '../ledger/keys.ts'
import type { View } from '../ledger/store.ts'
import { wasTold } from '../ledger/told.ts'
import type { Decided, DecisionContext } from './decision-context.ts'
import { escalationAttempt, isAlarming, isEscalation } from './rules/escalation.ts'

/** Duties that are performed by telling somebody. */
const TELLING = ['alert_soc', 'notify_owner'] as const satisfies readonly ToldKind[]

/** Something that a decision has to tell somebody. `action` null: one outside the catalogue, or any. */
export type DutyTold = ToldDuty & { readonly duty: ToldKind; readonly action: string | null }

/** Whom a decision tells: effects and body of its record, and the same for metrics and log. */
export type ToldDuties = {
  readonly told: readonly DutyTold[]
  readonly effects: readonly Effect[]
  readonly body: Readonly<Record<string, unknown>>
}

/**
 * Performs `alert_soc` and `notify_owner`, and tells of repeated permission escalation: the record says so, and its effects become
 * events, at most one an hour for an account, what is told and the action. Actions outside the catalogue are one, so that made-up
 * names are no storm; whatever permission is asked for, it is one escalation.
 */
export function tellDuties(decided: Decided, view: Pick<View, 'document'>): ToldDuties {
  const { context, facts, derivation } = decided
  const duties = TELLING.filter((duty) =>
    derivation.decision.obligations.some(({ id, performer }) => id === duty && performer === 'pdp'),
  )
  if (duties.length === 0 && !isEscalation(facts)) return { told: [], effects: [], body: {} }
  const activity = view.document(activityKey(context.tenant, context.accounts.own))
  const attempts = escalationAttempt(facts, activity)
  const owner = answeringOwner(context)
  const tell = (duty: ToldKind, action: string | null): DutyTold => {
    return { duty, told: !wasTold(activity, { what: duty, action }, facts.at_ms), owner, action }
  }
  const told = [
    ...duties.map((duty) => tell(duty, facts.action.known ? facts.action.name : null)),
    ...(isAlarming(attempts) ? [tell('permission_escalation', null)] : []),
  ]
  return { told, effects: effectsOf(told, context), body: bodyOf(told, attempts, owner) }
}

function effectsOf(told: readonly DutyTold[], { accounts }: DecisionContext): readonly Effect[] {
  const due = told.filter((each) => each.told)
  return due.map(({ duty, action }) => ({ kind: 'told', agent: accounts.own, what: duty, action }))
}

function bodyOf(told: readonly DutyTold[], attempts: number | null, owner: string | null): ToldDuties['body'] {
  const duties = told.filter(({ duty }) => duty !== 'permission_escalation')
  const isTold = told.some((each) => each.duty === 'permission_escalation' && each.told)
  return {
    ...(duties.length === 0 ? {} : { duties: Object.fromEntries(duties.map((each) => [each.duty, { told: each.told, owner }])) }),
    ...(attempts === null ? {} : { escalation: { attempts, told: isTold, owner } }),
  }
}

/**
 * Who answers for a decision, as the catalogue says: the owner of the team, where the credential proves on whose behalf its agents act;
 * otherwise the owner of the agent, because a body could name any team, and the team's where the agent has none. Null: nobody does.
 */
export function answeringOwner({ parties, policySet: { catalogue }, caller }: DecisionContext): string | null {
  const owners = catalogue.owners()
  const id = parties.agent?.id ?? ''
  const ofAgent = Object.hasOwn(owners, id) ? owners[id] : undefined
  const ofTeam = parties.team === undefined ? undefined : catalogue.team(parties.team.id)?.owner
  const [first, second] = caller.trusted_chain === true ? [ofTeam, ofAgent] : [ofAgent, ofTeam]
  return first ?? second ?? null
}
