import { describe, expect, it } from 'vitest'

import type { Caller } from '../../src/access/caller.ts'
import { replayDecision } from '../../src/decisions/replay.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import { administrator, anonymous, ask, auditor, caller, gateway, inTenant, operator, verifier } from '../support/callers.ts'
import { AGENT, bea, categorise, cem, dora, email, notReplayed, SCOPE } from '../support/people.ts'
import { shippedPolicySet, testService, type TestService, type TestServiceOptions } from '../support/test-service.ts'

const MINUTE_MS = 60_000
const report = { agent: AGENT, scope: SCOPE, reason: 'outage of the review queue', minutes: 30 }

/** A service whose finance agent has no trust at all: it is denied what an override lets it do. */
const untrusted = (options: TestServiceOptions = {}) => testService(options)
const overriddenBy = (id: string) => `override:${id}`

describe('an emergency override', () => {
  it('lets an agent without trust do what its base allows, and says so loudly everywhere', async () => {
    const tested = await untrusted()
    expect(await tested.service.evaluate(gateway, categorise())).toMatchObject({ outcome: 'deny', base: 'allow' })
    const { override, in_force, reaches_high_risk } = await tested.service.openOverride(bea, report)
    expect({ override, in_force, reaches_high_risk }).toMatchObject({
      override: { agent: AGENT, scope: SCOPE, action: null, people: ['person:bea'], reason: report.reason },
      in_force: true,
      reaches_high_risk: false,
    })
    const answer = await tested.service.evaluate(gateway, categorise())
    expect(answer).toMatchObject({ outcome: 'allow', decision: true, base: 'allow' })
    expect(answer.obligations).toEqual(
      expect.arrayContaining([
        { id: 'override_audit', performer: 'pdp', properties: { override: override.id } },
        { id: 'notify_owner', performer: 'pdp' },
      ]),
    )
    expect(answer.ceilings.find(({ source }) => source === 'trust')).toMatchObject({ reason: overriddenBy(override.id) })
    const [decided] = await tested.store.query({ kinds: ['decision'], newestFirst: true, limit: 1 })
    expect(decided?.record.body).toMatchObject({ override: { id: override.id }, facts: { overrides: [{ id: override.id }] } })
    const [opened] = await tested.store.query({ kinds: ['operator'], newestFirst: true, limit: 1 })
    expect(opened?.record).toMatchObject({
      user: 'bea',
      agent: AGENT,
      body: { verb: 'open_override', override: { reason: report.reason } },
    })
    expect(tested.observations).toContainEqual({ kind: 'override', verb: 'open_override' })
    expect((await tested.service.overrides(auditor)).overrides.map(({ override: { id } }) => id)).toEqual([override.id])
  })

  it('takes the bounds that follow from trust out with it, and keeps the caps of the catalogue', async () => {
    const tested = await untrusted()
    await tested.service.openOverride(bea, report)
    const { ceilings } = await tested.service.evaluate(gateway, categorise())
    const reasons = ceilings.filter(({ source }) => source === 'guardrails').map(({ reason }) => reason)
    expect(reasons).not.toContain('bounds that follow from trust')
    expect(reasons).toContain('caps of the catalogue')
  })

  it.each<readonly [string, object]>([
    ['another agent', { agent: 'coding-agent', scope: 'source_control:full' }],
    ['another scope', { scope: 'payments:full' }],
    ['another action of another scope', { scope: 'payments:full', action: 'refund' }],
  ])('of %s changes nothing', async (_what, other) => {
    const tested = await untrusted()
    await tested.service.openOverride(bea, { ...report, ...other })
    expect(await tested.service.evaluate(gateway, categorise())).toMatchObject({ outcome: 'deny' })
  })

  it('of another tenant changes nothing here', async () => {
    const tested = await untrusted()
    await tested.service.openOverride(inTenant(bea, 'globex'), report)
    expect(await tested.service.evaluate(gateway, categorise())).toMatchObject({ outcome: 'deny' })
    expect((await tested.service.overrides(auditor)).overrides).toEqual([])
  })

  it('of one action reaches that one', async () => {
    const tested = await untrusted()
    await tested.service.openOverride(bea, { ...report, action: 'categorise_expense' })
    expect(await tested.service.evaluate(gateway, categorise())).toMatchObject({ decision: true })
  })
})

describe('an override never lifts', () => {
  const open = async (tested: TestService) => {
    const { override } = await tested.service.openOverride(bea, { ...report, minutes: 60 })
    await tested.service.confirmOverride(cem, override.id)
  }

  it.each(['deny', 'suggest', 'require_approval', 'allow_guarded'] as const)('a base that grants %s', async (outcome) => {
    const tested = await untrusted({
      policySet: (set) => ({
        ...set,
        base: {
          ...set.base,
          evaluate: () => ({ kind: 'value', value: { outcome, reason: 'by policy' } }) as const,
        },
      }),
    })
    await open(tested)
    expect(await tested.service.evaluate(gateway, categorise())).toMatchObject({ outcome, base: outcome })
  })

  it.each<readonly [string, (tested: TestService) => Promise<unknown>]>([
    ['a containment', ({ service }) => service.contain(operator, { target: { kind: 'agent', agent: AGENT }, reason: 'stop' })],
    ['the kill switch', ({ service }) => service.raiseIncident(operator, { agent: AGENT, class: 'kill_switch' })],
    [
      'a compromised credential',
      ({ service }) => service.raiseIncident(operator, { agent: AGENT, class: 'credential_compromise' }),
    ],
  ])('%s', async (_what, strike) => {
    const tested = await untrusted()
    await open(tested)
    await strike(tested)
    expect(await tested.service.evaluate(gateway, categorise())).toMatchObject({ outcome: 'deny', decision: false })
  })

  it('an incident that waits for its review, unless two people stand behind it and one of them may review it', async () => {
    const tested = await untrusted()
    await tested.earn(AGENT, SCOPE, 3)
    const { incident_id } = await tested.service.raiseIncident(operator, { agent: AGENT, class: 'injection_confirmed' })
    const { override } = await tested.service.openOverride(bea, report)
    const due = {
      outcome: 'deny',
      decision: false,
      reasons: [`incident_review_due:${incident_id}: an operator has to review it`],
    }
    expect(await tested.service.evaluate(gateway, categorise())).toMatchObject(due)
    await tested.service.confirmOverride(cem, override.id)
    expect(await tested.service.evaluate(gateway, categorise())).toMatchObject(due)
    const reviewer: Caller = { ...dora, roles: ['approver', 'operator'] }
    expect(await tested.service.confirmOverride(reviewer, override.id)).toMatchObject({
      lifts_incidents: true,
      override: { reviewed: [incident_id] },
    })
    const lifted = await tested.service.evaluate(gateway, categorise())
    expect(lifted.decision).toBe(true)
    expect(lifted.obligations.map(({ id }) => id)).toEqual(expect.arrayContaining(['notify_owner', 'override_audit']))
    expect(lifted.reasons.join()).not.toContain('incident_review_due')
    const later = await tested.service.raiseIncident(operator, { agent: AGENT, class: 'exfiltration' })
    const again = await tested.service.evaluate(gateway, categorise())
    expect(again.decision).toBe(false)
    expect(again.reasons.join()).toContain(later.incident_id)
  })

  it('the cap of an incident for one person alone, and does for two', async () => {
    const tested = await untrusted()
    await tested.earn(AGENT, SCOPE, 3)
    await tested.service.raiseIncident(operator, { agent: AGENT, class: 'injection_weak' })
    const { override } = await tested.service.openOverride(bea, report)
    expect(await tested.service.evaluate(gateway, categorise())).toMatchObject({
      outcome: 'require_approval',
      reasons: ['incident_cap:level_2'],
    })
    await tested.service.confirmOverride(cem, override.id)
    expect(await tested.service.evaluate(gateway, categorise())).toMatchObject({ decision: true })
  })

  it('a weak or unknown link of the chain', async () => {
    const tested = await untrusted()
    await open(tested)
    for (const id of ['research-agent', 'nobody-knows']) {
      const answer = await tested.service.evaluate(gateway, categorise({ context: { chain: [{ type: 'agent', id }] } }))
      expect(answer.decision).toBe(false)
    }
  })

  it('permission escalation', async () => {
    const tested = await untrusted()
    const { scope, stake } = (await shippedPolicySet()).catalogue.classify('modify_permissions', {
      agentId: 'operations-agent',
      supportedObligations: [],
      jurisdiction: null,
      nowMs: 0,
    })
    const { override } = await tested.service.openOverride(bea, {
      ...report,
      agent: 'operations-agent',
      scope: `${scope}:${stake}`,
    })
    await tested.service.confirmOverride(cem, override.id)
    expect(await tested.service.evaluate(gateway, ask('operations-agent', 'modify_permissions'))).toMatchObject({
      decision: false,
    })
  })
})

describe('the people of an override', () => {
  it('are two for high risk, and one person twice is one', async () => {
    const tested = await untrusted()
    const of = { ...report, agent: 'support-agent', scope: 'email:full' }
    const denied = await tested.service.evaluate(gateway, email())
    expect(denied.risk.band).toBe('high')
    const { override } = await tested.service.openOverride(bea, of)
    expect((await tested.service.evaluate(gateway, email())).ceilings).toEqual(denied.ceilings)
    await expect(tested.service.confirmOverride({ ...bea, credential: 'other' }, override.id)).rejects.toMatchObject({
      code: 'conflict',
    })
    expect(await tested.service.confirmOverride(cem, override.id)).toMatchObject({ reaches_high_risk: true })
    const reached = await tested.service.evaluate(gateway, email())
    expect(reached.ceilings.find(({ source }) => source === 'trust')).toMatchObject({
      outcome: 'allow',
      reason: overriddenBy(override.id),
    })
    // Risk itself stays, and still asks people; their yes lets it run.
    expect(reached).toMatchObject({ outcome: 'require_approval', approval: { state: 'pending' } })
  })

  it('are at most five', async () => {
    const tested = await untrusted()
    const { override } = await tested.service.openOverride(bea, report)
    for (const person of ['p2', 'p3', 'p4', 'p5'])
      await tested.service.confirmOverride(caller(person, { roles: ['approver'], person }), override.id)
    await expect(tested.service.confirmOverride(dora, override.id)).rejects.toMatchObject({ code: 'conflict' })
  })

  it.each<readonly [string, typeof gateway, ReturnType<typeof categorise>]>([
    ['the person of the credential', { ...gateway, person: 'bea' }, categorise()],
    ['the human on whose behalf it is', gateway, categorise({ context: { on_behalf_of: { type: 'user', id: 'bea' } } })],
    ['a human in the chain', gateway, categorise({ context: { chain: [{ type: 'user', id: 'bea' }] } })],
  ])('are never %s that asks: nobody takes over for themselves', async (_who, by, what) => {
    const tested = await untrusted({ config: { base: { delegation: 'agent' } } })
    await tested.service.openOverride(bea, report)
    expect(await tested.service.evaluate(by, what)).toMatchObject({ outcome: 'deny' })
    await tested.service.openOverride(cem, report)
    expect(await tested.service.evaluate(by, what)).toMatchObject({ decision: true })
  })

  const named = (standing: object) => caller('someone', { roles: ['approver'], person: 'someone', ...standing })
  it.each([
    ['an operator without the role', operator, 'forbidden'],
    ['an administrator without the role', administrator, 'forbidden'],
    ['the enforcement point', gateway, 'forbidden'],
    ['nobody', anonymous, 'unauthenticated'],
    ['an agent', named({ roles: ['approver', 'agent'], agent: AGENT }), 'forbidden'],
    ['a credential that belongs to no person', { ...named({}), person: undefined }, 'forbidden'],
    ['an approver of another scope', named({ approver_scopes: ['payments'] }), 'forbidden'],
  ])('cannot be %s', async (_who, who, code) => {
    const tested = await untrusted()
    const { override } = await tested.service.openOverride(bea, report)
    const before = tested.store.size()
    for (const tried of [tested.service.openOverride(who, report), tested.service.confirmOverride(who, override.id)])
      await expect(tried).rejects.toMatchObject({ code })
    expect(tested.store.size()).toBe(before)
  })
})

describe('the time of an override', () => {
  it('ends by itself, after at most an hour', async () => {
    const tested = await untrusted()
    const { override } = await tested.service.openOverride(bea, { ...report, minutes: 60 })
    expect(Date.parse(override.until) - Date.parse(override.at)).toBe(60 * MINUTE_MS)
    tested.clock.advance(60 * MINUTE_MS - 1)
    expect(await tested.service.evaluate(gateway, categorise())).toMatchObject({ decision: true })
    tested.clock.advance(1)
    expect(await tested.service.evaluate(gateway, categorise())).toMatchObject({ outcome: 'deny' })
    expect((await tested.service.overrides(auditor)).overrides).toEqual([])
    for (const tried of [tested.service.confirmOverride(cem, override.id), tested.service.endOverride(cem, override.id)])
      await expect(tried).rejects.toMatchObject({ code: 'not_found' })
  })

  it.each([60.1, 600, 1e9])('is never longer, whatever a caller of the library asks for (%d minutes)', async (minutes) => {
    const tested = await untrusted()
    const { override } = await tested.service.openOverride(bea, { ...report, minutes })
    expect(Date.parse(override.until) - Date.parse(override.at)).toBe(60 * MINUTE_MS)
  })

  it('is whole milliseconds, as it is stored', async () => {
    const tested = await untrusted()
    await tested.service.openOverride(bea, { ...report, minutes: 0.55 })
    const key = { kind: 'tenant', tenant: 'default', id: '' } as const
    const kept = await tested.store.read([key], (view) => view.document(key)?.overrides[0])
    expect(Number.isSafeInteger(kept?.until_ms)).toBe(true)
  })

  it('is not lengthened by a second person', async () => {
    const tested = await untrusted()
    const { override } = await tested.service.openOverride(bea, report)
    tested.clock.advance(10 * MINUTE_MS)
    expect((await tested.service.confirmOverride(cem, override.id)).override.until).toBe(override.until)
  })

  it.each([
    ['its own person', bea],
    ['another approver', cem],
    ['an operator', operator],
    ['an administrator', administrator],
  ])('can be ended by %s, loudly', async (_who, who) => {
    const tested = await untrusted()
    const { override } = await tested.service.openOverride(bea, report)
    expect(await tested.service.endOverride(who, override.id)).toMatchObject({ in_force: false })
    expect(await tested.service.evaluate(gateway, categorise())).toMatchObject({ outcome: 'deny' })
    expect(tested.observations).toContainEqual({ kind: 'override', verb: 'end_override' })
    await expect(tested.service.endOverride(who, override.id)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('counts for nothing while the clock is not to be trusted', async () => {
    const tested = await untrusted()
    await tested.service.openOverride(bea, report)
    tested.clock.step(false)
    expect(await tested.service.evaluate(gateway, categorise())).toMatchObject({ outcome: 'deny' })
    await expect(tested.service.openOverride(cem, report)).rejects.toMatchObject({ code: 'not_ready' })
    tested.clock.step(true)
    expect(await tested.service.evaluate(gateway, categorise())).toMatchObject({ decision: true })
  })

  it('that ends while something is being decided holds the agent for that decision', async () => {
    let onWrite: (() => Promise<unknown>) | undefined
    const tested: TestService = await untrusted({
      store: (store) => ({
        ...store,
        transact: async (touches, change) => {
          const act = onWrite
          onWrite = undefined
          await act?.()
          return store.transact(touches, change)
        },
      }),
    })
    const { override } = await tested.service.openOverride(bea, report)
    onWrite = () => tested.service.endOverride(operator, override.id)
    expect(await tested.service.evaluate(gateway, categorise())).toMatchObject({ outcome: 'deny' })
  })
})

describe('an override that could reach nothing is refused', () => {
  it.each<readonly [string, object, string, string]>([
    ['an agent that is mistyped', { agent: 'finnance-agent' }, '/agent', 'did you mean "finance-agent"?'],
    ['a scope that is mistyped', { scope: 'bookeeping:light' }, '/scope', 'did you mean "bookkeeping:light"?'],
    ['an action that is mistyped', { action: 'categorize_expense' }, '/action', 'did you mean "categorise_expense"?'],
    ['an action of another scope', { action: 'refund' }, '/action', 'its scope is "payments:full"'],
  ])('for %s', async (_what, wrong, pointer, fix) => {
    const tested = await untrusted()
    await expect(tested.service.openOverride(bea, { ...report, ...wrong })).rejects.toMatchObject({
      code: 'bad_request',
      place: { pointer },
      fix: expect.stringContaining(fix) as unknown,
    })
  })

  it('and so is the hundred and first', async () => {
    const tested = await untrusted()
    for (let count = 0; count < 100; count += 1) await tested.service.openOverride(bea, report)
    await expect(tested.service.openOverride(cem, report)).rejects.toMatchObject({ code: 'conflict' })
  })
})

describe('what happens under an override', () => {
  const scopeOf = async ({ store }: TestService) => {
    const key = { kind: 'agent', tenant: 'default', id: AGENT } as const
    const found = await store.read([key], (view) => view.document(key)?.scopes[SCOPE])
    return { outcome: found?.layers.outcome, ladder: found?.ladder }
  }

  it('is nothing to the agent when it goes well, and counts when it does not', async () => {
    const tested = await untrusted()
    await tested.earn(AGENT, SCOPE, 1)
    await tested.service.openOverride(bea, report)
    const before = await scopeOf(tested)
    const good = await tested.service.evaluate(gateway, categorise())
    const said = await tested.service.reportOutcome(verifier, { decision_id: good.decision_id, class: 'validated' })
    expect(said.counted).toBe(false)
    expect(await scopeOf(tested)).toEqual(before)
    const bad = await tested.service.evaluate(gateway, categorise({ arguments: { account: 'rent' } }))
    await tested.service.reportOutcome(verifier, { decision_id: bad.decision_id, class: 'failed' })
    const after = await scopeOf(tested)
    expect(after.outcome!.s).toBeGreaterThan(before.outcome!.s)
    expect(after.outcome!.r).toBe(before.outcome!.r)
    expect(after.ladder!.e).toBeLessThan(before.ladder!.e)
  })

  it('replays from the record alone, also after it has ended', async () => {
    const tested = await untrusted()
    const { override } = await tested.service.openOverride(bea, report)
    const answer = await tested.service.evaluate(gateway, categorise())
    await tested.service.endOverride(bea, override.id)
    const stored = await tested.store.read([], (view) => view.record('default', answer.decision_id))
    expect(await replayDecision(stored!, await shippedPolicySet())).toEqual({ state: 'equal' })
    expect(await notReplayed(tested, await shippedPolicySet())).toEqual([])
  })

  it('changes no trust by itself', async () => {
    const tested = await untrusted()
    await tested.earn(AGENT, SCOPE, 2)
    const before = await scopeOf(tested)
    const { override } = await tested.service.openOverride(bea, report)
    await tested.service.confirmOverride(cem, override.id)
    await tested.service.evaluate(gateway, categorise())
    await tested.service.endOverride(cem, override.id)
    expect(await scopeOf(tested)).toEqual(before)
    const effects: readonly Effect[] = (await tested.store.query({ kinds: ['operator'], limit: 1_000 })).flatMap(
      ({ record }) => record.effects,
    )
    expect(effects.filter(({ kind }) => kind === 'override' || kind === 'override_ended')).toHaveLength(3)
  })
})
