import { resolve } from 'node:path'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { CatalogueFile } from '../../src/catalogue/catalogue-file.ts'
import { compileCatalogue } from '../../src/catalogue/catalogue.ts'
import { DAY_MS } from '../../src/format/time.ts'
import { agentKey } from '../../src/ledger/keys.ts'
import type { ScopeKey } from '../../src/model/scope.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import { readCatalogue } from '../../src/rego/assemble-policy-set.ts'
import { addEvidence } from '../../src/trust/evidence.ts'
import { DEFAULT_TRUST_CONSTANTS as C } from '../../src/trust/default-constants.ts'
import { readsCeilings } from '../../src/trust/read-share.ts'
import { readScope } from '../../src/trust/score.ts'
import { newAgentTrust, scopeOf } from '../../src/trust/stored-trust.ts'
import { ask, auditor, caller, detectors, gateway, judge, operator, reviewer, verifier } from '../support/callers.ts'
import { testService, type TestService } from '../support/test-service.ts'

const AGENT = 'finance-agent'
const DATABASE: ScopeKey = 'database:light'
const bea = caller('bea', { roles: ['approver'], person: 'bea' })

/** The agent in the standard tier, whose gates are those of the constants themselves. */
const ofStandardTier = (set: PolicySet): PolicySet => ({
  ...set,
  catalogue: { ...set.catalogue, agent: (id) => ({ ...set.catalogue.agent(id), tier: 'standard' }) },
})

/** A read of a scope whose tools only read, watched by detectors and found right by `by`. */
async function verifiedRead({ service }: TestService, by = verifier): Promise<void> {
  const { decision_id } = await service.evaluate(gateway, ask(AGENT, 'query_database'))
  for (const layer of ['identity', 'behaviour', 'context'] as const)
    await service.reportSignal(detectors, { decision_id, layer, class: 'clean' })
  await service.reportOutcome(by, { decision_id, class: 'validated' })
}

async function reads(tested: TestService, times: number, by = verifier): Promise<void> {
  for (let at = 0; at < times; at += 1) await verifiedRead(tested, by)
}

const trustOf = async ({ service }: TestService, scope = DATABASE) =>
  (await service.agentTrust(auditor, AGENT)).scopes.find((each) => each.scope === scope)

describe('a scope whose tools only read', () => {
  it('leaves L0 by verified reads, rung by rung, each weighing as a read', async () => {
    const tested = await testService({ policySet: ofStandardTier })
    await reads(tested, 12)
    expect(await trustOf(tested)).toMatchObject({ score: 0.3, ladder: { k: 12 }, evidence: { r: 3, s: 0 } })
    const promoted = await tested.service.promote(operator, AGENT, DATABASE, {})
    expect(promoted).toMatchObject({ promoted: true, level_after: 1 })
    tested.clock.advance(DAY_MS)
    await reads(tested, 40)
    expect(await tested.service.promote(operator, AGENT, DATABASE, {})).toMatchObject({ promoted: true, level_after: 2 })
    expect((await tested.service.evaluate(gateway, ask(AGENT, 'query_database'))).trust).toMatchObject({ level_effective: 2 })
  })

  it('earns nothing by a word that is too light, and nothing in a scope that does more', async () => {
    const tested = await testService({ policySet: ofStandardTier })
    await reads(tested, 20, judge)
    expect(await trustOf(tested)).toMatchObject({ score: 0, ladder: { k: 0 } })
    for (let at = 0; at < 20; at += 1) {
      const { decision_id } = await tested.service.evaluate(gateway, ask(AGENT, 'read_transactions'))
      await tested.service.reportOutcome(verifier, { decision_id, class: 'validated' })
    }
    expect(await trustOf(tested, 'bookkeeping:light')).toMatchObject({ score: 0, ladder: { k: 0 } })
  })

  it('a read that is taken back counts no more, nor among what reads alone earned', async () => {
    const tested = await testService({ policySet: ofStandardTier })
    await reads(tested, 3)
    const { decision_id } = await tested.service.evaluate(gateway, ask(AGENT, 'query_database'))
    await tested.service.reportOutcome(verifier, { decision_id, class: 'validated' })
    await tested.service.reportOutcome(reviewer, { decision_id, class: 'failed' })
    const stored = await tested.store.read([], (view) => view.document(agentKey('default', AGENT)))
    const { ladder, reads: share, layers } = scopeOf(stored!, DATABASE)
    expect(ladder.k).toBe(3)
    expect(share?.r).toBeCloseTo(0.75, 9)
    expect(layers.outcome.r).toBeCloseTo(0.75, 9)
  })

  it('an action that joins a scope in which only reads earned trust begins with none', async () => {
    const joined: { catalogue?: PolicySet['catalogue'] } = {}
    const policySet = (set: PolicySet): PolicySet => ({
      ...set,
      catalogue: {
        ...ofStandardTier(set).catalogue,
        classify: (...action) => (joined.catalogue ?? set.catalogue).classify(...action),
        place: (action) => (joined.catalogue ?? set.catalogue).place(action),
      },
      base: { ...set.base, evaluate: () => ({ kind: 'value', value: true }) },
    })
    const tested = await testService({ policySet })
    await reads(tested, 12)
    await tested.service.promote(operator, AGENT, DATABASE, {})
    const file = await readCatalogue(resolve('policies/catalogue'))
    const update = { scope: 'database', category: 'local_reversible_write', blast: 1, reversibility: 0, frequency: 'routine' }
    joined.catalogue = compileCatalogue(CatalogueFile.parse({ ...file, tools: { ...file.tools, update_rows: update } }))
    const written = await tested.service.evaluate(gateway, ask(AGENT, 'update_rows'))
    expect(written.trust).toMatchObject({ scope: DATABASE, score: 0, level_granted: 1, level_effective: 0 })
    expect((await tested.service.evaluate(gateway, ask(AGENT, 'query_database'))).trust).toMatchObject({ level_effective: 1 })
  })

  it('the ceiling on what does more than read is what the scope is worth without its reads, below the top while they last', () => {
    const unit = fc.record({ onlyReads: fc.boolean(), weight: fc.double({ min: 0.01, max: 1, noNaN: true }), day: fc.nat(300) })
    type Unit = { readonly onlyReads: boolean; readonly weight: number; readonly day: number }
    const agentOf = (units: readonly Unit[]) =>
      units.reduce((before, { onlyReads, weight, day }) => {
        const evidence = { scope: DATABASE, layer: 'outcome', polarity: 'positive', countsForLadder: true } as const
        return addEvidence(before, { ...evidence, weight, onlyReads, eventTimeMs: day * DAY_MS }, 300 * DAY_MS, C).agent
      }, newAgentTrust())
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 40 }), fc.nat(1_000), (units, later) => {
        const nowMs = (300 + later) * DAY_MS
        const acting = units.filter(({ onlyReads }) => !onlyReads)
        const { evidence, fresh } = readScope(agentOf(acting), DATABASE, { nowMs }, C).layers.outcome
        const ceilings = readsCeilings(agentOf(units), DATABASE, nowMs, C)
        expect(ceilings.length).toBe(units.length === acting.length ? 0 : 1)
        for (const { source, value } of ceilings) {
          expect(source).toBe('reads')
          expect(value).toBeCloseTo(Math.min(evidence, fresh), 9)
        }
      }),
    )
    const solid = { onlyReads: false, weight: 1, day: 300 }
    const ofActions = Array.from({ length: 400 }, () => solid)
    const [bounded] = readsCeilings(agentOf([...ofActions, { ...solid, onlyReads: true }]), DATABASE, 300 * DAY_MS, C)
    expect(bounded?.value).toBe(C.thresholds[4] - 0.0001)
    const [faded] = readsCeilings(agentOf([...ofActions, { ...solid, weight: 0.9, onlyReads: true }]), DATABASE, 300 * DAY_MS, C)
    expect(faded?.value).toBeGreaterThan(C.thresholds[4])
  })
})

describe('distinct verifiers', () => {
  it('an approver’s yes does not keep a second, independent verifier from counting', async () => {
    const tested = await testService({ policySet: ofStandardTier })
    const scope: ScopeKey = 'bookkeeping:light'
    await tested.earn(AGENT, scope, 2)
    const asked = await tested.service.evaluate(gateway, ask(AGENT, 'categorise_expense'))
    expect(asked.outcome).toBe('require_approval')
    await tested.service.decideApproval(bea, asked.decision_id, { verdict: 'approve', reason: 'seen' })
    const retry = ask(AGENT, 'categorise_expense', { context: { approval: asked.decision_id } })
    const ran = await tested.service.evaluate(gateway, retry)
    expect(ran.decision).toBe(true)
    const verifiers = async () => (await trustOf(tested, scope))?.next?.gates.find(({ gate }) => gate === 'verifiers')
    expect(await verifiers()).toMatchObject({ have: 1, need: 2 })
    await tested.service.reportOutcome(verifier, { decision_id: ran.decision_id, class: 'validated' })
    expect(await verifiers()).toMatchObject({ have: 2, need: 2, passed: true })
    expect((await trustOf(tested, scope))?.ladder.k).toBe(1)
  })

  it('a judge too light to count alone is no second verifier, nor is the same one again', async () => {
    const tested = await testService({ policySet: ofStandardTier })
    const scope: ScopeKey = 'bookkeeping:light'
    await tested.earn(AGENT, scope, 3)
    const { decision_id } = await tested.service.evaluate(gateway, ask(AGENT, 'categorise_expense'))
    await tested.service.reportOutcome(verifier, { decision_id, class: 'validated' })
    await tested.service.reportOutcome(verifier, { decision_id, class: 'succeeded' })
    await tested.service.reportOutcome(judge, { decision_id, class: 'validated' })
    const agent = await tested.store.read([], (view) => view.document(agentKey('default', AGENT)))
    expect(scopeOf(agent!, scope).verifiers).toEqual(['credential:checks'])
    await tested.service.reportOutcome(reviewer, { decision_id, class: 'validated' })
    const after = await tested.store.read([], (view) => view.document(agentKey('default', AGENT)))
    expect(scopeOf(after!, scope).verifiers).toEqual(['credential:checks', 'person:rita'])
    expect(scopeOf(after!, scope).uncalibrated).toEqual(['person:rita'])
  })
})
