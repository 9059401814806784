import { describe, expect, it } from 'vitest'

import { DAY_MS } from '../../src/format/time.ts'
import { OWED_MAX } from '../../src/ledger/documents/activity.ts'
import { activityKey, boundsKey } from '../../src/ledger/keys.ts'
import { DEFAULT_TRUST_CONSTANTS as C } from '../../src/trust/default-constants.ts'
import { administrator, ask, caller, detectors, gateway, operator } from '../support/callers.ts'
import { HOUR_MS, testService, type TestService } from '../support/test-service.ts'

const AGENT = 'finance-agent'
const SCOPE = 'bookkeeping:light'
const OBSERVE = { modes: [{ mode: 'observe' }] }
const VERIFIERS = [1, 2, 3].map((index) => caller(`ci-${String(index)}`, { roles: ['verifier'], verifier: 'deterministic' }))

const decide = (tested: TestService) => tested.service.evaluate(gateway, ask(AGENT, 'categorise_expense'))

const succeed = (tested: TestService, decision_id: string, by = 0) =>
  tested.service.reportOutcome(VERIFIERS[by % 3]!, { decision_id, class: 'validated' })

async function dutyOf(tested: TestService, id: string): Promise<unknown> {
  const stored = await tested.store.read([], (view) => view.record('default', id))
  return stored?.record.body['verification']
}

const boundsOf = (tested: TestService) =>
  tested.store.read([], (view) => view.document(boundsKey('default', AGENT))?.coverage[SCOPE])

const activityOf = (tested: TestService) => tested.store.read([], (view) => view.document(activityKey('default', AGENT)))

/** Days of 25 actions each; three of five are bad, and only of the others anybody says anything. */
async function cherryPicked(config: object, days: number): Promise<{ readonly level: number; readonly ceilings: unknown }> {
  const tested = await testService({ config })
  for (let day = 0, asked = 0; day < days; day += 1) {
    for (let index = 0; index < 25; index += 1, asked += 1) {
      tested.clock.advance(DAY_MS / 25)
      const { decision_id, decision, advice } = await decide(tested)
      if (asked % 5 < 3 || !(decision || advice.includes('record_proposal'))) continue
      for (const layer of ['identity', 'behaviour', 'context'] as const)
        await tested.service.reportSignal(detectors, { decision_id, layer, class: 'clean' })
      await succeed(tested, decision_id, asked)
    }
    await tested.service.promoteDue()
    await tested.service.chargeMissed()
  }
  const [scope] = (await tested.service.agentTrust(operator, AGENT)).scopes
  return { level: scope?.level_effective ?? NaN, ceilings: scope?.ceilings }
}

describe('whoever verifies only what went well', () => {
  it.each([
    ['observed', OBSERVE],
    ['enforced', {}],
  ])('carries no agent to L3 whose actions are %s', { timeout: 120_000 }, async (_, config) => {
    const { level, ceilings } = await cherryPicked(config, 25)
    expect(level).toBeLessThan(3)
    expect(ceilings).toContainEqual({ source: 'coverage', value: C.bound_ceilings.coverage })
  })
})

describe('what is only observed', () => {
  it('owes a verification by the same time as what is enforced, and charges no budget', async () => {
    const tested = await testService({ config: OBSERVE })
    const { decision_id, decision } = await decide(tested)
    expect(decision).toBe(true)
    const by_ms = tested.clock.nowMs() + 24 * HOUR_MS
    expect(await dutyOf(tested, decision_id)).toEqual({ due: true, by_ms })
    expect(await activityOf(tested)).toMatchObject({
      scopes: {},
      outstanding: [],
      owed: [{ decision_id, scope: SCOPE, verify_by_ms: by_ms }],
    })
  })

  it('is covered when it is verified in time, and charged as missed by the timer when it is not', async () => {
    const tested = await testService({ config: OBSERVE })
    const seen = await Promise.all(Array.from({ length: 6 }, () => decide(tested)))
    await succeed(tested, seen[0]!.decision_id)
    expect(await boundsOf(tested)).toMatchObject({ verified: 1, missed: 0 })
    tested.clock.advance(25 * HOUR_MS)
    expect(await tested.service.chargeMissed()).toBe(5)
    expect(await tested.service.chargeMissed()).toBe(0)
    expect(await boundsOf(tested)).toMatchObject({ missed: 5 })
    expect((await activityOf(tested))?.owed).toEqual([])
  })

  it('is charged with the next action of its agent too', async () => {
    const tested = await testService({ config: OBSERVE })
    await decide(tested)
    tested.clock.advance(25 * HOUR_MS)
    await decide(tested)
    expect(await boundsOf(tested)).toMatchObject({ missed: 1 })
  })

  it('takes no more room than there is: of the rest nobody is asked, and a success counts a quarter', async () => {
    const tested = await testService({ config: OBSERVE })
    for (let index = 0; index < OWED_MAX; index += 1) await decide(tested)
    const { decision_id } = await decide(tested)
    expect(await dutyOf(tested, decision_id)).toMatchObject({ due: false })
    expect((await activityOf(tested))?.owed).toHaveLength(OWED_MAX)
    expect((await succeed(tested, decision_id)).reason).toContain('nobody was asked to verify this decision')
  })

  it('is drawn at L4 as what is enforced is: the first of a day, then a share', async () => {
    const tested = await testService({ config: OBSERVE })
    await tested.earn(AGENT, SCOPE, 4)
    const due: boolean[] = []
    for (let index = 0; index < 80; index += 1) {
      const { decision_id } = await decide(tested)
      due.push(((await dutyOf(tested, decision_id)) as { due: boolean }).due)
    }
    expect(due.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => true))
    expect(due.slice(10)).toContain(false)
  })

  it('owes nothing where it only reads', async () => {
    const tested = await testService({ config: OBSERVE })
    const { decision_id } = await tested.service.evaluate(gateway, ask(AGENT, 'read_transactions'))
    expect(await dutyOf(tested, decision_id)).toBeUndefined()
  })
})

describe('a proposal', () => {
  it('owes a verification; one that nobody looked at is missed', async () => {
    const tested = await testService()
    const { decision_id, decision, advice } = await decide(tested)
    expect([decision, advice]).toEqual([false, ['record_proposal']])
    expect(await dutyOf(tested, decision_id)).toMatchObject({ due: true })
    tested.clock.advance(25 * HOUR_MS)
    expect(await tested.service.chargeMissed()).toBe(1)
    expect(await boundsOf(tested)).toMatchObject({ verified: 0, missed: 1 })
  })

  it('is verified by the word of a verifier', async () => {
    const tested = await testService()
    const { decision_id } = await decide(tested)
    await succeed(tested, decision_id)
    expect(await boundsOf(tested)).toMatchObject({ verified: 1, missed: 0 })
    expect((await activityOf(tested))?.owed).toEqual([])
  })

  it('of known answer owes nothing: what is said of it tells of its rater alone', async () => {
    const tested = await testService()
    const { decision_id } = await decide(tested)
    await tested.service.seedCanary(administrator, { decision_id, expected: 'reject' })
    tested.clock.advance(25 * HOUR_MS)
    expect(await tested.service.chargeMissed()).toBe(0)
    expect(await boundsOf(tested)).toBeUndefined()
  })

  it('is verified by the person who decides about it, and what then runs owes its own', async () => {
    const tested = await testService()
    await tested.earn(AGENT, SCOPE, 2)
    const asked = await decide(tested)
    expect([asked.outcome, asked.advice]).toEqual(['require_approval', ['record_proposal']])
    const approver = caller('approver', { roles: ['approver'], person: 'bea' })
    await tested.service.decideApproval(approver, asked.decision_id, { verdict: 'approve', reason: 'fine' })
    expect(await boundsOf(tested)).toMatchObject({ verified: 1, missed: 0 })
    const context = { approval: asked.decision_id }
    const ran = await tested.service.evaluate(gateway, ask(AGENT, 'categorise_expense', { context }))
    expect(ran.decision).toBe(true)
    expect(await activityOf(tested)).toMatchObject({ owed: [], outstanding: [{ decision_id: ran.decision_id, due: true }] })
  })
})
