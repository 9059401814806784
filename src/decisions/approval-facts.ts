import { requesterOf } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { namedIn } from '../access/parties.ts'
import { approversNeeded, type Redeemer, redemptionProblem, strangeness } from '../approvals/approval-rules.ts'
import { isBehind } from '../approvals/override-rules.ts'
import type { DecisionFacts } from '../ledger/decision-facts.ts'
import type { Approval } from '../ledger/documents/approval.ts'
import type { Effect } from '../ledger/effect.ts'
import { approvalEndsMs, approvalState, approversOf, redeemed } from '../ledger/fold/approvals.ts'
import { openOverrides } from '../ledger/fold/overrides.ts'
import { approvalKey, inboxKey } from '../ledger/keys.ts'
import type { View } from '../ledger/store.ts'
import type { Request } from '../model/request.ts'
import { formatScope } from '../model/scope.ts'
import { decide } from '../pdp/decide.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import type { Derivation } from './derive.ts'

const MINUTE_MS = 60_000

/** One question, as approvals see it. `mapped`: the request was drawn from a foreign input that says more than it. */
export type Asked = {
  readonly request: Request
  readonly caller: Caller
  readonly digest: string
  readonly mapped: boolean
  /** False: the clock stepped, and nothing that ends by itself can be relied on. */
  readonly clockSteady: boolean
}

/** The facts with what people said about this request: the approval it names, and the overrides it is under. */
export function withApprovalFacts(facts: DecisionFacts, asked: Asked, view: View): DecisionFacts {
  const { request, caller, digest } = asked
  const named = request.context?.['approval']
  const kept = typeof named === 'string' ? view.document(approvalKey(caller.tenant, digest)) : undefined
  const by = askedBy(asked, facts)
  const requesters = notBy(asked, facts)
  const approval =
    typeof named !== 'string'
      ? null
      : {
          id: named,
          problem: asked.clockSteady ? redemptionProblem(kept, { approvalId: named, ...by }, facts.at_ms) : ('clock' as const),
          approvers: kept === undefined || requesters === null ? 0 : approversOf(kept, requesters),
        }
  const open = openOverrides(view.document({ kind: 'tenant', tenant: caller.tenant, id: '' })?.overrides ?? [], facts.at_ms)
  // Whom nobody knows has no trust that a person could stand in for.
  const mine =
    facts.agent.known && asked.clockSteady && requesters !== null
      ? open.filter((each) => each.agent === by.agent && each.scope === by.scope && !isBehind(each, requesters))
      : []
  return { ...facts, approval, overrides: mine }
}

/** Who asks, and in which scope: what an approval is bound to besides the request. */
function askedBy({ caller }: Asked, { parties, action }: DecisionFacts): Omit<Redeemer, 'approvalId'> {
  return {
    agent: parties.agent?.id ?? null,
    human: parties.human?.id ?? null,
    requester: requesterOf(caller),
    scope: formatScope(action.scope, action.stake),
  }
}

/** What became of approval in one decision. */
export type ApprovalOutcome = {
  readonly effects: readonly Effect[]
  /** The approval that people can decide about, or that this decision redeemed; null where there is none. */
  readonly approval: Approval | null
  /** The id of the approval that this decision redeemed: both count as one decision. */
  readonly redeemed: string | null
  /** Why people are not asked although they could be, or why the approval named was no good. */
  readonly reason: string | null
}

/** Nothing to ask people, and nothing that they said. */
export const NO_APPROVAL: ApprovalOutcome = { effects: [], approval: null, redeemed: null, reason: null }

/**
 * Redeems the approval that the request names, once something may run; or asks people, where their yes would let it run. An open
 * approval of the same request is not asked for twice, and nobody can fill the list.
 */
export function approvalOutcome(
  {
    id,
    asked,
    facts,
    derivation,
  }: { readonly id: string; readonly asked: Asked; readonly facts: DecisionFacts; readonly derivation: Derivation },
  policySet: PolicySet,
  view: View,
): ApprovalOutcome {
  const { decision, inputs, mode } = derivation
  const refused = refusalOf(facts, derivation)
  const kept = view.document(approvalKey(asked.caller.tenant, asked.digest))
  if (mode === 'observe') return { ...NO_APPROVAL, reason: refused }
  if (decision.decision) {
    if (kept === undefined || inputs.approval === null) return { ...NO_APPROVAL, reason: refused }
    const effect: Effect = { kind: 'approval', request_digest: asked.digest, step: { kind: 'redeemed', by: id } }
    return { effects: [effect], approval: redeemed(kept, id), redeemed: kept.id, reason: null }
  }
  if (decision.outcome !== 'require_approval' || !decide({ ...inputs, approval: { id } }).decision)
    return { ...NO_APPROVAL, reason: refused }
  if (asked.mapped) return { ...NO_APPROVAL, reason: 'approval_unavailable:mapped_input' }
  const wanted = newApproval(id, asked, facts, derivation, policySet)
  if (wanted === null) return { ...NO_APPROVAL, reason: 'approval_unavailable:too_many_parties' }
  if (kept !== undefined && ['pending', 'approved'].includes(approvalState(kept, facts.at_ms))) {
    const strange = strangeness(kept, askedBy(asked, facts))
    if (strange === 'other_agent' || strange === 'other_requester')
      return { ...NO_APPROVAL, reason: `approval_unavailable:${strange}` }
    // Where other or more people have to say so by now, they are asked anew.
    if (strange === null && kept.approvers_needed >= wanted.approvers_needed)
      return { ...NO_APPROVAL, approval: kept, reason: refused }
  }
  if (isFull(view, asked, wanted, policySet)) return { ...NO_APPROVAL, reason: 'approval_unavailable:too_many_open' }
  const effect: Effect = {
    kind: 'approval',
    request_digest: asked.digest,
    step: { kind: 'requested', approval: wanted },
  }
  return { ...NO_APPROVAL, effects: [effect], approval: wanted, reason: refused }
}

/** Why the approval that the request names is no good, in one word. */
function refusalOf({ approval }: DecisionFacts, { inputs }: Derivation): string | null {
  if (approval === null || inputs.approval !== null) return null
  return `approval_refused:${approval.problem ?? 'more_approvers'}`
}

/** Whether one agent, or all of a tenant, have as many approvals waiting as they may; what ran out of time waits for its record. */
function isFull(view: View, { caller, digest }: Asked, { agent }: Approval, { settings }: PolicySet): boolean {
  const { open_per_tenant_max, open_per_agent_max } = settings.approvals
  const open = (view.document(inboxKey(caller.tenant))?.open ?? []).filter(({ request_digest }) => request_digest !== digest)
  return open.length >= open_per_tenant_max || open.filter((each) => each.agent === agent).length >= open_per_agent_max
}

/** The approval that this decision asks for; null where nobody could tell who must not give it. */
function newApproval(
  id: string,
  asked: Asked,
  facts: DecisionFacts,
  { inputs }: Derivation,
  { settings }: PolicySet,
): Approval | null {
  const { approvals } = settings
  const { band } = inputs
  const by = askedBy(asked, facts)
  const not_by = notBy(asked, facts)
  if (not_by === null) return null
  return {
    ...by,
    id,
    request_digest: asked.digest,
    not_by: [...not_by],
    action: facts.action.name,
    band,
    requested_at_ms: facts.at_ms,
    expires_at_ms: facts.at_ms + Math.round(approvals.expire_minutes * MINUTE_MS),
    redeem_within_ms: Math.max(1, Math.round(approvals.redeem_minutes * MINUTE_MS)),
    approvers_needed: approversNeeded(approvals.approvers, { category: facts.action.category, scope: by.scope, band }),
    votes: [],
    withdrawn_at_ms: null,
    expired_at_ms: null,
    redeemed_by: null,
    stake: facts.action.category === 'read_only' ? 'read' : 'proposal',
  }
}

/** Everybody the request comes from or names, proven or not; null where they cannot all be read. */
function notBy({ caller, request }: Asked, { parties }: DecisionFacts): readonly string[] | null {
  const named = namedIn(request)
  if (named === null) return null
  const names = [requesterOf(caller), caller.person, caller.agent, parties.agent?.id, parties.human?.id, ...named]
  return [...new Set(names.filter((name) => name !== undefined))]
}

/** The approval as the caller is told: which decision to name in a retry, and until when. */
export function approvalAnswer(approval: Approval | null, nowMs: number) {
  if (approval === null) return null
  return { id: approval.id, state: approvalState(approval, nowMs), ends_at: new Date(approvalEndsMs(approval)).toISOString() }
}
