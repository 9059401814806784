import { beforeAll, describe, expect, it } from 'vitest'

import type { DecisionBody } from '../../src/ledger/recorded-decision.ts'
import type { StoredRecord } from '../../src/ledger/store.ts'
import { createSufficiencyFold, insufficientIn, sufficiencyOf, type SufficiencyTerms } from '../../src/reports/sufficiency.ts'
import { ask, caller, gateway } from '../support/callers.ts'
import { shippedPolicySet, testService, type TestService } from '../support/test-service.ts'

const scope = 'bookkeeping:light'
let tested: TestService
let terms: SufficiencyTerms
let ran: StoredRecord

/** The stored record of a decision. */
async function stored(id: string): Promise<StoredRecord> {
  const found = await tested.store.read([], (view) => view.record('default', id))
  if (found === undefined) throw new Error(`no record ${id}`)
  return found
}

/** A record with something of its body changed. */
function changed(from: StoredRecord, change: (body: DecisionBody) => Partial<DecisionBody>): StoredRecord {
  const body = from.record.body as unknown as DecisionBody
  return { ...from, record: { ...from.record, body: { ...body, ...change(body) } as unknown as StoredRecord['record']['body'] } }
}

/** The trust of the agent as another one. */
function withTrust(from: StoredRecord, change: object): StoredRecord {
  return changed(from, ({ facts }) => ({ facts: { ...facts, trust: { ...facts.trust, ...change } as typeof facts.trust } }))
}

beforeAll(async () => {
  tested = await testService()
  const { matrices, constants } = await shippedPolicySet()
  terms = { matrices, thresholds: constants.thresholds }
  await tested.earn('finance-agent', scope, 3)
  const decided = await tested.service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
  expect(decided.decision).toBe(true)
  ran = await stored(decided.decision_id)
})

describe('an action that ran by trust', () => {
  it('is sufficient with the level that the matrix asks for, and says every layer and the threshold', () => {
    const row = sufficiencyOf(ran, terms)
    expect(row).toMatchObject({
      agent: 'finance-agent',
      action: 'categorise_expense',
      scope,
      basis: 'trust',
      verdict: 'sufficient',
      level_needed: 3,
      threshold: 0.7,
      level_effective: 3,
      why: [],
    })
    expect(Object.values(row?.layers ?? {}).every((score) => score !== null && score >= 0.7)).toBe(true)
  })

  it.each([
    [0.7, 'sufficient'],
    [0.6999, 'insufficient'],
  ] as const)('with a score of %f it is %s', (score, verdict) => {
    expect(sufficiencyOf(withTrust(ran, { score }), terms)?.verdict).toBe(verdict)
  })

  it('is insufficient where one live layer is under the threshold, and not where the layer has no source', () => {
    const { layers } = (ran.record.body as unknown as DecisionBody).facts.trust ?? {}
    const low = (live: boolean) => withTrust(ran, { layers: { ...layers, context: { ...layers?.context, score: 0.2, live } } })
    expect(sufficiencyOf(low(true), terms)).toMatchObject({ verdict: 'insufficient', why: ['layer context 0.2, needed 0.7'] })
    expect(sufficiencyOf(low(false), terms)).toMatchObject({ verdict: 'sufficient', layers: { context: null } })
  })

  it('is insufficient one level lower, whatever the score', () => {
    expect(sufficiencyOf(withTrust(ran, { level_effective: 2 }), terms)).toMatchObject({
      verdict: 'insufficient',
      why: ['level L2, needed L3'],
    })
  })

  it('is insufficient where a link of the chain stood lower, or is unknown', () => {
    const link = (known: boolean, level_effective: 0 | 3) =>
      changed(ran, ({ facts }) => ({
        facts: {
          ...facts,
          links: [{ party: { type: 'agent', id: 'child' }, relation: 'chain', known, level_effective, tier: 'standard' }],
        },
      }))
    expect(sufficiencyOf(link(true, 3), terms)?.verdict).toBe('sufficient')
    expect(sufficiencyOf(link(true, 0), terms)).toMatchObject({ verdict: 'insufficient', weak_links: ['agent/child at L0'] })
    expect(sufficiencyOf(link(false, 3), terms)).toMatchObject({
      verdict: 'insufficient',
      weak_links: ['agent/child at unknown'],
    })
  })

  it('reads a link in the stricter of its own tier and the acting agent’s', () => {
    const linked = changed(ran, ({ facts }) => ({
      facts: {
        ...facts,
        links: [{ party: { type: 'agent', id: 'child' }, relation: 'chain', known: true, level_effective: 3, tier: 'standard' }],
      },
    }))
    expect((ran.record.body as unknown as DecisionBody).facts.agent.tier).toBe('high')
    const { standard } = terms.matrices
    const strict = { ...standard, '3': standard['2'] }
    const weakUnder = (matrices: SufficiencyTerms['matrices']) => sufficiencyOf(linked, { ...terms, matrices })?.weak_links
    expect(weakUnder({ standard, high: standard })).toEqual([])
    expect(weakUnder({ standard: strict, high: standard })).toEqual(['agent/child at L3'])
    expect(weakUnder({ standard, high: strict })).toEqual(['agent/child at L3'])
  })

  it('is unknown without its policy set, or without trust or risk in the record', () => {
    expect(sufficiencyOf(ran, undefined)?.verdict).toBe('unknown')
    expect(
      sufficiencyOf(
        changed(ran, ({ facts }) => ({ facts: { ...facts, trust: null } })),
        terms,
      )?.verdict,
    ).toBe('unknown')
    expect(
      sufficiencyOf(
        changed(ran, () => ({ risk: null }) as object),
        terms,
      )?.verdict,
    ).toBe('unknown')
  })

  it('is unknown where what was masked or erased would decide it, and told otherwise', async () => {
    const read = await tested.service.evaluate(gateway, ask('operations-agent', 'read_metrics'))
    expect(read.decision).toBe(true)
    const record = await stored(read.decision_id)
    expect(sufficiencyOf(record, terms)).toMatchObject({ verdict: 'sufficient', level_effective: 0, level_needed: 0 })
    expect(sufficiencyOf({ ...record, state: 'erased' }, terms)).toMatchObject({
      verdict: 'unknown',
      why: ['what was erased may decide it'],
    })
    expect(sufficiencyOf({ ...ran, state: 'masked' }, terms)?.verdict).toBe('sufficient')
  })
})

describe('what else there is', () => {
  it('is listed apart where people said so, or where trust was only observed', () => {
    const basis = (change: (body: DecisionBody) => object) => sufficiencyOf(changed(ran, change), terms)?.basis
    expect(basis(() => ({ approval: { redeemed: 'd-1', reason: null } }))).toBe('approval')
    expect(basis(() => ({ override: { id: 'o-1' }, approval: { redeemed: 'd-1', reason: null } }))).toBe('override')
    const mode = (of: object) => (body: DecisionBody) => ({ facts: { ...body.facts, mode: { ...body.facts.mode, ...of } } })
    expect(basis(mode({ mode: 'observe' }))).toBe('observed')
    expect(basis(mode({ observed_terms: ['trust'] }))).toBe('observed')
    expect(basis(mode({ observed_terms: ['context'] }))).toBe('trust')
    expect(basis(mode({ observed_rules: ['amounts'] }))).toBe('observed')
  })

  it('is left out: refusals, humans, and records that are no decisions', async () => {
    const refused = await tested.service.evaluate(gateway, ask('research-agent', 'refund'))
    expect(refused.decision).toBe(false)
    expect(sufficiencyOf(await stored(refused.decision_id), terms)).toBeUndefined()
    const human = changed(ran, ({ facts }) => ({ facts: { ...facts, parties: { ...facts.parties, agent: null } } }))
    expect(sufficiencyOf(human, terms)).toBeUndefined()
    const fold = createSufficiencyFold()
    expect(fold.add({ ...ran, record: { ...ran.record, kind: 'outcome' } }, terms)).toBeUndefined()
    expect(fold.totals()).toMatchObject({ decisions: 0, executed: 0 })
  })

  it('is counted by what it ran by; people’s word is no proof of trust and no lack of it', () => {
    const fold = createSufficiencyFold()
    const low = withTrust(ran, { score: 0.1 })
    fold.add(ran, terms)
    fold.add(low, terms)
    fold.add(
      changed(low, () => ({ approval: { redeemed: 'd-1', reason: null } })),
      terms,
    )
    fold.add(
      changed(low, ({ facts }) => ({ facts: { ...facts, mode: { ...facts.mode, mode: 'observe' as const } } })),
      terms,
    )
    expect(fold.totals()).toMatchObject({
      decisions: 4,
      executed: 4,
      counts: {
        trust: { sufficient: 1, insufficient: 1, unknown: 0 },
        approval: { insufficient: 1 },
        observed: { insufficient: 1 },
      },
    })
    expect(insufficientIn(fold.totals())).toBe(2)
  })

  it('of the shipped policies is never insufficient, whatever an agent asked for', async () => {
    await tested.earn('coding-agent', 'file_operations:full', 2)
    const fold = createSufficiencyFold()
    for (const agent of ['finance-agent', 'coding-agent', 'operations-agent', 'research-agent'])
      for (const action of ['categorise_expense', 'merge_pr', 'open_pr', 'web_search', 'run_tests', 'refund', 'read_metrics']) {
        const human = caller('gateway', { roles: ['enforcement_point'] })
        const { decision_id } = await tested.service.evaluate(human, ask(agent, action))
        fold.add(await stored(decision_id), terms)
      }
    expect(fold.totals().executed).toBeGreaterThan(1)
    expect(insufficientIn(fold.totals())).toBe(0)
  })
})
