import type { DecisionFacts } from '../../ledger/decision-facts.ts'
import type { Ceiling } from '../../model/ceiling.ts'
import type { Decision } from '../../pdp/decision-inputs.ts'
import type { Explained } from './explained.ts'
import { remedyOf, type RemedyKind, type RemedyText } from './remedy-kinds.ts'

/** What lifts a term that the category or the catalogue's word on the action holds. */
export function categoryRemedy(term: Ceiling, { facts: { action }, overrides }: Explained): RemedyText {
  const { category, disposition } = action
  if (category === 'permission_escalation') return remedyOf('Nothing lifts this: an agent never changes permissions.', 'nothing')
  if (!action.known)
    return remedyOf('Describe the action in the catalogue; what is not there has the worst class.', 'describe_action')
  if (disposition === 'block')
    return remedyOf('The catalogue blocks this action; only its owner can take it off the list.', 'unblock')
  if (term.reason.startsWith('nothing would show'))
    return remedyOf(
      'Name in the catalogue the signal by which a failure of this action shows (negative_signal).',
      'negative_signal',
    )
  if (overrides?.categories?.[category] !== undefined && !isListed(action))
    return elseApproved(term, `the tenant’s "overrides" concede more to the category ${category}`, 'category_outcome')
  const shows = showsFailure(action) ? '' : ', with a negative_signal'
  return elseApproved(
    term,
    `the catalogue puts it under "auto_approve"${shows} (category ${category}, now ${disposition})`,
    'auto_approve',
  )
}

/** The catalogue has it wait for a person, and the category concedes that much: an override of the category changes nothing. */
function isListed({ disposition }: DecisionFacts['action']): boolean {
  return disposition === 'require_approval'
}

function showsFailure({ category, negative_signal }: DecisionFacts['action']): boolean {
  return category === 'read_only' || (negative_signal !== null && negative_signal !== '')
}

/** The change, and before it a person's yes, where that is what the term asks for. */
function elseApproved({ outcome }: Ceiling, change: string, kind: RemedyKind): RemedyText {
  return outcome === 'require_approval'
    ? remedyOf(`A named person approves it; or ${change}.`, 'approval', kind)
    : remedyOf(`No approval lifts this: ${change}.`, kind)
}

/** What lifts a term of the context, by its reason. */
export function contextRemedy(term: Ceiling): RemedyText {
  const { reason } = term
  if (reason.startsWith('not verified: ')) {
    const fact = reason.slice('not verified: '.length)
    return remedyOf(`Let a trusted enforcement point assert in context.facts that ${fact}.`, 'assert_fact')
  }
  if (reason.includes(' in environment ')) return orApproved(term, 'Run it in an environment that concedes more', 'environment')
  if (reason.includes('is not used for this purpose'))
    return orApproved(
      term,
      'Let a trusted enforcement point assert in context.facts a purpose that the scope is meant for',
      'purpose',
    )
  const classified = /^(\S+) data: trust/u.exec(reason)?.[1]
  if (classified !== undefined)
    return orApproved(term, `More trust in this scope, or data classified lower than ${classified}`, 'classification')
  if (reason.startsWith('topic_drift')) return orApproved(term, 'Declare a purpose or ticket that the action belongs to', 'topic')
  if (reason.startsWith('injection_in_tool_output:'))
    return orApproved(term, 'Go on in another session that an enforcement point names', 'session')
  return remedyOf('Change what the reason names.', 'reason')
}

function orApproved({ outcome }: Ceiling, change: string, kind: RemedyKind): RemedyText {
  return outcome === 'require_approval'
    ? remedyOf(`${change}, or let a person approve it.`, kind, 'approval')
    : remedyOf(`${change}.`, kind)
}

/** What lifts a bound that the request exceeds. */
export function guardrailRemedy({ reason }: Ceiling, { guardrails }: Decision): RemedyText {
  const [kind, name = '', use = ''] = reason.split(':')
  const bound = guardrails[name]
  const limit = bound === undefined ? '' : ` (${Array.isArray(bound) ? bound.join(', ') : String(bound)})`
  if (kind === 'guardrail_exceeded') return remedyOf(`Stay within ${name}${limit}.`, 'within_bound')
  if (kind === 'budget_exceeded') {
    const [have = ''] = use.split('_of_')
    const verified = name.endsWith('outstanding_unverified_max') ? ', or let what is outstanding be verified' : ''
    return remedyOf(
      `Wait until ${name}${limit} has room again (${have} with this request)${verified}; what is more than the limit by itself has to be smaller.`,
      'budget_room',
    )
  }
  if (kind === 'guardrail_allows_nothing')
    return remedyOf(`Two sources of ${name} contradict each other; let them have something in common.`, 'common_bound')
  return remedyOf('Correct the caps that the reason names.', 'readable_bounds')
}
