import { describe, expect, it } from 'vitest'

import { authorize, type Verb, VERB_ROLES } from '../../src/access/authority.ts'
import { type Caller, type Role, ROLES } from '../../src/access/caller.ts'
import type { Service } from '../../src/service/service.ts'
import { ask, caller, verifier } from '../support/callers.ts'
import { testService } from '../support/test-service.ts'

const wanted = {
  subject: { type: 'agent', id: 'finance-agent' },
  action: { name: 'run_tests' },
  resource: { type: 'repository', id: 'one' },
  reason: 'test',
  expected_use: 'test',
}

/** Every verb as a caller uses it, on things that exist. */
async function scene() {
  const tested = await testService()
  await tested.earn('finance-agent', 'bookkeeping:light', 3)
  const decider = caller('decider', { roles: ['enforcement_point'], person: 'pat' })
  const decided = await tested.service.evaluate(decider, ask('finance-agent', 'categorise_expense'))
  expect(decided.decision).toBe(true)
  const operator = caller('op', { roles: ['operator'], person: 'olivia' })
  const incident = await tested.service.raiseIncident(operator, { agent: 'finance-agent', class: 'injection_weak' })
  const contained = await tested.service.contain(operator, { target: { kind: 'agent', agent: 'coding-agent' }, reason: 'test' })
  const { decision_id } = decided
  const request = await tested.service.askPermission(decider, wanted)
  const verbs = (
    service: Service,
  ): Readonly<Record<Exclude<Verb, 'erase' | 'change_modes'>, (who: Caller) => readonly Promise<unknown>[]>> => ({
    decide: (who) => [service.evaluate(who, ask('finance-agent', 'categorise_expense'))],
    upload_log: (who) => [service.ingestLog(who, noEntries())],
    report_outcome: (who) => [service.reportOutcome(who, { decision_id, class: 'validated' })],
    report_signal: (who) => [service.reportSignal(who, { decision_id, layer: 'behaviour', class: 'clean' })],
    import_trust: (who) => [service.importHistory(who, { bytes: new Uint8Array(1), signature: new Uint8Array(64) })],
    raise_incident: (who) => [service.raiseIncident(who, { agent: 'finance-agent', class: 'injection_weak' })],
    review_incident: (who) => [
      service.reviewIncident(who, incident.incident_id, { agent: 'finance-agent', false_positive: false }),
    ],
    read_trust: (who) => [
      service.agents(who, { limit: 10 }),
      service.agentTrust(who, 'finance-agent'),
      service.trustHistory(who, 'finance-agent', { limit: 10 }),
    ],
    // Only the HTTP interface has metrics.
    read_metrics: (who) => [Promise.resolve(who).then((each) => authorize(each, 'read_metrics'))],
    explain: (who) => [service.explain(who, decision_id)],
    promote: (who) => [service.promote(who, 'finance-agent', 'bookkeeping:light', {})],
    demote: (who) => [service.demote(who, 'finance-agent', 'bookkeeping:light', { level: 3, reason: 'test' })],
    revoke: (who) => [service.revokeAgent(who, 'research-agent', { reason: 'test', class: 'credential_compromise' })],
    resolve_hold: (who) => [service.resolveHold(who, 'finance-agent', { hold: 'none', report: { resolution: 'dismiss' } })],
    seed_canary: (who) => [service.seedCanary(who, { decision_id, expected: 'reject' })],
    read_raters: (who) => [service.raters(who), service.rater(who, 'none')],
    read_steering: (who) => [service.incidents(who, {}), service.incident(who, incident.incident_id), service.containments(who)],
    contain: (who) => [
      service.contain(who, { target: { kind: 'agent', agent: 'finance-agent' }, reason: 'test' }),
      service.lift(who, contained.id),
    ],
    read_approvals: (who) => [service.approvals(who, {}), service.overrides(who), service.approval(who, decision_id)],
    approve: (who) => [service.decideApproval(who, decision_id, { verdict: 'approve', reason: 'test' })],
    withdraw_approval: (who) => [service.withdrawApproval(who, decision_id, {})],
    resume: (who) => [service.resumeDecision(who, decision_id, { reason: 'test' })],
    read_reservations: (who) => [service.reservations(who, 'finance-agent')],
    override: (who) => [
      service.openOverride(who, { agent: 'finance-agent', scope: 'bookkeeping:light', reason: 'test', minutes: 5 }),
      service.confirmOverride(who, 'none'),
    ],
    end_override: (who) => [service.endOverride(who, 'none')],
    read_proposals: (who) => [service.proposals(who, { limit: 10 })],
    read_audit: (who) => [
      service.records(who, { limit: 10 }),
      service.record(who, decision_id),
      service.proof(who, decision_id),
      service.checkpoint(who),
      service.logReviews(who),
      service.legalHoldsInForce(who),
    ],
    hold_records: (who) => [
      service.placeLegalHold(who, { reason: 'test' }),
      service.releaseLegalHold(who, 'none', { reason: 'test' }),
    ],
    review_decision: (who) => [
      service.spotChecks(who),
      service.reviewDecision(who, { decision_id, finding: 'sound', notes: 'test' }),
    ],
    ask_permission: (who) => [service.askPermission(who, wanted)],
    read_permission_requests: (who) => [
      service.permissionRequests(who, { limit: 10 }),
      service.permissionRequest(who, request.id),
    ],
    close_permission_request: (who) => [service.closePermissionRequest(who, 'none', { verdict: 'refused', note: 'test' })],
    review_log: (who) => [service.reviewLog(who, { review: 'none', notes: 'test' })],
    diagnose_base: (who) => [service.diagnoseBase(who, ask('finance-agent', 'categorise_expense'))],
    reload_policies: (who) => [Promise.resolve().then(() => service.reloadPolicies(who))],
  })
  return { ...tested, verbs: verbs(tested.service) }
}

/** Which code each promise is refused with; undefined where it is not. */
async function refusals(promises: readonly Promise<unknown>[]): Promise<readonly (string | undefined)[]> {
  const settled = await Promise.allSettled(promises)
  return settled.map((each) => (each.status === 'rejected' ? (each.reason as { readonly code?: string }).code : undefined))
}

const standing = (role: Role) => ({ roles: [role], verifier: 'deterministic', layers: ['behaviour'], person: 'pat' })

describe('every role and every verb', () => {
  it('a verb works for the roles named and is forbidden to the others', async () => {
    const { verbs } = await scene()
    for (const [verb, use] of Object.entries(verbs) as [keyof typeof verbs, (who: Caller) => readonly Promise<unknown>[]][])
      for (const role of ROLES) {
        const allowed: readonly Role[] = VERB_ROLES[verb]
        const codes = await refusals(use(caller(`${role}-1`, standing(role))))
        const forbidden = codes.map((code) => code === 'forbidden')
        expect({ verb, role, forbidden }).toEqual({ verb, role, forbidden: codes.map(() => !allowed.includes(role)) })
      }
  })

  it('no verb but deciding works without a credential, whatever the listener says', async () => {
    const { verbs } = await scene()
    for (const [verb, use] of Object.entries(verbs)) {
      const codes = await refusals(
        use(caller(null, { roles: ROLES, verifier: 'deterministic', layers: ['behaviour'], person: 'pat' })),
      )
      expect({ verb, codes }).toEqual({ verb, codes: codes.map(() => (verb === 'decide' ? undefined : 'unauthenticated')) })
    }
  })

  it('a credential without a role can do nothing', async () => {
    const { verbs } = await scene()
    for (const [verb, use] of Object.entries(verbs)) {
      const codes = await refusals(use(caller('nobody', { roles: [] })))
      expect({ verb, codes }).toEqual({ verb, codes: codes.map(() => 'forbidden') })
    }
  })
})

/** An upload without entries. */
async function* noEntries(): AsyncGenerator<never> {
  // Nothing comes.
}

/** All that an agent may not, which is everything but deciding, reading its trust, asking for permissions and having a decision explained; the scene has no call for the last two. */
const REFUSED = Object.keys(VERB_ROLES).filter(
  (verb) => !['decide', 'read_trust', 'ask_permission', 'explain', 'erase', 'change_modes'].includes(verb),
) as Exclude<Verb, 'erase' | 'change_modes'>[]

describe("an agent's own credential", () => {
  const every = ROLES.filter((role) => role !== 'agent')
  const own = { roles: every, agent: 'finance-agent', verifier: 'deterministic', layers: ['behaviour'], person: 'pat' }

  it.each(REFUSED)('cannot "%s" about itself with all other roles', async (verb) => {
    const { verbs, store } = await scene()
    const before = store.size()
    const codes = await refusals(verbs[verb](caller('own', own)))
    expect(codes).toEqual(codes.map(() => 'forbidden'))
    expect(store.size()).toBe(before)
  })

  it.each(REFUSED)('cannot "%s" at all with the agent role', async (verb) => {
    const { verbs, store } = await scene()
    const before = store.size()
    const codes = await refusals(verbs[verb](caller('own', { ...own, roles: ROLES, agent: 'research-agent' })))
    expect(codes).toEqual(codes.map(() => 'forbidden'))
    expect(store.size()).toBe(before)
  })

  it('decides, reads trust and asks for permissions for itself only', async () => {
    const { service } = await scene()
    const self = caller('own', { roles: ['agent'], agent: 'finance-agent' })
    await expect(service.evaluate(self, ask('finance-agent', 'categorise_expense'))).resolves.toMatchObject({ recorded: true })
    await expect(service.agentTrust(self, 'finance-agent')).resolves.toMatchObject({ agent: 'finance-agent' })
    await expect(service.askPermission(self, wanted)).resolves.toMatchObject({ state: 'open' })
    const another = { ...wanted, subject: { type: 'agent', id: 'coding-agent' } }
    await expect(service.askPermission(self, another)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(service.evaluate(self, ask('coding-agent', 'run_tests'))).rejects.toMatchObject({ code: 'forbidden' })
    await expect(service.agentTrust(self, 'coding-agent')).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('cannot lift what contains everything, itself included', async () => {
    const { service } = await scene()
    const operator = caller('op', { roles: ['operator'], person: 'olivia' })
    const { id } = await service.contain(operator, { target: { kind: 'tenant' }, reason: 'stop' })
    await expect(service.lift(caller('own', own), id)).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('cannot judge the decision of an agent that acted for it', async () => {
    const { service, earn } = await testService()
    await earn('finance-agent', 'bookkeeping:light', 3)
    await earn('research-agent', 'bookkeeping:light', 3)
    const chain = [{ type: 'agent', id: 'research-agent' }]
    const { decision, decision_id } = await service.evaluate(
      caller('decider'),
      ask('finance-agent', 'categorise_expense', { context: { chain } }),
    )
    expect(decision).toBe(true)
    const judge = caller('own', { ...own, agent: 'research-agent' })
    await expect(service.reportOutcome(judge, { decision_id, class: 'validated' })).rejects.toMatchObject({ code: 'forbidden' })
  })
})

describe('a refusal', () => {
  it('says which roles would do', async () => {
    const { service } = await testService()
    await expect(service.records(verifier, { limit: 1 })).rejects.toMatchObject({
      code: 'forbidden',
      fix: 'it needs one of the roles auditor, administrator, operator',
    })
  })
})
