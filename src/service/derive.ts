import type { DecisionFacts } from './facts.ts'
import type { PolicySet } from './policy-set.ts'
import { CLASSIFICATIONS, type Classification } from '../model/catalogue.ts'
import type { Ceiling, Guardrails } from '../model/ceiling.ts'
import type { BudgetRefusal, Decision, DecisionInputs } from '../model/decision-inputs.ts'
import type { Evaluation } from '../model/evaluation.ts'
import type { BaseInput, GraduationInput, PolicyTime, RiskView } from '../model/graduation-input.ts'
import type { Request } from '../model/request.ts'
import { readBaseResult } from '../pdp/base-result.ts'
import { decide } from '../pdp/decide.ts'
import { measuresOf, riskFacts } from '../risk/facts.ts'
import { phiInverse } from '../trust/phi.ts'

/** The question as it is decided: the request, and what the base policy is given where that is not the request itself. */
export type Question = { readonly request: Request; readonly baseInput?: unknown; readonly entrypoint: string }

/** Everything between the facts and the decision; with the budget still open. */
export type Derivation = {
  readonly risk: RiskView
  readonly base: Evaluation
  readonly graduation: Evaluation
  readonly inputs: DecisionInputs
  readonly decision: Decision
}

/** Measures how long each step takes; the default measures nothing. */
export type Timed = <T>(step: 'risk' | 'base' | 'graduation' | 'decide', work: () => T) => T
const untimed: Timed = (_step, work) => work()

/**
 * From facts to the decision, with nothing looked up: the same question, facts and policy set give the same bytes. Evaluation,
 * replay, fixtures and simulation all decide through here.
 */
export async function derive(
  question: Question,
  facts: DecisionFacts,
  policySet: PolicySet,
  timed: Timed = untimed,
): Promise<Derivation> {
  const { request } = question
  const time = policyTime(facts.at_ms)
  const classification = classificationOf(request, facts)
  const sensitive = isSensitive(classification)
  const sources = riskFacts({
    request,
    action: facts.action,
    agent: facts.agent,
    trust: facts.trust,
    time,
    classification,
    sensitive,
    knownDomains: facts.known_domains,
    counters: facts.counters,
    businessHours: policySet.settings.guardrails.business_hours,
  })
  const human = facts.parties.agent === null
  const risk = await timed('risk', () => policySet.risk.evaluate(sources))
  const baseInput: BaseInput = { ...request, tenant: facts.caller.tenant, time, agent: facts.agent, action_class: facts.action }
  const raw = policySet.settings.base.input === 'request'
  const base = await timed('base', () =>
    policySet.base.evaluate(question.entrypoint, raw ? (question.baseInput ?? request) : baseInput),
  )
  const graduationInput: GraduationInput | undefined =
    facts.trust === null && !human
      ? undefined
      : {
          tenant: facts.caller.tenant,
          time,
          request,
          human,
          agent: facts.agent,
          action: facts.action,
          trust: facts.trust,
          risk,
          classification,
          sensitive,
          facts: assertedFacts(request, facts),
          overrides: policySet.settings.overrides[facts.caller.tenant] ?? {},
        }
  const graduation = await timed('graduation', () => policySet.graduation.evaluate('graduation/ceilings', graduationInput))
  const inputs: DecisionInputs = {
    base: readBaseResult(base),
    graduation: withLimits(graduation, limitsOf(facts, policySet)),
    human,
    action: { category: facts.action.category },
    tier: facts.agent.tier,
    band: risk.band,
    sensitive,
    matrices: matricesOf(policySet, facts.caller.tenant),
    links: facts.links,
    chain_problems: facts.parties.problems,
    containment: facts.containment,
    incidents: { cap: facts.trust?.incident.cap ?? 1, review_open: facts.trust?.incident.state === 'open' },
    kill_switch: facts.kill_switch,
    measures: measuresOf(sources),
    budget_refusals: [],
    guardrail_excess: policySet.settings.guardrails.excess,
    supported_obligations: facts.supported_obligations,
  }
  return { risk, base, graduation, inputs, decision: timed('decide', () => decide(inputs)) }
}

/** The same derivation when budgets refuse: decided again with the refusals as a term. */
export function deriveRefused(derivation: Derivation, refusals: readonly BudgetRefusal[]): Derivation {
  if (refusals.length === 0) return derivation
  const inputs = { ...derivation.inputs, budget_refusals: refusals }
  return { ...derivation, inputs, decision: decide(inputs) }
}

/** The same derivation under containments and a kill switch that came in since; no policy reads them. */
export function deriveStopped(derivation: Derivation, { containment, kill_switch }: DecisionFacts): Derivation {
  const inputs = { ...derivation.inputs, containment, kill_switch }
  return { ...derivation, inputs, decision: decide(inputs) }
}

/** The decision's one timestamp as policies read it. */
export function policyTime(epochMs: number): PolicyTime {
  const date = new Date(epochMs)
  return { epoch_ms: epochMs, iso: date.toISOString(), hour: date.getUTCHours(), weekday: date.getUTCDay() }
}

/** The higher of what the catalogue and the request say; `internal` where neither says, `restricted` for a word that is none of ours. */
export function classificationOf(request: Request, facts: Pick<DecisionFacts, 'action'>): Classification {
  const said = request.resource.properties?.['classification']
  const claimed = said === undefined ? undefined : (CLASSIFICATIONS.find((known) => known === said) ?? 'restricted')
  const rank = (classification: Classification | null | undefined): number =>
    classification === null || classification === undefined ? -1 : CLASSIFICATIONS.indexOf(classification)
  const highest = Math.max(rank(claimed), rank(facts.action.classification))
  return highest < 0 ? 'internal' : (CLASSIFICATIONS[highest] ?? 'restricted')
}

/** Personal data and above are sensitive. */
export function isSensitive(classification: Classification): boolean {
  return CLASSIFICATIONS.indexOf(classification) >= CLASSIFICATIONS.indexOf('personal')
}

/** Of the facts in the request's context, those that the caller's credential may assert. */
function assertedFacts(request: Request, facts: DecisionFacts): Readonly<Record<string, unknown>> {
  const claimed = request.context?.['facts']
  if (typeof claimed !== 'object' || claimed === null || Array.isArray(claimed)) return {}
  return Object.fromEntries(Object.entries(claimed).filter(([name]) => facts.caller.verified_facts.includes(name)))
}

/** A tenant may deviate from the shipped matrix; the chain and the hard term must then read the same one as the bundle. */
function matricesOf(policySet: PolicySet, tenant: string): PolicySet['matrices'] {
  const override = policySet.settings.overrides[tenant]?.matrix
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

/** Adds the bounds of trust to the bundle's ceilings. What is not a list stays as it is, and denies. */
function withLimits(graduation: Evaluation, limits: Guardrails): unknown {
  if (graduation.kind !== 'value') return null
  if (!Array.isArray(graduation.value) || Object.keys(limits).length === 0) return graduation.value
  const term: Ceiling = {
    source: 'guardrails',
    outcome: 'allow',
    reason: 'bounds that follow from trust',
    obligations: [],
    guardrails: limits,
  }
  return [...(graduation.value as unknown[]), term]
}
