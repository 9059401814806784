import { actorOf } from '../access/authority.ts'
import { CLASSIFICATIONS } from '../catalogue/catalogue-file.ts'
import { canonicalJson, sha256Hex } from '../format/canonical-json.ts'
import { UNKNOWN_AGENTS_ACCOUNT } from '../ledger/accounts.ts'
import type { DecisionFacts } from '../ledger/decision-facts.ts'
import type { Effect } from '../ledger/effect.ts'
import { type AuditRecord, RECORD_VERSION, SEMANTICS } from '../ledger/record.ts'
import type { VerificationDuty } from '../ledger/recorded-decision.ts'
import type { PolicyEvaluation } from '../model/evaluation.ts'
import { compositionOf } from '../model/request.ts'
import type { TrustChange } from '../trust/trust-change.ts'
import { destinationDigest } from '../ledger/destination-digest.ts'
import { ownBaseTerm } from '../pdp/terms.ts'
import type { Decided, DecisionContext } from './decision-context.ts'
import { detailOf, type StepSeconds } from './record-detail.ts'
import type { RecordDetailSettings } from './settings.ts'
import type { DutyTold } from './tell-duties.ts'
import { isEscalation } from './rules/escalation.ts'
import type { ApprovalOutcome } from './rules/approval-facts.ts'
import type { Derivation, Would } from './rules/derivation.ts'

/** What a decision does besides being recorded. */
export type Consequences = {
  readonly approval: ApprovalOutcome
  /** Whether it has to be verified; null where nothing runs that could be. */
  readonly verification: VerificationDuty | null
  /** What became of levels and incidents. */
  readonly changes: readonly TrustChange[]
  /** Further members of the record's body, such as what detectors made of it. */
  readonly body: Readonly<Record<string, unknown>>
  /** Whom the decision tells, and what of it was told before; absent: nobody. */
  readonly told?: readonly DutyTold[]
  /** How long its steps took; absent: nothing measured it. */
  readonly seconds?: StepSeconds
  /** Where another decision point made it; absent: here. */
  readonly source?: Readonly<Record<string, unknown>>
  readonly effects: readonly Effect[]
}

/**
 * The record of a decision: the six fields an auditor looks for (time, agent and its composition, goal, tool, full arguments in
 * the request, result in the outcome record that follows), the sources it was made from, and every input needed to make it again. `detail`:
 * what it holds besides.
 */
export function decisionRecord(decided: Decided, consequences: Consequences, detail: RecordDetailSettings): AuditRecord {
  const { context, facts, derivation } = decided
  return {
    v: RECORD_VERSION,
    semantics: SEMANTICS,
    kind: 'decision',
    id: context.id,
    tenant: context.tenant,
    at: new Date(facts.at_ms).toISOString(),
    agent: facts.parties.agent?.id ?? null,
    user: facts.parties.human?.id ?? null,
    action: facts.action.name,
    outcome: derivation.decision.outcome,
    decision_id: context.id,
    actor: actorOf(context.caller),
    // The store writes it as JSON before anything can change it, and reads it from there.
    body: { ...bodyOf(decided, consequences), ...detailIn(decided, consequences, detail) } as unknown as AuditRecord['body'],
    effects: [...consequences.effects],
  }
}

function detailIn({ context: { asked }, derivation }: Decided, { seconds }: Consequences, detail: RecordDetailSettings) {
  return detailOf(detail, { asked, derivation, seconds })
}

function bodyOf({ context, facts, derivation }: Decided, { approval, verification, body, source }: Consequences) {
  const { asked, request, question } = context
  const { decision, risk, base, delegator, graduation, inputs, would } = derivation
  const { purpose, session, environment } = request.context ?? {}
  return {
    protocol: asked.protocol,
    entrypoint: question.entrypoint,
    agent: { ...facts.agent, composition: compositionOf(request) ?? null, chain: facts.links },
    goal: { purpose: purpose ?? null, session: session ?? null, environment: environment ?? null },
    tool: { name: facts.action.name, namespace: facts.action.namespace, version: facts.action.version },
    request,
    ...(asked.baseInput === undefined ? {} : { base_input: asked.baseInput }),
    request_digest: context.digest,
    policy_set: context.policySet.digest,
    facts,
    risk,
    base,
    ...(delegator === null ? {} : { delegator }),
    graduation: graduationTrace(graduation),
    refusals: inputs.budget_refusals,
    decision,
    would: would === null ? null : wouldTrace(would, context.rehearsal ?? null),
    approval: { redeemed: approval.redeemed, reason: approval.reason },
    override: inputs.override,
    // It may be judged although it did not run.
    proposal: facts.caller.vouched !== false && decision.advice.includes('record_proposal'),
    ...body,
    ...(verification === null ? {} : { verification }),
    trace: { request_id: asked.requestId ?? null, traceparent: asked.traceparent ?? null },
    data_sources: dataSources(context),
    ...(source === undefined ? {} : { opa: source }),
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

/** What was seen of a decision: who asked what, and how the base answered. */
type Seen = {
  readonly context: Pick<DecisionContext, 'request' | 'caller' | 'accounts'>
  readonly facts: DecisionFacts
  readonly derivation: Derivation
}

/**
 * Effects of every decision with an agent: it was seen, and a trusted enforcement point's word on the composition of an agent of the
 * catalogue is believed. What did not run is not remembered, or asking often enough would make it look familiar.
 */
export function seenEffects({ context, facts, derivation }: Seen): readonly Effect[] {
  const { request, caller, accounts } = context
  const { agent } = facts.parties
  if (agent === null) return []
  const ran = derivation.decision.decision
  const { recipient_domains: domains, destinations } = derivation.inputs.measures
  const composition = compositionOf(request)
  // What one stranger did says nothing of the next.
  const isRemembered = accounts.own !== UNKNOWN_AGENTS_ACCOUNT
  return [
    ...(caller.trusted_composition && composition !== undefined && request.subject.id === agent.id && facts.agent.known
      ? [{ kind: 'composition' as const, agent: agent.id, composition }]
      : []),
    {
      kind: 'seen',
      agent: accounts.own,
      action: ran && isRemembered && facts.action.known ? facts.action.name : null,
      // Only what the static policy refuses the subject itself: graduated refusals, and what the person behind an agent may not, are no offence.
      denied: ownBaseTerm(derivation.inputs.base).outcome === 'deny',
      domains: ran && isRemembered && domains !== null && domains !== 'unknown' ? domains.slice(0, 64) : [],
      ...(ran && isRemembered && Array.isArray(destinations) && destinations.length > 0
        ? { destinations: destinations.slice(0, 64).map(destinationDigest) }
        : {}),
      ...(isEscalation(facts) ? { escalation: true as const } : {}),
    },
  ]
}

function dataSources({ request, agents }: DecisionContext): readonly string[] {
  const classification = request.resource.properties?.['classification']
  const named = CLASSIFICATIONS.find((known) => known === classification)
  return [
    `resource:${request.resource.type}`,
    ...(named === undefined ? [] : [`classification:${named}`]),
    'catalogue',
    ...agents.map((id) => `trust:${id}`),
  ]
}
