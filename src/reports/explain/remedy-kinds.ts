/** Each kind of change that an explanation may name. One of the kinds of a remedy, done as its text says, lifts its term. */
export const REMEDY_KINDS = [
  'permission',
  'approval',
  'standing',
  'catalogue_level',
  'lower_risk',
  'readable_facts',
  'describe_action',
  'describe_agent',
  'describe_team',
  'own_credential',
  'auto_approve',
  'unblock',
  'negative_signal',
  'category_outcome',
  'mend_chain',
  'lift_containment',
  'review_incident',
  'verified_work',
  'assert_fact',
  'environment',
  'purpose',
  'classification',
  'topic',
  'session',
  'within_bound',
  'budget_room',
  'common_bound',
  'readable_bounds',
  'fulfil_duty',
  'reachable_store',
  'mend_policy',
  'pact',
  'reason',
  'nothing',
] as const
export type RemedyKind = (typeof REMEDY_KINDS)[number]

/** What would lift a term, in a sentence or two. `kinds`: the changes that the text names; each of them lifts it alone. */
export type RemedyText = { readonly kinds: readonly [RemedyKind, ...RemedyKind[]]; readonly remedy: string }

/** A remedy of its kinds. */
export function remedyOf(remedy: string, ...kinds: readonly [RemedyKind, ...RemedyKind[]]): RemedyText {
  return { kinds, remedy }
}
