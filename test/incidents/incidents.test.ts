import { describe, expect, it } from 'vitest'

import { compileCatalogue } from '../../src/catalogue/catalogue.ts'
import { DAY_MS } from '../../src/format/time.ts'
import { IncidentClass } from '../../src/trust/constants.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../src/trust/default-constants.ts'
import type { GateName } from '../../src/trust/promotion.ts'
import { administrator, ask, caller, gateway, operator } from '../support/callers.ts'
import { earned, testService, type TestService } from '../support/test-service.ts'

const agent = 'finance-agent'
const scope = 'bookkeeping:light'
const categorise = () => ask(agent, 'categorise_expense')

async function atLevel(level: number): Promise<TestService> {
  const tested = await testService()
  await tested.earn(agent, scope, level)
  return tested
}
const trustOf = async ({ service }: TestService) =>
  (await service.agentTrust(operator, agent)).scopes.find((each) => each.scope === scope)!

describe('an incident', () => {
  const reaching = (of: IncidentClass) => (DEFAULT_TRUST_CONSTANTS.incident_rules[of].reach === 'scope' ? { scope } : {})

  it.each(IncidentClass.options)('of class %s caps the score at once, and never above its cap', async (of) => {
    const tested = await atLevel(4)
    const before = await trustOf(tested)
    const raised = await tested.service.raiseIncident(operator, { agent, class: of, ...reaching(of) })
    const after = await trustOf(tested)
    const rule = DEFAULT_TRUST_CONSTANTS.incident_rules[of]
    expect(after.score).toBeLessThan(before.score)
    expect(after.score).toBeLessThanOrEqual(rule.cap ?? DEFAULT_TRUST_CONSTANTS.major_caps[before.band])
    expect(after.incident.open).toEqual(rule.review ? [raised.incident_id] : [])
  })

  it.each(['kill_switch', 'credential_compromise'] as const)(
    'of class %s stops the agent until a person has looked',
    async (of) => {
      const { service } = await atLevel(4)
      const { incident_id } = await service.raiseIncident(operator, { agent, class: of })
      expect(await service.evaluate(gateway, ask(agent, 'read_transactions'))).toMatchObject({ outcome: 'deny' })
      await service.reviewIncident(operator, incident_id, { agent, false_positive: true })
      expect((await service.evaluate(gateway, categorise())).outcome).toBe('allow')
    },
  )

  it('may have a lower cap than its class, not a higher one', async () => {
    const tested = await atLevel(4)
    await tested.service.raiseIncident(operator, { agent, class: 'injection_suspected', cap: 0.9 })
    expect((await trustOf(tested)).incident.cap).toBe(0.4)
    await tested.service.raiseIncident(operator, { agent, class: 'injection_suspected', cap: 0.1 })
    expect((await trustOf(tested)).incident.cap).toBe(0.1)
  })

  it('of one scope needs the scope', async () => {
    const { service } = await atLevel(1)
    await expect(service.raiseIncident(operator, { agent, class: 'major_outcome_failure' })).rejects.toMatchObject({
      code: 'bad_request',
      place: { pointer: '/scope' },
    })
  })

  it.each([
    ['an unknown agent', { agent: 'finnance-agent' }, '/agent', 'did you mean "finance-agent"?'],
    ['an unknown scope', { agent, scope: 'bookeeping:light' }, '/scope', 'did you mean "bookkeeping:light"?'],
    ['a stake that no action has', { agent, scope: 'bookkeeping:full' }, '/scope', 'did you mean "bookkeeping:light"?'],
  ])('of %s is refused, with the place and the name that was meant', async (_what, about, pointer, meant) => {
    const { service, store } = await testService()
    const before = store.size()
    const refused = service.raiseIncident(operator, { class: 'injection_suspected', ...about })
    await expect(refused).rejects.toMatchObject({
      code: 'bad_request',
      place: { pointer },
      fix: expect.stringContaining(meant) as unknown,
    })
    expect(store.size()).toBe(before)
  })

  it.each(['kill_switch', 'credential_compromise'] as const)(
    'of class %s stops also an agent that is not in the catalogue, and says that it is not',
    async (of) => {
      const { service } = await testService()
      expect(await service.raiseIncident(operator, { agent: 'runaway', class: of })).toMatchObject({ known: false })
      expect((await service.evaluate(gateway, ask('runaway', 'read_metrics'))).reasons.join()).toContain('kill_switch')
      expect(await service.raiseIncident(operator, { agent, class: of })).toMatchObject({ known: true })
    },
  )

  it('of a scope or an agent that is in the state, but no more in the catalogue, is raised', async () => {
    const { service, write, clock } = await testService()
    await write([...earned(agent, 'abolished:full', 5, clock.nowMs()), ...earned('retired', scope, 5, clock.nowMs())])
    const of = { class: 'injection_suspected' } as const
    await expect(service.raiseIncident(operator, { agent, scope: 'abolished:full', ...of })).resolves.toMatchObject({
      known: true,
    })
    await expect(service.raiseIncident(operator, { agent: 'retired', ...of })).resolves.toMatchObject({ known: false })
  })

  it('of one scope leaves the others alone', async () => {
    const tested = await atLevel(3)
    await tested.service.raiseIncident(operator, { agent, class: 'major_outcome_failure', scope: 'payments:full' })
    expect((await trustOf(tested)).incident.cap).toBe(1)
  })

  it('that was a false positive gives back the level it took', async () => {
    const tested = await atLevel(4)
    const { incident_id, changes } = await tested.service.raiseIncident(operator, { agent, class: 'injection_suspected' })
    expect(changes.map(({ kind }) => kind)).toEqual(['incident_raised', 'demoted'])
    expect((await trustOf(tested)).level_granted).toBe(1)
    const review = await tested.service.reviewIncident(operator, incident_id, { agent, false_positive: true })
    expect(review.changes.map(({ kind }) => kind)).toContain('restored')
    expect(await trustOf(tested)).toMatchObject({ level_granted: 4, level_effective: 4, incident: { cap: 1, open: [] } })
  })

  it('that was none keeps its cap after the review, until it is proven again', async () => {
    const tested = await atLevel(4)
    const { incident_id } = await tested.service.raiseIncident(operator, { agent, class: 'injection_suspected' })
    tested.clock.advance(DAY_MS)
    await tested.service.reviewIncident(operator, incident_id, { agent, false_positive: false })
    expect((await trustOf(tested)).incident).toMatchObject({ state: 'recovering', cap: 0.4, open: [] })
    tested.clock.advance(1_000)
    await tested.write(earned(agent, scope, 57, tested.clock.nowMs()))
    expect((await trustOf(tested)).incident.cap).toBe(0.7)
  })

  it('of another agent cannot be reviewed under this one', async () => {
    const { service } = await atLevel(1)
    const { incident_id } = await service.raiseIncident(operator, { agent, class: 'injection_suspected' })
    await expect(
      service.reviewIncident(operator, incident_id, { agent: 'coding-agent', false_positive: true }),
    ).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  it('stops reading of sensitive data while its review is due, whatever the score', async () => {
    const tested = await testService()
    await tested.earn(agent, scope, 4)
    const read = () => tested.service.evaluate(gateway, ask(agent, 'read_transactions', { context: { purpose: 'close' } }))
    expect((await read()).decision).toBe(true)
    await tested.service.raiseIncident(operator, { agent, class: 'injection_suspected' })
    expect(await read()).toMatchObject({ outcome: 'deny' })
  })
})

describe('a promotion', () => {
  // Of the standard tier, as most are.
  const [coder, code] = ['coding-agent', 'source_control:full'] as const
  const standing = async (level: 1 | 2 | 3): Promise<TestService> => {
    const tested = await testService()
    await tested.earn(coder, code, level)
    return tested
  }
  const answerOf = async ({ service }: TestService) =>
    (await service.agentTrust(operator, coder)).scopes.find((each) => each.scope === code)!

  const promote = ({ service }: TestService, who = operator) => service.promote(who, coder, code, {})
  const failing = async (tested: TestService, who = operator) =>
    (await promote(tested, who)).gates.filter(({ passed }) => !passed).map(({ gate }) => gate)

  it('goes one rung up where all gates are passed', async () => {
    const tested = await testService()
    await tested.write(earned(coder, code, 400, tested.clock.nowMs()))
    const answer = await promote(tested)
    expect(answer).toMatchObject({ promoted: true, level_before: 0, level_after: 1 })
    expect(answer.leaf_index).not.toBeNull()
    expect((await answerOf(tested)).level_granted).toBe(1)
  })

  it('that is refused names every gate, changes nothing and leaves no record', async () => {
    const tested = await testService()
    const before = tested.store.size()
    const answer = await promote(tested)
    expect(answer).toMatchObject({ promoted: false, level_before: 0, level_after: 0, leaf_index: null })
    expect(answer.gates.map(({ gate }) => gate)).toEqual([
      'incident',
      'score',
      'consensus',
      'conflict',
      'verifiers',
      'largest_rater',
      'count',
      'evidence',
      'dwell',
      'human',
    ] satisfies GateName[])
    expect(tested.store.size()).toBe(before)
  })

  it('waits for an open incident', async () => {
    const tested = await testService()
    await tested.write(earned(coder, code, 60, tested.clock.nowMs()))
    await tested.service.raiseIncident(operator, { agent: coder, class: 'injection_suspected' })
    expect(await failing(tested)).toContain('incident')
  })

  it('waits for the score, and for the layer that is behind', async () => {
    const tested = await testService()
    const effects = earned(coder, code, 30, tested.clock.nowMs()).filter(
      (each) => each.kind === 'evidence' && each.layer !== 'context',
    )
    await tested.write(effects)
    expect(await failing(tested)).toEqual(expect.arrayContaining(['score', 'consensus']))
  })

  it('waits for a second verifier before L3', async () => {
    const tested = await standing(2)
    tested.clock.advance(8 * DAY_MS)
    const one = earned(coder, code, 200, tested.clock.nowMs()).map((each) =>
      each.kind === 'evidence' ? { ...each, verifier: 'one' } : each,
    )
    await tested.write(one)
    expect(await failing(tested)).toEqual(['verifiers'])
  })

  it('waits for the dwell time to the millisecond', async () => {
    const tested = await standing(2)
    tested.clock.advance(7 * DAY_MS - 1)
    await tested.write(earned(coder, code, 200, tested.clock.nowMs()))
    expect(await failing(tested)).toEqual(['dwell'])
    tested.clock.advance(1)
    expect(await promote(tested)).toMatchObject({ promoted: true, level_after: 3 })
  })

  it('waits for enough decisions and for evidence of their rate', async () => {
    const tested = await standing(2)
    tested.clock.advance(8 * DAY_MS)
    const uncounted = earned(coder, code, 200, tested.clock.nowMs()).map((each) =>
      each.kind === 'evidence' ? { ...each, counts: false } : each,
    )
    await tested.write(uncounted)
    expect(await failing(tested)).toEqual(expect.arrayContaining(['count', 'evidence']))
  })

  it('to full autonomy waits for a person', async () => {
    const tested = await standing(3)
    tested.clock.advance(31 * DAY_MS)
    await tested.write(earned(coder, code, 1_200, tested.clock.nowMs()))
    expect(await failing(tested, caller('machine', { roles: ['operator'] }))).toEqual(['human'])
    expect(await tested.service.promoteDue()).toBe(0)
    expect(await promote(tested)).toMatchObject({ promoted: true, level_after: 4 })
    expect((await promote(tested)).gates).toMatchObject([{ gate: 'top', passed: false }])
  })

  it('by the timer goes up to the automatic level', async () => {
    const tested = await testService({ config: { trust: { automatic_level_max: 1 } } })
    await tested.write(earned(coder, code, 60, tested.clock.nowMs()))
    expect(await tested.service.promoteDue()).toBe(1)
    tested.clock.advance(2 * DAY_MS)
    await tested.write(earned(coder, code, 60, tested.clock.nowMs()))
    expect(await tested.service.promoteDue()).toBe(0)
    expect((await answerOf(tested)).level_granted).toBe(1)
  })

  it('of an agent that nobody knows is not found', async () => {
    const { service } = await testService()
    await expect(service.promote(operator, 'nobody', code, {})).rejects.toMatchObject({ code: 'not_found' })
  })

  it('in a scope that no action has is not found', async () => {
    const tested = await testService()
    const promoted = tested.service.promote(operator, agent, 'bookkeping:light', {})
    await expect(promoted).rejects.toMatchObject({
      code: 'not_found',
      fix: expect.stringContaining('bookkeeping:light') as unknown,
    })
  })

  it('does not happen under a stepped clock, neither asked for nor by the timer', async () => {
    const tested = await testService()
    await tested.write(earned(coder, code, 60, tested.clock.nowMs()))
    tested.clock.step(false)
    await expect(promote(tested)).rejects.toMatchObject({ code: 'not_ready' })
    expect(await tested.service.promoteDue()).toBe(0)
    tested.clock.step(true)
    expect(await tested.service.promoteDue()).toBe(1)
  })

  it('of an agent of the high tier waits longer, and for a person from L3 on', async () => {
    const tested = await testService()
    await tested.earn(agent, scope, 2)
    tested.clock.advance(8 * DAY_MS)
    await tested.write(earned(agent, scope, 200, tested.clock.nowMs()))
    const shut = async (who = operator) =>
      (await tested.service.promote(who, agent, scope, {})).gates.filter(({ passed }) => !passed).map(({ gate }) => gate)
    expect(await shut(caller('machine', { roles: ['operator'] }))).toEqual(['dwell', 'human'])
    expect((await tested.service.agentTrust(operator, agent)).scopes[0]?.next?.gates).toContainEqual({
      gate: 'dwell',
      passed: false,
      have: 8 * DAY_MS,
      need: 14 * DAY_MS,
    })
    tested.clock.advance(6 * DAY_MS)
    expect(await tested.service.promoteDue()).toBe(0)
    expect(await shut()).toEqual([])
  })
})

describe('a containment', () => {
  const reason = 'under investigation'

  it.each([
    ['the tenant', { kind: 'tenant' }, true],
    ['the agent', { kind: 'agent', agent }, true],
    ['another agent', { kind: 'agent', agent: 'coding-agent' }, false],
    ['the scope', { kind: 'scope', scope: 'bookkeeping' }, true],
    ['the scope and its stake', { kind: 'scope', scope }, true],
    ['another stake', { kind: 'scope', scope: 'crm:full' }, false],
    ['the scope of this agent', { kind: 'scope', agent, scope }, true],
    ['the scope of another agent', { kind: 'scope', agent: 'coding-agent', scope }, false],
    ['the action', { kind: 'action', action: 'categorise_expense' }, true],
    ['the action of another agent', { kind: 'action', agent: 'coding-agent', action: 'categorise_expense' }, false],
    ['another action', { kind: 'action', action: 'refund' }, false],
  ] as const)('of %s', async (_what, target, denies) => {
    const { service } = await atLevel(3)
    const { id } = await service.contain(operator, { target, reason })
    const contained = await service.evaluate(gateway, categorise())
    expect(contained.outcome).toBe(denies ? 'deny' : 'allow_guarded')
    if (denies) expect(contained.reasons[0]).toBe(`contained_${target.kind}:person:${reason}`)
    await service.lift(administrator, id)
    expect((await service.evaluate(gateway, categorise())).outcome).toBe('allow_guarded')
  })

  it.each([
    ['an action', { kind: 'action', action: 'wire_tranfer' }, '/target/action', 'did you mean "wire_transfer"?'],
    ['an action of an agent', { kind: 'action', agent, action: 'refnd' }, '/target/action', 'did you mean "refund"?'],
    ['a tool category', { kind: 'scope', scope: 'paymets' }, '/target/scope', 'did you mean "payments"?'],
    ['a scope', { kind: 'scope', scope: 'payments:ful' }, '/target/scope', 'did you mean "payments:full"?'],
    [
      'a stake that no action has',
      { kind: 'scope', scope: 'bookkeeping:full' },
      '/target/scope',
      'did you mean "bookkeeping:light"?',
    ],
    ['the name of nothing', { kind: 'scope', scope: 'constructor' }, '/target/scope', '"unknown" is the scope of all actions'],
  ] as const)('of %s that reaches nothing is refused', async (_what, target, pointer, meant) => {
    const { service, store } = await testService()
    const before = store.size()
    await expect(service.contain(operator, { target, reason })).rejects.toMatchObject({
      code: 'bad_request',
      place: { pointer },
      fix: expect.stringContaining(meant) as unknown,
    })
    expect(store.size()).toBe(before)
  })

  it('of an agent that is not in the catalogue holds, and says that nobody knows it', async () => {
    const { service } = await testService()
    const contained = await service.contain(operator, { target: { kind: 'agent', agent: 'runaway' }, reason })
    expect(contained).toMatchObject({ in_force: true, known: false })
    expect((await service.evaluate(gateway, ask('runaway', 'read_metrics'))).reasons.join()).toContain('contained_agent')
    expect(await service.lift(administrator, contained.id)).toMatchObject({ in_force: false, known: false })
    const known = await service.contain(operator, { target: { kind: 'agent', agent }, reason })
    expect(known).toMatchObject({ in_force: true, known: true })
  })

  it.each(['unknown', 'unknown:full'])(
    'of the scope %s holds for every action that the catalogue does not list',
    async (unknown) => {
      const { service } = await testService()
      await service.contain(operator, { target: { kind: 'scope', scope: unknown }, reason })
      expect((await service.evaluate(gateway, ask(agent, 'summon'))).reasons.join()).toContain('contained_scope')
    },
  )

  it('of any action is taken where the catalogue lists none, and says that nobody knows it', async () => {
    const { service } = await testService({
      policySet: (set) => ({ ...set, catalogue: compileCatalogue({ version: 1, trust_scopes: {}, tools: {}, agents: {} }) }),
    })
    const contained = await service.contain(operator, { target: { kind: 'action', action: 'summon' }, reason })
    expect(contained).toMatchObject({ in_force: true, known: false })
    expect((await service.evaluate(gateway, ask(agent, 'summon'))).reasons.join()).toContain('contained_action')
  })

  it('of an agent further down the chain denies', async () => {
    const { service } = await atLevel(3)
    await service.contain(operator, { target: { kind: 'agent', agent: 'research-agent' }, reason })
    const chain = [{ type: 'agent', id: 'research-agent' }]
    expect((await service.evaluate(gateway, ask(agent, 'categorise_expense', { context: { chain } }))).reasons.join()).toContain(
      'contained_agent',
    )
  })

  it('holds for humans too', async () => {
    const { service } = await testService()
    const asCarol = () =>
      service.evaluate(gateway, ask('carol', 'categorise_expense', { subject: { type: 'user', id: 'carol' } }))
    expect((await asCarol()).outcome).toBe('allow')
    await service.contain(operator, { target: { kind: 'action', action: 'categorise_expense' }, reason })
    expect((await asCarol()).outcome).toBe('deny')
  })

  it('of one tenant does not hold in another, and cannot be lifted from there', async () => {
    const { service } = await atLevel(3)
    const { id } = await service.contain({ ...operator, tenant: 'globex' }, { target: { kind: 'tenant' }, reason })
    expect((await service.evaluate(gateway, categorise())).outcome).toBe('allow_guarded')
    await expect(service.lift(operator, id)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('is shown with the trust of those it holds for', async () => {
    const { service } = await atLevel(1)
    await service.contain(operator, { target: { kind: 'agent', agent }, reason })
    expect((await service.agentTrust(operator, agent)).containments).toMatchObject([
      { target: { kind: 'agent', agent }, by: 'person', reason },
    ])
    expect((await service.agentTrust(operator, 'coding-agent')).containments).toEqual([])
  })

  it('that is not there cannot be lifted', async () => {
    const { service } = await testService()
    await expect(service.lift(operator, 'no such')).rejects.toMatchObject({ code: 'not_found' })
  })
})
