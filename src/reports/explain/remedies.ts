import { unreachable } from '../../format/error.ts'
import type { DecisionFacts } from '../../ledger/decision-facts.ts'
import type { Ceiling } from '../../model/ceiling.ts'
import { NO_CREDENTIAL } from '../../pdp/hard-term.ts'
import type { Explained } from './explained.ts'
import { chainRemedy, riskRemedy, trustRemedy } from './level-remedies.ts'
import { remedyOf, type RemedyText } from './remedy-kinds.ts'
import { categoryRemedy, contextRemedy, guardrailRemedy } from './request-remedies.ts'

/** How the reason of a term begins that a person's yes has lifted already. */
const APPROVED = /^approved:[^:]*:/u

/** The smallest change that would lift a term above where it stands. */
export function remedyFor(stated: Ceiling, explained: Explained): RemedyText {
  const term = { ...stated, reason: stated.reason.replace(APPROVED, '') }
  const { facts } = explained
  if (term.reason.startsWith('term_missing:'))
    return remedyOf('Mend the graduation policy: it has to answer this term once, and well-formed.', 'mend_policy')
  switch (term.source) {
    case 'base':
      return baseRemedy(term, explained)
    case 'trust':
      return trustRemedy(term, explained)
    case 'risk':
      return riskRemedy(term, explained)
    case 'category':
      return categoryRemedy(term, explained)
    case 'chain':
      return chainRemedy(term, explained)
    case 'containment':
      return containmentRemedy(facts)
    case 'incident':
      return incidentRemedy(term)
    case 'hard':
      return hardRemedy(term)
    case 'context':
      return contextRemedy(term)
    case 'guardrails':
      return guardrailRemedy(term, explained.decision)
    case 'pact':
      return remedyOf('Bring the action within what the agent’s pact promises, or let its owner change the pact.', 'pact')
    default:
      return unreachable(term.source)
  }
}

function baseRemedy(term: Ceiling, { facts, bases }: Explained): RemedyText {
  if (bases !== undefined) return bothRemedy(bases, term)
  const policy = `give a role of the subject this permission, or remove the forbid (${term.reason}).${askRemedy(facts)}`
  return term.outcome === 'require_approval'
    ? remedyOf(`A person approves it, as the static policy asks; or ${policy}`, 'approval', 'permission')
    : remedyOf(`Nothing but the static policy can lift this: ${policy}`, 'permission')
}

/** Where two have to be permitted: who is not, by the name of each. */
function bothRemedy(bases: NonNullable<Explained['bases']>, term: Ceiling): RemedyText {
  const missing = bases.filter(({ base }) => base.outcome === term.outcome).map(({ who }) => who)
  const both = 'An agent does only what the person it acts for may do too'
  const give = `give ${missing.join(' and ')} this permission in the static policy`
  return remedyOf(`${both}: ${give}, or ask about the agent alone (base.delegation: agent).`, 'permission')
}

/** An agent need not guess what else it may do: it asks, and a person decides. */
function askRemedy({ parties, action }: DecisionFacts): string {
  return parties.agent === null || action.category === 'permission_escalation'
    ? ''
    : ' The agent may ask for it: POST /api/v1/permission-requests; an operator sees the patch in gradus permission-requests list.'
}

function containmentRemedy({ containment }: DecisionFacts): RemedyText {
  if (containment === 'unknown')
    return remedyOf('Make the store reachable: containment that is not known denies.', 'reachable_store')
  const kinds = containment.map(({ kind }) => kind).join(', ')
  return remedyOf(
    containment.length > 1
      ? `Let an operator lift all ${containment.length} containments (${kinds}): one alone denies.`
      : 'Let an operator lift the containment.',
    'lift_containment',
  )
}

function hardRemedy({ reason }: Ceiling): RemedyText {
  if (reason === NO_CREDENTIAL)
    return remedyOf(
      'Ask with a credential, or let the owner of the listener vouch for its callers (http.anonymous.vouched); or a named person approves it.',
      'own_credential',
      'approval',
    )
  if (reason === 'permission_escalation') return remedyOf('Nothing lifts this: an agent never changes permissions.', 'nothing')
  if (reason === 'kill_switch')
    return remedyOf('A person has to review the incident that switched the agent off.', 'review_incident')
  return remedyOf('Make the store reachable: while incidents are not known, nothing runs.', 'reachable_store')
}

function incidentRemedy({ reason, outcome }: Ceiling): RemedyText {
  if (reason === 'incidents_unknown')
    return remedyOf('Make the store reachable: incidents that are not known deny.', 'reachable_store')
  if (reason.startsWith('incident_review_due:')) {
    const ids = reason.split(':').at(-2) ?? ''
    const review = `An operator reviews ${ids}: gradus incidents review ID`
    const after = 'what was no false alarm caps the agent on until verified work lifts it'
    return remedyOf(`${review} (${after}); or two people, one of whom may review, open an emergency override.`, 'review_incident')
  }
  return outcome === 'require_approval'
    ? remedyOf(
        'A person approves this request; for good, verified work lifts the cap of the incident, time does not.',
        'approval',
        'verified_work',
      )
    : remedyOf('Verified work lifts the cap of the incident, time does not.', 'verified_work')
}

/** Reasons for which a decision is denied whatever its terms: duties that the enforcement point does not support. */
export function unsupportedDuties(reasons: readonly string[]): readonly string[] {
  return reasons.filter((reason) => reason.startsWith('unsupported_obligation:'))
}

/** The duty that the enforcement point would have to declare. */
export function obligationRemedy(reason: string): RemedyText {
  const duty = reason.slice('unsupported_obligation:'.length)
  return remedyOf(
    `Let the enforcement point fulfil "${duty}" and say so in its credential’s "supported_obligations".`,
    'fulfil_duty',
  )
}
