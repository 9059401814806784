import { byCodeUnit } from '../format/order.ts'
import { type Element, meetAll } from '../lattice/meet.ts'
import { mayRun, OUTCOME_RANK } from '../lattice/outcome-order.ts'
import { isWithoutPerformer } from '../lattice/pdp-duties.ts'
import { type Ceiling, type Obligation, type Source, SOURCES } from '../model/ceiling.ts'
import { chainTerm } from './chain-term.ts'
import { containmentTerm } from './containment-term.ts'
import type { Advice, Decision, DecisionInputs } from './decision-inputs.ts'
import { guardrailTerms } from './exceeded-guardrails.ts'
import { hardTerm, isSwitchedOff, switchedOffTerm } from './hard-term.ts'
import { incidentTerm, isIncidentCap } from './incident-term.ts'
import { grantedBase, withApproval, withoutObserved } from './lifted-terms.ts'
import { baseTerm, bundleTerms, termsMissing } from './terms.ts'

/**
 * The policy decision point: pure, synchronous, total. The whole meet, in order:
 *
 *   decision = base_granted ⊓ trust ⊓ risk ⊓ category ⊓ context ⊓ guardrails ⊓ pact ⊓ chain ⊓ containment ⊓ incident ⊓ hard
 *
 * No term can lift another, so the decision is never above `base_granted`: what the base answered, or `allow_guarded` where the base
 * itself asks for an approval and a valid one is there. Equal inputs give equal bytes.
 */
export function decide(inputs: DecisionInputs): Decision {
  const base = baseTerm(inputs)

  // Only TypeScript supplies base, chain, containment, incident and hard; only the bundle supplies trust, risk and category.
  const own: readonly Ceiling[] = [chainTerm(inputs), containmentTerm(inputs), incidentTerm(inputs), hardTerm(inputs)]
  const supplied = bundleTerms(inputs.graduation)

  // A mandatory term that is missing, undefined or there twice denies.
  const stated: readonly [Ceiling, ...Ceiling[]] = [base, ...supplied, ...own]
  const lifted = withoutObserved(withApproval([...supplied, ...own], inputs), inputs)
  const granted = grantedBase(base, inputs)
  const terms: readonly [Ceiling, ...Ceiling[]] = [granted, ...lifted, ...termsMissing(stated)]

  // What the request exceeds is known only once every bound has been met.
  const exceeded = withApproval(guardrailTerms(meetAll(terms).guardrails, inputs), inputs)

  const all: readonly [Ceiling, ...Ceiling[]] = [...terms, ...exceeded]
  const met = meetAll(all)
  const explained = explain({ base, granted, met, terms: all, unsupported: unsupportedDuties(met, inputs) })
  return mayAskPermission(inputs) ? { ...explained, advice: ['ask_permission'] } : explained
}

/** Whether the policy denies an agent what it could be given: it need not guess what else it may do, it asks people. */
function mayAskPermission({ base, human, action }: DecisionInputs): boolean {
  const isDeniedByPolicy = base?.outcome === 'deny' && base.cause === undefined
  return isDeniedByPolicy && !human && action.category !== 'permission_escalation'
}

/**
 * The answer of observe mode: what the base answers, with nothing added, where no person has contained it or pulled the kill switch.
 * It is a meet with the base, so never above it; a failing base denies, and so does containment that is not known.
 */
export function observe(inputs: DecisionInputs): Decision {
  const base = baseTerm(inputs)
  const { containment } = inputs
  const byPeople = containment === 'unknown' ? containment : containment.filter(({ by }) => by === 'person')
  const contained = containmentTerm({ ...inputs, containment: byPeople })
  const terms: readonly [Ceiling, ...Ceiling[]] = [base, contained, ...(isSwitchedOff(inputs) ? [switchedOffTerm()] : [])]
  const met = meetAll(terms)
  return { ...explain({ base, granted: base, met, terms, unsupported: unsupportedDuties(met, inputs) }), advice: [] }
}

/** What another decision point answered, which nothing here can hold back any more: its answer as the base, and no other term. */
export function answeredElsewhere(inputs: DecisionInputs): Decision {
  const base = baseTerm(inputs)
  return { ...explain({ base, granted: base, met: base, terms: [base], unsupported: [] }), advice: [] }
}

/** What the terms met in, the terms, and the duties that nobody fulfils. */
export type ExplainedMeet = {
  /** The base as it answered, and as it stands in the meet. */
  readonly base: Ceiling
  readonly granted: Ceiling
  readonly met: Element
  readonly terms: readonly Ceiling[]
  readonly unsupported: readonly Obligation[]
}

/** The decision with its reasons: every term kept in the order of the sources, the most limiting reasons first. */
export function explain({ base, granted, met, terms, unsupported }: ExplainedMeet): Decision {
  const outcome = unsupported.length > 0 ? 'deny' : met.outcome
  const isUndone = ({ id, performer }: Obligation): boolean =>
    unsupported.some((duty) => duty.id === id && duty.performer === performer)
  const demanding = (each: Ceiling): boolean => each.obligations.some(isUndone)
  const limits = (each: Ceiling): boolean => (unsupported.length > 0 ? demanding(each) : each.outcome === outcome)
  const limiting = outcome === 'allow' ? [] : sourcesOf(terms.filter(limits))
  const decision: Omit<Decision, 'advice'> = {
    outcome,
    decision: mayRun(outcome),
    base: base.outcome,
    base_granted: granted.outcome,
    ceilings: [...terms].sort(bySource),
    obligations: met.obligations,
    guardrails: met.guardrails,
    reasons: [...new Set([...unsupported.map(({ id }) => `unsupported_obligation:${id}`).sort(), ...reasonsOf(terms)])],
    limiting,
  }
  return { ...decision, advice: unsupported.length > 0 ? [] : adviceOn(decision) }
}

/** Duties that the enforcement point would have to fulfil and cannot, and those of the decision point that nothing performs; any makes the answer deny. */
function unsupportedDuties(met: Element, inputs: DecisionInputs): readonly Obligation[] {
  if (met.outcome === 'deny') return []
  return met.obligations.filter((duty) =>
    duty.performer === 'pep' ? !inputs.supported_obligations.includes(duty.id) : isWithoutPerformer(duty),
  )
}

function sourcesOf(terms: readonly Ceiling[]): readonly Source[] {
  return SOURCES.filter((source) => terms.some((each) => each.source === source))
}

/** Reasons of what is below `allow`, lowest outcome first, then in the order of the sources. */
function reasonsOf(terms: readonly Ceiling[]): readonly string[] {
  const limiting = terms.filter((each) => each.outcome !== 'allow')
  return limiting.sort((a, b) => OUTCOME_RANK[a.outcome] - OUTCOME_RANK[b.outcome] || bySource(a, b)).map((each) => each.reason)
}

function bySource(a: Ceiling, b: Ceiling): number {
  return SOURCES.indexOf(a.source) - SOURCES.indexOf(b.source) || byCodeUnit(a.reason, b.reason)
}

/**
 * A proposal is worth recording where trust, and nothing else, kept it from running by itself: that is how level 0 earns. The cap of
 * an incident is trust's own, said again by a term of its own; what it holds back is how an agent earns again.
 */
function adviceOn({ outcome, limiting, ceilings }: Omit<Decision, 'advice'>): readonly Advice[] {
  const isTrust = (source: Source): boolean => source === 'trust' || (source === 'incident' && ceilings.some(isIncidentCap))
  const heldByTrust = !mayRun(outcome) && limiting.includes('trust') && limiting.every(isTrust)
  return heldByTrust && !ceilings.some((each) => each.reason === 'term_missing:trust') ? ['record_proposal'] : []
}
