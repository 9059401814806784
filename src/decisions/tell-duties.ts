import type { ToldDuty } from '../ledger/decision-body.ts'
import type { ToldKind } from '../ledger/documents/activity.ts'
import type { Effect } from '../ledger/effect.ts'
import { activityKey } from '../ledger/keys.ts'
import type { View } from '../ledger/store.ts'
import { wasTold } from '../ledger/told.ts'
import type { Decided, DecisionContext } from './decision-context.ts'

/** Duties that are performed by telling somebody. */
const TELLING = ['alert_soc', 'notify_owner'] as const satisfies readonly ToldKind[]

/** One duty of a decision to tell somebody. `action` null: one outside the catalogue. */
export type DutyTold = ToldDuty & { readonly duty: (typeof TELLING)[number]; readonly action: string | null }

/** Whom a decision tells: effects and body of its record, and the same for metrics and log. */
export type ToldDuties = {
  readonly told: readonly DutyTold[]
  readonly effects: readonly Effect[]
  readonly body: Readonly<Record<string, unknown>>
}

/**
 * Performs `alert_soc` and `notify_owner`: the record says that they came with the decision, and its effects become events, at most one
 * an hour for an account, a duty and an action. Actions outside the catalogue are one, so that made-up names are no storm.
 */
export function tellDuties({ context, facts, derivation }: Decided, view: Pick<View, 'document'>): ToldDuties {
  const { obligations } = derivation.decision
  const asked = TELLING.filter((duty) => obligations.some(({ id, performer }) => id === duty && performer === 'pdp'))
  if (asked.length === 0) return { told: [], effects: [], body: {} }
  const account = context.accounts.own
  const activity = view.document(activityKey(context.tenant, account))
  const action = facts.action.known ? facts.action.name : null
  const owner = ownerOf(context)
  const told = asked.map((duty): DutyTold => {
    return { duty, told: !wasTold(activity, { what: duty, action }, facts.at_ms), owner, action }
  })
  const due = told.filter((each) => each.told)
  return {
    told,
    effects: due.map(({ duty }) => ({ kind: 'told', agent: account, what: duty, action })),
    body: { duties: Object.fromEntries(told.map(({ duty, told: isTold }) => [duty, { told: isTold, owner }])) },
  }
}

/** Who answers for the deciding agent, as the catalogue says; null where nobody does. */
function ownerOf({ parties, policySet }: DecisionContext): string | null {
  const owners = policySet.catalogue.owners()
  const id = parties.agent?.id ?? ''
  return Object.hasOwn(owners, id) ? (owners[id] ?? null) : null
}
