import { approversNeeded } from '../approvals/approval-rules.ts'
import { overrideFor } from '../approvals/override-rules.ts'
import type { DecisionFacts } from '../ledger/decision-facts.ts'
import type { Override } from '../ledger/documents/approval.ts'
import type { Ceiling, Guardrails } from '../model/ceiling.ts'
import type { PolicyEvaluation } from '../model/evaluation.ts'
import type { Mode } from '../model/mode.ts'
import type { RiskBand } from '../model/outcome.ts'
import type { Request } from '../model/request.ts'
import { formatScope } from '../model/scope.ts'
import { readBaseResult } from '../pdp/base-result.ts'
import { decide } from '../pdp/decide.ts'
import type { BudgetRefusal, Decision, DecisionInputs } from '../pdp/decision-inputs.ts'
import type { BaseInput, GraduationInput } from '../pdp/graduation-input.ts'
import { answeredElsewhere, observe } from '../pdp/observe.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import type { Overrides } from '../policy/settings.ts'
import { measuresOf, type RiskFacts, riskFacts } from '../risk/facts.ts'
import { readingOf, type RequestReading } from '../risk/request-reading.ts'
import type { RiskView } from '../risk/risk-view.ts'
import { verifiedFacts } from '../risk/verified-facts.ts'
import { phiInverse } from '../trust/phi.ts'

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

/** Everything between the facts and the decision; with the budget still open. */
export type Derivation = {
  readonly risk: RiskView
  readonly base: PolicyEvaluation
  readonly graduation: PolicyEvaluation
  readonly mode: Mode
  /** How the answer is made from its inputs. */
  readonly answer: (inputs: DecisionInputs) => Decision
  /** What the answer is made from. */
  readonly inputs: DecisionInputs
  readonly decision: Decision
  /** What would have been answered if everything were enforced; null where everything is. */
  readonly would: Would | null
}

/** The answer that was not given, because something is only observed. */
export type Would = {
  readonly inputs: DecisionInputs
  readonly decision: Decision
  /** Parts that failed, so that this is not what a healthy decision point would have answered. */
  readonly degraded: readonly string[]
}

/** Measures how long each step takes; the default measures nothing. */
export type Timed = <T>(step: 'risk' | 'base' | 'graduation' | 'decide', work: () => T) => T
const untimed: Timed = (_step, work) => work()

/** Risk by all rule documents, and by those that are enforced; one and the same where none is only observed. */
type AssessedRisk = { readonly whole: RiskView; readonly enforced: RiskView }

/** Sources with what follows from them for every step, once. */
type Derived = DerivationSources & {
  readonly timed: Timed
  readonly reading: RequestReading
  readonly measured: RiskFacts
}

/**
 * From facts to the decision, with nothing looked up. Evaluation, replay, fixtures and simulation all decide through here. Only the
 * risk rules are awaited, because json-rules-engine is asynchronous; everything else is one synchronous, total function.
 */
export async function derive(sources: DerivationSources): Promise<Derivation> {
  const derived = withReading(sources)
  return deriveAtRisk(derived, await assessRisk(derived))
}

async function assessRisk({ timed, measured, facts, policySet }: Derived): Promise<AssessedRisk> {
  const whole = await timed('risk', () => policySet.risk.evaluate(measured))
  const { mode, observed_rules } = facts.mode
  if (mode === 'observe' || observed_rules.length === 0) return { whole, enforced: whole }
  return { whole, enforced: await policySet.risk.evaluate(measured, observed_rules) }
}

/** The base and the graduation bundle are asked, and all terms meet. */
function deriveAtRisk(derived: Derived, { whole: risk, enforced }: AssessedRisk): Derivation {
  const { question, facts, timed } = derived
  const base = baseOf(derived)
  const graduation = graduate(derived, risk)
  const whole = inputsOf(derived, { risk, base, graduation })
  const { mode, observed_terms } = facts.mode
  const common = { risk, base, graduation, mode }
  if (mode === 'enforce' && observed_terms.length === 0 && facts.mode.observed_rules.length === 0)
    return { ...common, answer: decide, inputs: whole, decision: timed('decide', () => decide(whole)), would: null }
  const would = { inputs: whole, decision: decide(whole), degraded: degradedIn(facts, risk, graduation) }
  if (mode === 'observe') {
    const answer = question.answered === undefined ? observe : answeredElsewhere
    return { ...common, answer, inputs: whole, decision: answer(whole), would }
  }
  const again = enforced === risk ? graduation : graduate(derived, enforced)
  const inputs = { ...inputsOf(derived, { risk: enforced, base, graduation: again }), observed: observed_terms }
  return { ...common, answer: decide, inputs, decision: decide(inputs), would }
}

function withReading(sources: DerivationSources): Derived {
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
    counters: facts.counters,
    businessHours: policySet.settings.guardrails.business_hours,
  })
  return { ...sources, timed, reading, measured }
}

/** What the base answers, or another decision point answered already. */
function baseOf({ question, facts, policySet, reading, timed }: Derived): PolicyEvaluation {
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

/** What the graduation bundle answers at a risk; without trust of an agent it is not asked with any input. */
function graduate({ question, facts, policySet, reading, timed }: Derived, risk: RiskView): PolicyEvaluation {
  const { tenant } = facts.caller
  const input: GraduationInput | undefined =
    facts.trust === null && !isHuman(facts)
      ? undefined
      : {
          tenant,
          time: reading.time,
          request: question.request,
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

/** What policies and rules said, on the way to the meet. */
type Said = { readonly risk: RiskView; readonly base: PolicyEvaluation; readonly graduation: PolicyEvaluation }

function inputsOf({ facts, policySet, reading, measured }: Derived, { risk, base, graduation }: Said): DecisionInputs {
  const override = overrideOf(facts, risk)
  return {
    base: readBaseResult(base),
    // A person who takes over takes the bounds that follow from trust out with it.
    graduation: override === null ? withOwnTerms(graduation, facts, policySet) : termsOf(graduation),
    human: isHuman(facts),
    action: { category: facts.action.category },
    tier: facts.agent.tier,
    band: risk.band,
    sensitive: reading.sensitive,
    matrices: matricesOf(policySet, facts.caller.tenant),
    links: facts.links,
    chain_problems: facts.parties.problems,
    containment: facts.containment,
    incidents: { cap: facts.trust?.incident.cap ?? 1, review_open: facts.trust?.incident.state === 'open' },
    kill_switch: facts.kill_switch,
    measures: measuresOf(measured),
    budget_refusals: [],
    approval: approvalIn(facts, policySet, risk.band),
    override: override === null ? null : { id: override.id },
    observed: [],
    guardrail_excess: policySet.settings.guardrails.excess,
    supported_obligations: facts.supported_obligations,
  }
}

/** No agent is in the chain, and the credential proved a person. */
function isHuman({ parties }: DecisionFacts): boolean {
  return parties.agent === null
}

function overrideOf({ parties, action, overrides, at_ms }: DecisionFacts, { band }: RiskView): Override | null {
  if (parties.agent === null) return null
  const scope = formatScope(action.scope, action.stake)
  return overrideFor(overrides, { agent: parties.agent.id, scope, action: action.name, band }, at_ms)
}

/** Parts without which what would have been answered says little. */
function degradedIn(facts: DecisionFacts, risk: RiskView, graduation: PolicyEvaluation): readonly string[] {
  return [
    ...(graduation.kind === 'value' ? [] : ['graduation']),
    ...(risk.unavailable.length === 0 ? [] : ['risk']),
    ...(facts.trust === null && facts.parties.agent !== null ? ['trust'] : []),
  ]
}

/** The same derivation when budgets refuse: decided again with the refusals as a term, those of the rehearsed budgets apart. */
export function deriveRefused(
  derivation: Derivation,
  refusals: readonly BudgetRefusal[],
  rehearsed: readonly BudgetRefusal[] = [],
): Derivation {
  if (refusals.length === 0 && rehearsed.length === 0) return derivation
  return decidedAgain(derivation, { budget_refusals: refusals }, { budget_refusals: rehearsed })
}

/** Decides again with some inputs changed: those of the answer, and those of what would have been answered. */
function decidedAgain(derivation: Derivation, change: Partial<DecisionInputs>, wouldChange: Partial<DecisionInputs>): Derivation {
  const inputs = { ...derivation.inputs, ...change }
  const would = derivation.would === null ? null : { ...derivation.would.inputs, ...wouldChange }
  return {
    ...derivation,
    inputs,
    decision: derivation.answer(inputs),
    would: derivation.would === null || would === null ? null : { ...derivation.would, inputs: would, decision: decide(would) },
  }
}

/** The same derivation under links, containments, a kill switch and an approval as they are by now; no policy reads them. */
export function deriveFresh(derivation: Derivation, facts: DecisionFacts, policySet: PolicySet): Derivation {
  const { links, containment, kill_switch } = facts
  const change = ({ band }: DecisionInputs) => ({
    links,
    containment,
    kill_switch,
    approval: approvalIn(facts, policySet, band),
  })
  const { inputs, would } = derivation
  return decidedAgain(derivation, change(inputs), would === null ? {} : change(would.inputs))
}

/** The approval that a decision may rely on: redeemable, and with as many people behind it as it takes at this risk by now. */
function approvalIn({ approval, action }: DecisionFacts, { settings }: PolicySet, band: RiskBand): DecisionInputs['approval'] {
  if (approval?.problem !== null) return null
  const scope = formatScope(action.scope, action.stake)
  const needed = approversNeeded(settings.approvals.approvers, { category: action.category, scope, band })
  return approval.approvers < needed ? null : { id: approval.id }
}

/** The request as the base is told it: whoever is not proven to be human is not called so, or a word in the body would grant. */
function askedOfBase(request: Request, { caller }: DecisionFacts, { settings }: PolicySet): Request {
  const { type } = request.subject
  if (caller.human_subject_types.includes(type) || settings.base.agent_subject_types.includes(type)) return request
  return { ...request, subject: { ...request.subject, type: 'agent' } }
}

/** What a tenant deviates in: its own, whatever it is called. */
function overridesOf({ settings }: PolicySet, tenant: string): Overrides | undefined {
  return Object.hasOwn(settings.overrides, tenant) ? settings.overrides[tenant] : undefined
}

/** A tenant may deviate from the shipped matrix; the chain and the hard term must then read the same one as the bundle. */
export function matricesOf(policySet: PolicySet, tenant: string): PolicySet['matrices'] {
  const override = overridesOf(policySet, tenant)?.matrix
  return override === undefined ? policySet.matrices : { ...policySet.matrices, ...override }
}

/**
 * Bounds that follow from trust: at most one expected failure in flight, and an expected loss of at most B in money. U is φ⁻¹ of
 * the score, so that every ceiling on the score tightens them too. Reads are exempt, and so is a human.
 */
export function limitsOf(facts: DecisionFacts, policySet: PolicySet): Guardrails {
  if (facts.trust === null || facts.action.category === 'read_only') return {}
  const failureBound = phiInverse(facts.trust.score, policySet.constants)
  const budget = policySet.settings.guardrails.expected_loss_max
  return {
    outstanding_unverified_max: Math.floor(1 / failureBound + 1e-9),
    ...(budget > 0 && facts.action.arguments.amount !== undefined ? { amount_max: budget / failureBound } : {}),
  }
}

/** The bundle's ceilings with what follows from trust in numbers and from what the request shows. What is not a list stays as it is, and denies. */
function withOwnTerms(graduation: PolicyEvaluation, facts: DecisionFacts, policySet: PolicySet): unknown {
  const terms = termsOf(graduation)
  if (!Array.isArray(terms)) return terms
  return [...(terms as unknown[]), ...limitTerms(limitsOf(facts, policySet)), ...driftTerms(facts)]
}

function limitTerms(limits: Guardrails): readonly Ceiling[] {
  if (Object.keys(limits).length === 0) return []
  return [{ ...OWN_TERM, source: 'guardrails', outcome: 'allow', reason: 'bounds that follow from trust', guardrails: limits }]
}

/** What is outside of what was declared does not run, however quiet everything else is. */
function driftTerms({ watch }: DecisionFacts): readonly Ceiling[] {
  if (watch?.drift === undefined) return []
  return [{ ...OWN_TERM, source: 'context', outcome: 'deny', reason: `topic_drift: ${watch.drift}` }]
}

const OWN_TERM: Pick<Ceiling, 'obligations' | 'guardrails'> = { obligations: [], guardrails: {} }

/** What the bundle answered; null where it failed. */
function termsOf(graduation: PolicyEvaluation): unknown {
  return graduation.kind === 'value' ? graduation.value : null
}
