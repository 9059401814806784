import { actorOf } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { agentsOf } from '../access/parties.ts'
import { CLASSIFICATIONS } from '../catalogue/catalogue-file.ts'
import { canonicalJson, sha256Hex } from '../format/canonical-json.ts'
import { accountsOfFacts, UNKNOWN_AGENTS_ACCOUNT } from '../ledger/accounts.ts'
import type { VerificationDuty } from '../ledger/decision-body.ts'
import type { DecisionFacts } from '../ledger/decision-facts.ts'
import type { Effect } from '../ledger/effect.ts'
import { type AuditRecord, RECORD_VERSION } from '../ledger/record.ts'
import type { PolicyEvaluation } from '../model/evaluation.ts'
import { compositionOf } from '../model/request.ts'
import type { ApprovalOutcome } from './approval-facts.ts'
import type { DecisionRequest } from './ask.ts'
import type { Derivation, Would } from './derive.ts'

/** One decision, complete, on its way to the log. */
export type DecisionEntry = {
  readonly id: string
  readonly ask: DecisionRequest
  readonly caller: Caller
  readonly facts: DecisionFacts
  readonly derivation: Derivation
  readonly entrypoint: string
  readonly requestDigest: string
  readonly policySetDigest: string
  /** The rehearsal that would-be charges went to. */
  readonly rehearsal: string | undefined
  readonly people: ApprovalOutcome
  /** What detectors made of it; empty where none looked. */
  readonly watch?: Readonly<Record<string, unknown>>
  /** Whether it has to be verified; null where nothing runs that could be. */
  readonly verification?: VerificationDuty | null
  readonly effects: readonly Effect[]
}

/**
 * The record of a decision: the six fields an auditor looks for (time, agent and its composition, goal, tool, full arguments in
 * the request, result in the outcome record that follows), the sources it was made from, and every input needed to make it again.
 */
export function decisionRecord(entry: DecisionEntry): AuditRecord {
  const { ask, facts, derivation, caller } = entry
  const { request } = ask
  const context = request.context ?? {}
  const { decision, risk, base, graduation, inputs, would } = derivation
  const body = {
    protocol: ask.protocol,
    entrypoint: entry.entrypoint,
    agent: { ...facts.agent, composition: compositionOf(request) ?? null, chain: facts.links },
    goal: {
      purpose: context['purpose'] ?? null,
      session: context['session'] ?? null,
      environment: context['environment'] ?? null,
    },
    tool: { name: facts.action.name, namespace: facts.action.namespace, version: facts.action.version },
    request,
    ...(ask.baseInput === undefined ? {} : { base_input: ask.baseInput }),
    request_digest: entry.requestDigest,
    policy_set: entry.policySetDigest,
    facts,
    risk,
    base,
    graduation: graduationTrace(graduation),
    refusals: inputs.budget_refusals,
    decision,
    would: would === null ? null : wouldTrace(would, entry.rehearsal ?? null),
    approval: { redeemed: entry.people.redeemed, reason: entry.people.reason },
    override: inputs.override,
    proposal: isProposal(entry),
    ...entry.watch,
    ...(entry.verification == null ? {} : { verification: entry.verification }),
    trace: { request_id: ask.requestId ?? null, traceparent: ask.traceparent ?? null },
    data_sources: dataSources(entry),
  }
  return {
    v: RECORD_VERSION,
    kind: 'decision',
    id: entry.id,
    tenant: caller.tenant,
    at: new Date(facts.at_ms).toISOString(),
    agent: facts.parties.agent?.id ?? null,
    user: facts.parties.human?.id ?? null,
    action: facts.action.name,
    outcome: decision.outcome,
    decision_id: entry.id,
    actor: actorOf(caller),
    // The store writes it as JSON before anything can change it, and reads it from there.
    body: body as unknown as AuditRecord['body'],
    effects: [...entry.effects],
  }
}

/** What would have been answered if everything were enforced, as it is recorded. */
export function wouldTrace({ decision, inputs, degraded }: Would, rehearsal: string | null) {
  return { decision, refusals: inputs.budget_refusals, degraded, rehearsal }
}

/** What of the graduation bundle's answer is recorded: its terms are in the decision, so their digest tells a replay enough. */
export function graduationTrace(graduation: PolicyEvaluation): Readonly<Record<string, unknown>> {
  return graduation.kind === 'value' ? { kind: 'value', sha256: sha256Hex(canonicalJson(graduation.value)) } : graduation
}

/**
 * Effects of every decision with an agent: it was seen, and a trusted enforcement point's word on the composition of an agent of the
 * catalogue is believed. What did not run is not remembered, or asking often enough would make it look familiar.
 */
export function seenEffects(
  ask: DecisionRequest,
  caller: Caller,
  facts: DecisionFacts,
  derivation: Derivation,
): readonly Effect[] {
  const { agent } = facts.parties
  if (agent === null) return []
  const ran = derivation.decision.decision
  const domains = derivation.inputs.measures.recipient_domains
  const composition = compositionOf(ask.request)
  const { own } = accountsOfFacts(facts)
  // What one stranger did says nothing of the next.
  const isRemembered = own !== UNKNOWN_AGENTS_ACCOUNT
  return [
    ...(caller.trusted_composition && composition !== undefined && ask.request.subject.id === agent.id && facts.agent.known
      ? [{ kind: 'composition' as const, agent: agent.id, composition }]
      : []),
    {
      kind: 'seen',
      agent: own,
      action: ran && isRemembered && facts.action.known ? facts.action.name : null,
      // Only what the static policy refuses: graduated refusals are no offence.
      denied: derivation.decision.base === 'deny',
      domains: ran && isRemembered && domains !== null && domains !== 'unknown' ? domains.slice(0, 64) : [],
    },
  ]
}

/** Whether the action may be judged as a proposal, although it did not run. */
function isProposal({ derivation }: DecisionEntry): boolean {
  return derivation.decision.advice.includes('record_proposal')
}

function dataSources({ facts, ask }: DecisionEntry): readonly string[] {
  const classification = ask.request.resource.properties?.['classification']
  const named = CLASSIFICATIONS.find((known) => known === classification)
  return [
    `resource:${ask.request.resource.type}`,
    ...(named === undefined ? [] : [`classification:${named}`]),
    'catalogue',
    ...agentsOf(facts.parties).map((id) => `trust:${id}`),
  ]
}
