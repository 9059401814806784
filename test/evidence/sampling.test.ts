import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { drawOf, missesFound, shareDue } from '../../src/evidence/sampling.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import { activityKey, boundsKey } from '../../src/ledger/keys.ts'
import { DEFAULT_TRUST_CONSTANTS as C } from '../../src/trust/default-constants.ts'
import { ask, gateway, operator, verifier } from '../support/callers.ts'
import { HOUR_MS, testService, type TestService } from '../support/test-service.ts'

const AGENT = 'finance-agent'
const SCOPE = 'bookkeeping:light'

async function trusted(level: number): Promise<TestService> {
  const tested = await testService()
  await tested.earn(AGENT, SCOPE, level)
  return tested
}

const decide = (tested: TestService) => tested.service.evaluate(gateway, ask(AGENT, 'categorise_expense'))

async function verificationOf(tested: TestService, id: string): Promise<{ due: boolean; by_ms: number } | undefined> {
  const stored = await tested.store.read([], (view) => view.record('default', id))
  return stored?.record.body['verification'] as { due: boolean; by_ms: number } | undefined
}

const coverageOf = (tested: TestService) =>
  tested.store.read([], (view) => view.document(boundsKey('default', AGENT))?.coverage[SCOPE])

/** So many actions that ran within the day, as the log says. */
const ran = (count: number, atMs: number): readonly Effect[] =>
  Array.from({ length: count }, (_, index): Effect => ({
    kind: 'charge',
    agent: AGENT,
    scope: SCOPE,
    tool: 'categorise_expense',
    decision_id: `earlier-${String(index)}`,
    amount: 0,
    verify_by_ms: atMs + HOUR_MS,
  }))

describe('the draw', () => {
  const key = new Uint8Array(32).fill(7)

  it('takes ten a day, and a tenth where there are more', () => {
    expect([1, 10, 11, 50, 100, 10_000].map((nth) => shareDue(nth, C))).toEqual([1, 1, 10 / 11, 0.2, 0.1, 0.1])
    expect(shareDue(0, C)).toBe(1)
  })

  it('says the same of the same decision, something else under another secret or tenant, and is fair', () => {
    expect(drawOf('default', 'd', key)).toBe(drawOf('default', 'd', key))
    expect(drawOf('default', 'd', key)).not.toBe(drawOf('default', 'd', new Uint8Array(32)))
    expect(drawOf('default', 'd', key)).not.toBe(drawOf('other', 'd', key))
    const drawn = Array.from({ length: 5_000 }, (_, index) => drawOf('default', `d${String(index)}`, key))
    const share = drawn.filter((each) => each < 0.1).length / drawn.length
    expect(share).toBeGreaterThan(0.08)
    expect(share).toBeLessThan(0.12)
    fc.assert(
      fc.property(fc.string(), (id) => {
        const draw = drawOf('default', id, key)
        expect(draw).toBeGreaterThanOrEqual(0)
        expect(draw).toBeLessThan(1)
      }),
    )
  })
})

describe('what has to be verified', () => {
  it('is everything up to L3, and nothing that only reads or does not run', async () => {
    const tested = await trusted(3)
    for (let index = 0; index < 3; index += 1) {
      const { decision_id } = await decide(tested)
      expect(await verificationOf(tested, decision_id)).toEqual({ due: true, by_ms: tested.clock.nowMs() + 24 * HOUR_MS })
    }
    const denied = await tested.service.evaluate(gateway, ask(AGENT, 'modify_permissions'))
    expect(await verificationOf(tested, denied.decision_id)).toBeUndefined()
    const read = await tested.service.evaluate(gateway, ask(AGENT, 'read_transactions'))
    expect(await verificationOf(tested, read.decision_id)).toBeUndefined()
  })

  it('is at L4 the first ten of a day and then a part, and no answer tells which', async () => {
    const tested = await trusted(4)
    const first = await decide(tested)
    expect(first.trust?.level_effective).toBe(4)
    expect(await verificationOf(tested, first.decision_id)).toMatchObject({ due: true })
    await tested.write(ran(60, tested.clock.nowMs()))
    const answers = await Promise.all(Array.from({ length: 30 }, () => decide(tested)))
    const due = await Promise.all(answers.map(async ({ decision_id }) => (await verificationOf(tested, decision_id))?.due))
    expect(new Set(due)).toEqual(new Set([true, false]))
    const shown = answers.map(({ outcome, obligations, advice, guardrails }) =>
      JSON.stringify({ outcome, obligations, advice, guardrails }),
    )
    expect(new Set(shown).size).toBe(1)
    expect(JSON.stringify(answers)).not.toContain('verification')
  })

  it('a success that nobody was asked to verify is worth a quarter, a failure the whole', async () => {
    const tested = await trusted(4)
    await tested.write(ran(100, tested.clock.nowMs()))
    const undue: string[] = []
    while (undue.length < 2) {
      const { decision_id } = await decide(tested)
      if ((await verificationOf(tested, decision_id))?.due === false) undue.push(decision_id)
    }
    const report = (index: number, of: 'validated' | 'failed') =>
      tested.service.reportOutcome(verifier, { decision_id: undue[index] ?? '', class: of })
    expect(await report(0, 'validated')).toMatchObject({
      counted: true,
      reason: 'positive, 0.25 units; nobody was asked to verify this decision',
    })
    expect(await report(1, 'failed')).toMatchObject({ counted: true, reason: 'negative, 1 units, severity 1' })
  })
})

describe('attack 14: verifying only what went well', () => {
  it('ends automatic execution: what was due and not verified is missed', async () => {
    const tested = await trusted(3)
    const answers = await Promise.all(Array.from({ length: 12 }, () => decide(tested)))
    for (const { decision_id } of answers.slice(0, 3))
      await tested.service.reportOutcome(verifier, { decision_id, class: 'validated' })
    expect(await coverageOf(tested)).toMatchObject({ verified: 3, missed: 0 })
    tested.clock.advance(25 * HOUR_MS)
    // The next write for the agent charges what is overdue; its own facts were read before.
    await decide(tested)
    expect(await coverageOf(tested)).toMatchObject({ missed: 9 })
    const next = await decide(tested)
    expect(next.trust?.level_effective).toBeLessThan(3)
    const trust = await tested.service.agentTrust(operator, AGENT)
    expect(trust.scopes[0]?.ceilings).toContainEqual({ source: 'coverage', value: C.bound_ceilings.coverage })
  })

  it('counts each once, also those verified too late', async () => {
    const tested = await trusted(3)
    const answers = await Promise.all(Array.from({ length: 6 }, () => decide(tested)))
    tested.clock.advance(25 * HOUR_MS)
    await tested.service.reportOutcome(verifier, { decision_id: answers[0]?.decision_id ?? '', class: 'validated' })
    expect(await coverageOf(tested)).toMatchObject({ verified: 0, missed: 6 })
    expect(await tested.service.chargeMissed()).toBe(0)
  })

  it('is charged by a timer of agents for which nothing else is written', async () => {
    const tested = await trusted(3)
    await decide(tested)
    tested.clock.advance(25 * HOUR_MS)
    expect(await tested.service.chargeMissed()).toBe(1)
    expect(await tested.service.chargeMissed()).toBe(0)
    const [last] = await tested.store.query({ newestFirst: true, limit: 1 })
    expect(last?.record).toMatchObject({ kind: 'budget', agent: AGENT, body: { verb: 'charge_missed', missed: 1 } })
    const slots = await tested.store.read([], (view) => view.document(activityKey('default', AGENT))?.outstanding)
    expect(slots).toEqual([])
  })

  it('is charged in as many records as it takes, each of a hundred slots', async () => {
    const tested = await trusted(3)
    await tested.write(ran(250, tested.clock.nowMs()).map((effect) => ({ ...effect, due: true }) as Effect))
    tested.clock.advance(25 * HOUR_MS)
    expect(await tested.service.chargeMissed()).toBe(250)
    expect(await coverageOf(tested)).toMatchObject({ missed: 250 })
    const records = await tested.store.query({ kinds: ['budget'], agent: AGENT, limit: 10 })
    expect(records.map(({ record: { body, effects } }) => [body['missed'], effects.length])).toEqual([
      [100, 101],
      [100, 101],
      [50, 51],
    ])
  })

  it('is found of all accounts of a chain together, a hundred slots in one record', async () => {
    const tested = await testService()
    const atMs = tested.clock.nowMs()
    const agents = Array.from({ length: 16 }, (_, index) => `link-${String(index)}`)
    for (const agent of agents) await tested.write(ran(70, atMs).map((effect) => ({ ...effect, agent, due: true }) as Effect))
    const charged = agents.map((agent) => ({ ...ran(1, atMs)[0], agent }) as Effect)
    const found = await tested.store.read([], (view) =>
      missesFound([...charged, ...charged], { tenant: 'default', nowMs: atMs + 25 * HOUR_MS }, view),
    )
    const released = found.flatMap((effect) => (effect.kind === 'release' ? [effect.agent] : []))
    expect(released.filter((agent) => agent === 'link-0')).toHaveLength(70)
    expect(released.filter((agent) => agent === 'link-1')).toHaveLength(30)
    expect(found).toHaveLength(102)
  })

  it('costs nobody anything who verifies what is due', async () => {
    const tested = await trusted(3)
    for (let index = 0; index < 12; index += 1) {
      const { decision_id } = await decide(tested)
      await tested.service.reportOutcome(verifier, { decision_id, class: 'validated' })
    }
    tested.clock.advance(25 * HOUR_MS)
    expect(await tested.service.chargeMissed()).toBe(0)
    expect(await coverageOf(tested)).toMatchObject({ verified: 12, missed: 0 })
  })
})
