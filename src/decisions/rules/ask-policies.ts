import { withVerifiedClaims } from '../../access/verified-claims.ts'
import { pointerSteps } from '../../format/source-place.ts'
import { withValueInside } from '../../format/value-inside.ts'
import type { DecisionFacts } from '../../ledger/decision-facts.ts'
import type { PolicyEvaluation } from '../../model/evaluation.ts'
import type { Party, Request } from '../../model/request.ts'
import type { BaseInput, GraduationInput } from '../../pdp/policy-inputs.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import type { InputMapping } from '../../policy/settings.ts'
import { overridesOf } from '../../policy/tenant-matrices.ts'
import { type RiskFacts, riskFacts, verifiedFacts } from '../../risk/facts.ts'
import { readingOf, type RequestReading } from '../../risk/request-reading.ts'
import type { RiskView } from '../../risk/risk-view.ts'

/** The question as it is decided: the request, and what the base policy is given where that is not the request itself. */
export type Question = {
  readonly request: Request
  readonly baseInput?: unknown
  readonly entrypoint: string
  /** What another decision point answered: that is the base then, and the answer. */
  readonly answered?: PolicyEvaluation
  /** What was read of the request already; absent: it is read from the facts. */
  readonly reading?: RequestReading
}

/** What a decision is derived from; with equal sources it comes out the same, byte for byte. */
export type DerivationSources = {
  readonly question: Question
  readonly facts: DecisionFacts
  readonly policySet: PolicySet
  /** Measures how long each step takes; absent: nothing does. */
  readonly timed?: Timed
}

/** Measures how long each step takes; the default measures nothing. */
export type Timed = <T>(step: 'risk' | 'base' | 'graduation' | 'decide', work: () => T) => T
const untimed: Timed = (_step, work) => work()

/** Risk by all rule documents, and by those that are enforced; one and the same where none is only observed. */
export type AssessedRisk = { readonly whole: RiskView; readonly enforced: RiskView }

/** Sources with what follows from them for every step, once. */
export type Derived = DerivationSources & {
  readonly timed: Timed
  readonly reading: RequestReading
  readonly measured: RiskFacts
}

/** Reads the request once for all steps, unless its context did already. */
export function withReading(sources: DerivationSources): Derived {
  const { question, facts, policySet, timed = untimed } = sources
  const { request } = question
  const { action, caller, at_ms } = facts
  const reading = question.reading ?? readingOf(request, action, verifiedFacts(request, caller.verified_facts), at_ms)
  const measured = riskFacts({
    request,
    facts: reading.verified,
    action,
    agent: facts.agent,
    trust: facts.trust,
    time: reading.time,
    classification: reading.classification,
    sensitive: reading.sensitive,
    knownDomains: facts.known_domains,
    knownDestinations: facts.known_destinations ?? [],
    counters: facts.counters,
    unclaimed: facts.unclaimed ?? {},
    vouchedSession: caller.vouches_for_sessions === true,
    businessHours: policySet.settings.guardrails.business_hours,
  })
  return { ...sources, timed, reading, measured }
}

/** What the base answers, or another decision point answered already. */
export function baseOf({ question, facts, policySet, reading, timed }: Derived): PolicyEvaluation {
  if (question.answered !== undefined) return question.answered
  const asked = askedOfBase(question.request, facts, policySet)
  const baseInput: BaseInput = {
    ...asked,
    tenant: facts.caller.tenant,
    time: reading.time,
    agent: facts.agent,
    action_class: facts.action,
    facts: reading.verified,
  }
  const raw = policySet.settings.base.input === 'request'
  return timed('base', () => policySet.base.evaluate(question.entrypoint, raw ? (question.baseInput ?? asked) : baseInput))
}

/** The person for whom an agent acts, and what the base answers about them. */
export type DelegatorEvaluation = { readonly party: Party; readonly base: PolicyEvaluation }

/**
 * What the base answers about the proven person for whom the agent of the request acts. Null: there is none, the person is the subject,
 * the configuration asks about the agent alone, or another decision point answered.
 */
export function delegatorOf({ question, facts, policySet, reading, timed }: Derived): DelegatorEvaluation | null {
  const { settings, base } = policySet
  const { agent, human } = facts.parties
  if (settings.base.delegation === 'agent' || question.answered !== undefined || agent === null || human === null) return null
  const { subject } = question.request
  if (subject.type === human.type && subject.id === human.id) return null
  const asked: Request = { ...question.request, subject: withVerifiedClaims(human, facts.caller.claims) }
  const baseInput: BaseInput = {
    ...asked,
    tenant: facts.caller.tenant,
    time: reading.time,
    agent: { id: human.id, known: true, class: 'human', tier: 'standard' },
    action_class: facts.action,
    facts: reading.verified,
  }
  const raw = settings.base.input === 'request'
  const input = raw ? foreignInput(question.baseInput, asked, settings.base.mapping) : baseInput
  return { party: human, base: timed('base', () => base.evaluate(question.entrypoint, input)) }
}

/** A foreign input with another subject at its place; the request itself where there is none. */
function foreignInput(input: unknown, asked: Request, mapping: InputMapping | undefined): unknown {
  if (input === undefined) return asked
  return mapping === undefined
    ? withValueInside(input, ['subject'], asked.subject)
    : withValueInside(input, pointerSteps(mapping.subject), asked.subject.id)
}

/** What the graduation bundle answers at a risk; without trust of an agent it is not asked with any input. */
export function graduate({ question, facts, policySet, reading, timed }: Derived, risk: RiskView): PolicyEvaluation {
  const { tenant } = facts.caller
  const input: GraduationInput | undefined =
    facts.trust === null && !isHuman(facts)
      ? undefined
      : {
          tenant,
          time: reading.time,
          request: { ...question.request, subject: subjectTold(question.request, facts) },
          human: isHuman(facts),
          agent: facts.agent,
          action: facts.action,
          trust: facts.trust,
          risk,
          classification: reading.classification,
          sensitive: reading.sensitive,
          facts: reading.verified,
          overrides: overridesOf(policySet, tenant) ?? {},
        }
  return timed('graduation', () => policySet.graduation.evaluate('graduation/ceilings', input))
}

/** The request as the base is told it: whoever is not proven to be human is not called so, or a word in the body would grant. */
function askedOfBase(request: Request, facts: DecisionFacts, policySet: PolicySet): Request {
  const subject = subjectTold(request, facts)
  const type = baseSubjectType(subject.type, facts.caller.human_subject_types, policySet)
  return type === subject.type && subject === request.subject ? request : { ...request, subject: { ...subject, type } }
}

/** The subject with what its credential proves of it; the claims of a delegation are those of the person. */
function subjectTold({ subject }: Request, { caller, parties }: DecisionFacts): Request['subject'] {
  return withVerifiedClaims(subject, parties.human === null ? caller.claims : undefined)
}

/** The type of a subject as the base is told it, where a credential proves humans of some types. */
export function baseSubjectType(type: string, human: readonly string[], { settings }: PolicySet): string {
  return human.includes(type) || settings.base.agent_subject_types.includes(type) ? type : 'agent'
}

/** No agent is in the chain, and the credential proved a person. */
export function isHuman({ parties }: DecisionFacts): boolean {
  return parties.agent === null
}
