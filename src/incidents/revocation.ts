import { authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { consequencesOf, observeChanges } from '../ledger/changes.ts'
import type { ApprovalInbox } from '../ledger/documents/approval.ts'
import type { Effect } from '../ledger/effect.ts'
import { openOverrides } from '../ledger/fold/tenant.ts'
import { activityKey, agentKey, approvalKey, inboxKey, tenantKey } from '../ledger/keys.ts'
import { sandbox } from '../ledger/sandbox.ts'
import type { Transaction, View } from '../ledger/store.ts'
import { recordOperatorAction, type VerbDeps, type WrittenRecord } from '../policy/operator-verbs.ts'
import type { TrustChange } from '../trust/trust-change.ts'
import { stoppingIncident } from './rules/stopping-incident.ts'
import type { RevocationAnswer, RevocationClass, RevocationReport } from './wire.ts'

/** Approvals that one record withdraws, at most; more take more records. */
const WITHDRAWN_PER_RECORD = 500

type Waiting = ApprovalInbox['open'][number]
type Revocation = { readonly caller: Caller; readonly agent: string; readonly report: RevocationReport }

/** What one record of a revocation did; `written` null: there was nothing to do. */
type Step = {
  readonly incidentId: string
  readonly raised: boolean
  readonly withdrawn: readonly string[]
  readonly ended: readonly string[]
  readonly changes: readonly TrustChange[]
  readonly written: WrittenRecord | null
  readonly isDone: boolean
}

/**
 * Stops an agent altogether until a person has reviewed the incident: trust 0 everywhere, approvals that wait for it withdrawn, its
 * overrides ended. Tells what was let run before and is not verified yet. Asked for again, it takes back what came up since.
 */
export async function revokeAgent(
  deps: VerbDeps,
  caller: Caller,
  agent: string,
  report: RevocationReport,
): Promise<RevocationAnswer> {
  authorize(caller, 'revoke')
  const revocation = { caller, agent, report }
  const first = await step(deps, revocation)
  const steps = [first]
  for (let last = first; !last.isDone;) {
    last = await step(deps, revocation)
    steps.push(last)
  }
  const policySet = deps.policySet()
  const nowMs = deps.nowMs()
  const { outstanding, stateVersion } = await deps.store.read([activityKey(caller.tenant, agent)], (view) => ({
    outstanding: outstandingOf(view, caller.tenant, agent, nowMs),
    stateVersion: view.stateVersion(),
  }))
  return {
    agent,
    known: policySet.catalogue.agent(agent).known,
    incident_id: first.incidentId,
    revoked: first.raised,
    approvals_withdrawn: steps.flatMap(({ withdrawn }) => withdrawn),
    overrides_ended: steps.flatMap(({ ended }) => ended),
    changes: [...first.changes],
    outstanding,
    answers_valid_until: new Date(nowMs + policySet.settings.answer_valid_ms).toISOString(),
    leaf_index: first.written?.leaf_index ?? null,
    state_version: stateVersion,
  }
}

/** One record: the incident if there is none yet, and as much of what waits for the agent as one record holds. */
async function step(deps: VerbDeps, { caller, agent, report }: Revocation): Promise<Step> {
  const { tenant } = caller
  const seen = await deps.store.read([inboxKey(tenant)], (view) => waitingFor(view, tenant, agent, deps.nowMs()))
  const named = seen.slice(0, WITHDRAWN_PER_RECORD).map(({ request_digest }) => request_digest)
  const ownKeys = [agentKey(tenant, agent), tenantKey(tenant), inboxKey(tenant)]
  const keys = [...ownKeys, ...named.map((digest) => approvalKey(tenant, digest))]
  return deps.store.transact(keys, (transaction) => {
    const atMs = deps.nowMs()
    const waiting = waitingFor(transaction, tenant, agent, atMs)
    const withdrawn = waiting.filter(({ request_digest }) => named.includes(request_digest))
    const ended = openOverrides(transaction.document(tenantKey(tenant))?.overrides ?? [], atMs).filter(
      (each) => each.agent === agent,
    )
    const open = stoppingIncident(transaction.document(agentKey(tenant, agent)))?.id
    const incidentId = open ?? deps.newId()
    const effects: readonly Effect[] = [
      ...(open === undefined ? [incidentEffect(transaction, agent, report.class, incidentId)] : []),
      ...ended.map(({ id }): Effect => ({ kind: 'override_ended', id })),
      ...withdrawn.map(({ request_digest }): Effect => ({ kind: 'approval', request_digest, step: { kind: 'withdrawn' } })),
    ]
    const done = {
      incidentId,
      raised: open === undefined,
      withdrawn: withdrawn.map(({ id }) => id),
      ended: ended.map(({ id }) => id),
      isDone: withdrawn.length === waiting.length,
    }
    if (effects.length === 0) return { ...done, changes: [], written: null }
    const { changes, named: inBody, effects: all } = consequencesOf(effects, atMs, tenant, sandbox(transaction))
    const why = { reason: report.reason, class: report.class, incident_id: incidentId }
    const body = { verb: 'revoke', ...why, approvals: done.withdrawn, overrides: done.ended, ...inBody }
    observeChanges(deps, changes)
    return { ...done, changes, written: recordOperatorAction(deps, { caller, atMs, agent, body, effects: all }, transaction) }
  })
}

/** What waits for an agent, without what ran out of time and only waits for its record. */
function waitingFor(view: View, tenant: string, agent: string, nowMs: number): readonly Waiting[] {
  const open = view.document(inboxKey(tenant))?.open ?? []
  return open.filter((each) => each.agent === agent && each.until_ms > nowMs)
}

function incidentEffect(transaction: Transaction, agent: string, of: RevocationClass, id: string): Effect {
  const { cap } = transaction.constants().incident_rules[of]
  // Whatever the constants say of the class: who is revoked comes back by a person's review only.
  return { kind: 'incident', agent, incident: { id, class: of, reach: 'agent', scope: null, cap: cap ?? 0, review: true } }
}

function outstandingOf(view: View, tenant: string, agent: string, nowMs: number): RevocationAnswer['outstanding'] {
  const { outstanding = [] } = view.document(activityKey(tenant, agent)) ?? {}
  return outstanding
    .filter(({ verify_by_ms }) => verify_by_ms > nowMs)
    .map(({ decision_id, scope, tool, verify_by_ms }) => ({
      decision_id,
      scope,
      action: tool,
      verify_by: new Date(verify_by_ms).toISOString(),
    }))
}
