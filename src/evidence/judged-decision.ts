import { ServiceError } from '../format/error.ts'
import type { DecisionFacts } from '../ledger/decision-facts.ts'
import type { AuditRecord } from '../ledger/record.ts'
import { decisionBodyOf } from '../ledger/recorded-decision.ts'
import type { StoredRecord, View } from '../ledger/store.ts'
import type { Layer } from '../model/layer.ts'
import { formatScope } from '../model/scope.ts'
import type { Decision } from '../pdp/decision-inputs.ts'
import type { EvidenceStake } from '../trust/constants.ts'
import type { Judged } from './rules/weighing.ts'

/** A decision as its record says it was. */
export type RecordedDecision = {
  readonly facts: DecisionFacts
  readonly decision: Decision
  readonly proposal: boolean
  /** The approval that it redeemed: the decision that asked for it. */
  readonly redeemed: string | null
  /** It ran under an emergency override. */
  readonly overridden: boolean
  /** Layers in which detectors looked at it and found nothing. */
  readonly clean: readonly Layer[]
  /** Where the would-be use of budgets is kept, if there was any. */
  readonly rehearsal: string | undefined
  /** False: nobody was asked to verify it. */
  readonly sampled: boolean
  readonly at_ms: number
}

/** The decision a report is about, of the caller's tenant; another tenant's is as unknown as one that never was. */
export function decisionOf(
  view: View,
  tenant: string,
  decisionId: string,
): StoredRecord & { readonly decided: RecordedDecision } {
  const stored = view.record(tenant, decisionId)
  if (stored?.record.kind !== 'decision')
    throw new ServiceError('not_found', `there is no decision "${decisionId}"`, {
      place: { pointer: '/decision_id' },
      fix: 'use the decision_id of an answer',
    })
  return { ...stored, decided: recordedDecisionOf(stored.record) }
}

/** A decision as its record says it was. */
export function recordedDecisionOf(record: AuditRecord): RecordedDecision {
  const { facts, decision, proposal, approval, override, would, watch, verification } = decisionBodyOf(record)
  return {
    facts,
    decision,
    proposal,
    redeemed: approval.redeemed,
    overridden: override !== null,
    clean: watch?.clean ?? [],
    rehearsal: would?.rehearsal ?? undefined,
    sampled: verification?.due ?? !isUnasked(facts, proposal),
    at_ms: facts.at_ms,
  }
}

/** Whether a record that says nothing of verification is of a kind that owes it: from before proposals and observed actions did, or without room for it. */
function isUnasked({ action, mode }: DecisionFacts, proposal: boolean): boolean {
  return action.category !== 'read_only' && (proposal || mode.mode === 'observe')
}

/**
 * What evidence about a decision is about: agent, scope and stake from the record. Refuses what cannot be judged: a decision
 * without an agent or with one that only the body claimed, and one that neither ran nor may be judged as a proposal.
 */
export function judgedOf(decisionId: string, decided: RecordedDecision): Judged {
  const { facts, decision, redeemed, overridden, at_ms } = decided
  return {
    // A decision that redeemed an approval and the one that asked for it count as one.
    decision_id: redeemed ?? decisionId,
    agent: agentJudged(decisionId, decided),
    scope: formatScope(facts.action.scope, facts.action.stake),
    stake: stakeOf(facts, decision),
    // What ran because a person took over proves nothing good of the agent.
    earns: facts.action.known && !overridden,
    ...(facts.action.only_reads === undefined ? {} : { only_reads: true as const }),
    blast: facts.action.blast,
    reversibility: facts.action.reversibility,
    ...(decision.decision ? wayBackOf(facts.action) : {}),
    ...(facts.moved_from === undefined ? {} : { moved_tool: facts.action.name }),
    // Whoever only the body names bears nothing: else naming an agent would be enough to bring it down.
    delegators: facts.parties.links.filter(({ claimed }) => !claimed).map(({ party }) => party.id),
    decided_at_ms: at_ms,
  }
}

/** On what the way back from an action depends, where it ran; nothing where it depends on nothing. */
export function wayBackOf({
  rollback_handle: handleRequired,
  reversible_until: until,
}: Pick<DecisionFacts['action'], 'rollback_handle' | 'reversible_until'>): Pick<Judged, 'way_back'> {
  if (!handleRequired && until === null) return {}
  return { way_back: { handle_required: handleRequired, until_ms: until === null ? null : Date.parse(until) } }
}

/** Refuses to learn of an agent by a decision that a stranger asked for in its name. Throws `conflict`. */
export function refuseUnvouched(decisionId: string, { facts: { caller } }: RecordedDecision): void {
  if (caller.vouched !== false) return
  throw new ServiceError(
    'conflict',
    `decision "${decisionId}" was asked for without a credential, so nobody knows whether the agent that it names asked`,
    { place: { pointer: '/decision_id' }, fix: 'let the enforcement point ask with a credential' },
  )
}

function agentJudged(decisionId: string, decided: RecordedDecision): string {
  const {
    facts: { parties },
    decision,
    proposal,
  } = decided
  const place = { pointer: '/decision_id' }
  if (parties.agent === null)
    throw new ServiceError('conflict', `decision "${decisionId}" was about a human; trust is for agents`, { place })
  refuseUnvouched(decisionId, decided)
  if (parties.agent_claimed)
    throw new ServiceError(
      'conflict',
      `the agent "${parties.agent.id}" of decision "${decisionId}" was only claimed by the body of the request`,
      { place, fix: 'set "trusted_chain" of the credential that asked, if it proves the chains it passes on' },
    )
  if (!decision.decision && !proposal)
    throw new ServiceError(
      'conflict',
      `decision "${decisionId}" (${decision.outcome}) did not run and cannot be judged as a proposal`,
      { place, fix: 'report outcomes of decisions that were allowed, or that carry the advice "record_proposal"' },
    )
  return parties.agent.id
}

function stakeOf(facts: DecisionFacts, decision: Decision): EvidenceStake {
  if (facts.action.category === 'read_only') return 'read'
  return decision.decision ? 'executed' : 'proposal'
}

/** What a person's verdict on a decision that waits for approval is about; null where no proven agent asked. */
export function proposalOf(decisionId: string, decided: RecordedDecision): Judged | null {
  const { parties, caller } = decided.facts
  return parties.agent === null || parties.agent_claimed || caller.vouched === false
    ? null
    : judgedOf(decisionId, { ...decided, proposal: true })
}
