import { authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import type { EvidenceDeps } from '../evidence/evidence-deps.ts'
import { rollbackViewOf } from '../evidence/rollback-view.ts'
import type { Outstanding } from '../ledger/documents/activity.ts'
import type { DocumentKey } from '../ledger/documents/documents.ts'
import type { Pausable } from '../ledger/fold/pauses.ts'
import type { Moment } from '../ledger/fold/state.ts'
import { activityKey, agentKey, tenantKey } from '../ledger/keys.ts'
import { type DecisionBody, decisionBodyOf } from '../ledger/recorded-decision.ts'
import type { View } from '../ledger/store.ts'
import type { RiskView } from '../risk/risk-view.ts'
import { heldBack } from './answers.ts'
import { approversNeeded } from './rules/approval-rules.ts'
import { pausableReservation, pausesKeysOf } from './rules/pauses.ts'
import type { ApproverRule } from './settings.ts'
import { RESERVATIONS_LISTED_MAX, type ReservationsAnswer, type ReservationView } from './wire.ts'

/** What an agent was let run and nobody has verified yet, with what paused it; the first due first. */
export async function reservations(deps: EvidenceDeps, caller: Caller, agent: string): Promise<ReservationsAnswer> {
  authorize(caller, 'read_reservations')
  const { tenant } = caller
  const nowMs = deps.nowMs()
  const { approvers } = deps.policySet().settings.approvals
  const keys = [activityKey(tenant, agent), tenantKey(tenant), agentKey(tenant, agent), ...pausesKeysOf(tenant, [agent])]
  const known = await deps.store.read(keys, (view) =>
    openReservations(view, { tenant, nowMs }, agent).map(({ decision_id }) => verdictsKeyOf(view, tenant, decision_id)),
  )
  return deps.store.read([...keys, ...known], (view) => {
    const open = openReservations(view, { tenant, nowMs }, agent).toSorted((a, b) => a.verify_by_ms - b.verify_by_ms)
    const listed = open.slice(0, RESERVATIONS_LISTED_MAX)
    return { agent, total: open.length, reservations: listed.flatMap((each) => viewOf(each, { tenant, approvers, nowMs }, view)) }
  })
}

/** What an account was let run and nobody has verified in time yet. */
export function openReservations(
  view: Pick<View, 'document'>,
  { tenant, nowMs }: Moment,
  account: string,
): readonly Outstanding[] {
  const { outstanding = [] } = view.document(activityKey(tenant, account)) ?? {}
  return outstanding.filter(({ verify_by_ms }) => verify_by_ms > nowMs)
}

/** A reservation as pauses see it: as many people have to resume it as would have to approve it. */
export function reservedWork(body: DecisionBody, reserved: Outstanding, rules: readonly ApproverRule[]): Pausable {
  const { facts } = body
  const { risk } = body as unknown as { readonly risk: RiskView }
  const { category } = facts.action
  return pausableReservation(facts, reserved, approversNeeded(rules, { category, scope: reserved.scope, band: risk.band }))
}

/** Where is kept what became of a decision: with the one that asked for the approval that it redeemed, if it did. */
function verdictsKeyOf(view: View, tenant: string, decisionId: string): DocumentKey<'verdicts'> {
  const stored = view.record(tenant, decisionId)
  const redeemed = stored === undefined ? null : decisionBodyOf(stored.record).approval.redeemed
  return { kind: 'verdicts', tenant, id: redeemed ?? decisionId }
}

function viewOf(
  reserved: Outstanding,
  { tenant, approvers, nowMs }: Moment & { readonly approvers: readonly ApproverRule[] },
  view: View,
): readonly ReservationView[] {
  const { decision_id, scope, verify_by_ms } = reserved
  const stored = view.record(tenant, decision_id)
  if (stored === undefined) return []
  const body = decisionBodyOf(stored.record)
  return [
    {
      decision_id,
      agent: body.facts.parties.agent?.id ?? null,
      action: body.facts.action.name,
      scope,
      at: new Date(body.facts.at_ms).toISOString(),
      verify_by: new Date(verify_by_ms).toISOString(),
      ...heldBack(reservedWork(body, reserved, approvers), tenant, view),
      rollback: rollbackViewOf(body.facts.action, view.document(verdictsKeyOf(view, tenant, decision_id))?.rollback, nowMs),
    },
  ]
}
