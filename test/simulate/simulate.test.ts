import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { eraseRecords } from '../../src/audit/removal/erase.ts'
import { walkRecords } from '../../src/audit/walk-records.ts'
import type { RecordQuery, Store, StoredRecord } from '../../src/ledger/store.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import { assemblePolicySet, type PolicySetParts } from '../../src/rego/assemble-policy-set.ts'
import { withMatrix } from '../../src/rego/deviating-matrix.ts'
import { simulate, type SimulateDeps, type Simulation } from '../../src/simulate/simulate.ts'
import { openScratch } from '../../src/stores/sqlite/scratch.ts'
import type { TrustConstantsOverride } from '../../src/trust/constants.ts'
import { resolveTrustConstants } from '../../src/trust/default-constants.ts'
import { ask, gateway, operator, verifier } from '../support/callers.ts'
import { newTrack, operate, operation } from '../support/operations.ts'
import { runs } from '../support/runs.ts'
import {
  earned,
  HOUR_MS,
  shippedParts,
  shippedPolicySet,
  START_MS,
  testService,
  type TestService,
} from '../support/test-service.ts'

const scope = 'bookkeeping:light'
const STANDARD = {
  '0': { read: 'allow_guarded', low: 'deny', medium: 'deny', high: 'deny' },
  '1': { read: 'allow_guarded', low: 'suggest', medium: 'suggest', high: 'deny' },
  '2': { read: 'allow', low: 'require_approval', medium: 'require_approval', high: 'suggest' },
  '3': { read: 'allow', low: 'require_approval', medium: 'require_approval', high: 'suggest' },
  '4': { read: 'allow', low: 'require_approval', medium: 'require_approval', high: 'suggest' },
}
/** Never below approval, for every tier. */
const STRICT = { standard: STANDARD, high: STANDARD, low: STANDARD }

async function candidateOf(change: (parts: PolicySetParts) => PolicySetParts | Promise<PolicySetParts>): Promise<PolicySet> {
  return assemblePolicySet(await change(await shippedParts()), START_MS)
}

const withConstants = (override: TrustConstantsOverride): Promise<PolicySet> =>
  candidateOf((parts) => ({ ...parts, constants: resolveTrustConstants(override) }))
/** The finance agent is of the high tier; where its promotions were written by hand, they followed the gates of everybody. */
const NO_TIERS: TrustConstantsOverride = {
  high_tier: { count_factor: 1, dwell_factor: 1, verifiers_more: 0, signature_level: 4 },
}
const withStrictMatrix = (): Promise<PolicySet> =>
  candidateOf(async (parts) => ({ ...parts, graduation: await withMatrix(parts.graduation, STRICT) }))

async function simulated(
  store: SimulateDeps['store'],
  candidate: PolicySet,
  more: Partial<SimulateDeps> = {},
): Promise<Simulation> {
  const scratch = openScratch()
  try {
    return await simulate({
      store,
      walk: walkRecords,
      scratch,
      candidate,
      baseline: null,
      promotes: true,
      sinceMs: -Infinity,
      onProgress: () => undefined,
      ...more,
    })
  } finally {
    scratch.close()
  }
}

const expense = (tested: TestService) => tested.service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))

describe('a simulation under what was in force', () => {
  it.each([
    ['the very same policy set', {}],
    [
      'constants that differ where nothing reads them, so that trust is derived again',
      { promotion_alpha: [0.5, 0.05, 0.05, 0.05, 0.01] },
    ],
    [
      'weights that differ where no verdict has them, so that every verdict is weighed again',
      { source_weights: { signed_import: 0.25 } },
    ],
  ] as const)('changes nothing: %s', async (_name, override) => {
    const candidate = await withConstants(override)
    const steps = fc.array(operation, { minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const tested = await testService()
        const track = newTrack()
        for (const step of all) await operate(tested, step, track, 'default')
        const { changes, promotions } = await simulated(tested.store, candidate)
        expect(changes).toMatchObject({ decisions: track.decisions.length, changed: { total: 0 }, other_duties: { total: 0 } })
        expect(promotions).toEqual(Object.keys(override).length === 0 ? null : { refused: 0, late: 0, early: 0 })
      }),
      runs(12),
    )
  })
})

describe('a simulation against the policies in force', () => {
  const against = async (store: Store, candidate: PolicySet, inForce: PolicySet, more: Partial<SimulateDeps> = {}) => {
    const scratch = openScratch()
    try {
      return await simulated(store, candidate, { baseline: { policySet: inForce, scratch }, ...more })
    } finally {
      scratch.close()
    }
  }

  it('tells what the candidate changes, and not what changed since the records were made', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 4)
    const { decision_id: decisionId } = await expense(tested)
    const [strict, shipped] = [await withStrictMatrix(), await shippedPolicySet()]
    const recorded = await simulated(tested.store, strict)
    expect(recorded.changes.changed).toMatchObject({ total: 1, tightened: 1 })
    expect((await against(tested.store, strict, strict)).changes).toMatchObject({ decided: 1, changed: { total: 0 } })
    // The matrix was made stricter meanwhile, and the candidate takes that back: nobody would see it in the records.
    expect((await simulated(tested.store, shipped)).changes.changed.total).toBe(0)
    expect((await against(tested.store, shipped, strict)).changes.transitions).toMatchObject([
      { from: 'require_approval', to: 'allow', direction: 'loosened', examples: [decisionId] },
    ])
  })

  it('is one against the records where they were made under those policies', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 4)
    await expense(tested)
    const strict = await withStrictMatrix()
    expect(await against(tested.store, strict, await shippedPolicySet())).toEqual(await simulated(tested.store, strict))
  })

  it('derives the trust of each side under its own constants', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 2)
    await expense(tested)
    const slow = await withConstants({ ...NO_TIERS, dwell_days: [0, 0, 3, 7, 30] })
    const usual = await withConstants(NO_TIERS)
    expect((await against(tested.store, slow, slow)).changes.changed.total).toBe(0)
    expect((await against(tested.store, slow, usual)).changes.transitions).toMatchObject([
      { from: 'require_approval', to: 'suggest' },
    ])
    expect((await against(tested.store, usual, slow)).changes.transitions).toMatchObject([
      { from: 'suggest', to: 'require_approval' },
    ])
  })
})

describe('a simulation under another matrix', () => {
  it('tells what changes by outcome, agent, action and term, with decisions to look at', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 4)
    const allowed = await expense(tested)
    const refused = await tested.service.evaluate(gateway, ask('research-agent', 'refund'))
    const { changes } = await simulated(tested.store, await withStrictMatrix())
    expect([allowed.outcome, refused.outcome]).toEqual(['allow', 'deny'])
    const example = { decision_id: allowed.decision_id, from: 'allow', to: 'require_approval' }
    expect(changes).toMatchObject({
      decisions: 2,
      decided: 2,
      changed: { total: 1, loosened: 0, tightened: 1, share: 0.5 },
      transitions: [{ from: 'allow', to: 'require_approval', direction: 'tightened', count: 1, examples: [allowed.decision_id] }],
      by_agent: [{ key: 'finance-agent', decisions: 1, loosened: 0, tightened: 1, examples: [example] }],
      by_action: [{ key: 'categorise_expense', decisions: 1, tightened: 1, examples: [example] }],
      approvals: { before: { total: 0, per_day: 0 }, after: { total: 1, per_day: 1 } },
    })
    expect(changes.by_term.map(({ key }) => key)).toEqual(['risk', 'trust'])
  })

  it('shows what it loosens first', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 3)
    await expense(tested)
    await tested.service.evaluate(gateway, ask('support-agent', 'update_contact_phone'))
    const matrix = { ...STANDARD, '0': { ...STANDARD['1'], high: 'deny' } }
    const candidate = await candidateOf(async (parts) => ({
      ...parts,
      graduation: await withMatrix(parts.graduation, { standard: matrix, high: matrix, low: matrix }),
    }))
    const { changes } = await simulated(tested.store, candidate)
    expect(changes.changed).toMatchObject({ loosened: 1, tightened: 1 })
    expect(changes.transitions.map(({ direction }) => direction)).toEqual(['loosened', 'tightened'])
    expect(changes.by_agent.map(({ key, loosened }) => [key, loosened])).toEqual([
      ['support-agent', 1],
      ['finance-agent', 0],
    ])
  })

  it('decides only what is not older than asked for', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 4)
    await expense(tested)
    tested.clock.advance(HOUR_MS)
    await expense(tested)
    const { changes } = await simulated(tested.store, await withStrictMatrix(), { sinceMs: tested.clock.nowMs() })
    expect(changes).toMatchObject({ decisions: 1, changed: { total: 1 }, first: changes.last })
  })

  it('counts erased and masked decisions as unknown, neither changed nor unchanged', async () => {
    const masking = await testService({ policySet: (shipped) => ({ ...shipped, mask: everythingMasked(shipped) }) })
    await masking.earn('finance-agent', scope, 4)
    await expense(masking)
    const tested = await testService()
    await tested.earn('finance-agent', scope, 4)
    const { decision_id: decisionId } = await expense(tested)
    await expense(tested)
    await eraseRecords(
      tested.store,
      { tenant: 'default', decisionId },
      { newId: tested.newId, at: new Date(tested.clock.nowMs()).toISOString(), actor: 'ada', reason: 'asked for' },
    )
    const candidate = await withStrictMatrix()
    const erased = await simulated(tested.store, candidate)
    expect(erased.changes).toMatchObject({
      decisions: 2,
      decided: 1,
      unknown: { total: 1, erased: 1 },
      changed: { total: 1, share: 1 },
    })
    const masked = await simulated(masking.store, candidate)
    expect(masked.changes).toMatchObject({
      decisions: 1,
      decided: 0,
      unknown: { total: 1, masked: 1 },
      changed: { total: 0, share: 0 },
    })
  })
})

function everythingMasked({ mask }: PolicySet): PolicySet['mask'] {
  const answer = { kind: 'value', value: ['/input/action'] } as const
  return mask === undefined ? undefined : { ...mask, evaluate: () => answer }
}

describe('a simulation under other rules of the world', () => {
  it('meets budgets as full as they were then', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 3)
    const answers = []
    for (let count = 0; count < 110; count += 1) answers.push(await expense(tested))
    const refused = answers.filter(({ outcome }) => outcome === 'require_approval').length
    expect(refused).toBeGreaterThan(0)
    const candidate = await candidateOf((parts) => ({
      ...parts,
      settings: { ...parts.settings, guardrails: { ...parts.settings.guardrails, excess: 'deny' } },
    }))
    const { changes } = await simulated(tested.store, candidate)
    expect(changes.transitions).toMatchObject([{ from: 'require_approval', to: 'deny', count: refused }])
    expect(changes.by_term).toMatchObject([{ key: 'guardrails', tightened: refused }])
  })

  it('compares what would have been answered where everything was only observed', async () => {
    const tested = await testService({ config: { modes: [{ mode: 'observe' }] } })
    await tested.earn('finance-agent', scope, 4)
    const { outcome } = await tested.service.evaluate(gateway, ask('support-agent', 'update_contact_phone'))
    const { decision_id: decisionId } = await expense(tested)
    expect(outcome).toBe('allow')
    expect((await simulated(tested.store, await shippedPolicySet())).changes).toMatchObject({ decided: 2, changed: { total: 0 } })
    const { changes } = await simulated(tested.store, await withStrictMatrix())
    expect(changes.transitions).toMatchObject([{ from: 'allow', to: 'require_approval', examples: [decisionId] }])
  })

  it('reads trust where the candidate catalogue puts the action', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 4)
    await expense(tested)
    const candidate = await candidateOf((parts) => {
      const { tools } = parts.catalogue
      // As far-reaching as this, it is decided on trust in high stakes.
      const weightier = { ...tools['categorise_expense']!, blast: 3 as const, reversibility: 2 as const }
      return { ...parts, catalogue: { ...parts.catalogue, tools: { ...tools, categorise_expense: weightier } } }
    })
    const { changes } = await simulated(tested.store, candidate)
    expect(changes.changed).toMatchObject({ tightened: 1 })
    expect(changes.by_term.map(({ key }) => key)).toContain('trust')
  })

  it('counts what keeps its outcome with other duties apart', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 4)
    const { decision_id: decisionId } = await expense(tested)
    const candidate = await candidateOf((parts) => {
      const { tools } = parts.catalogue
      const capped = { ...tools['categorise_expense']!, guardrails: { actions_per_hour_max: 7 } }
      return { ...parts, catalogue: { ...parts.catalogue, tools: { ...tools, categorise_expense: capped } } }
    })
    const { changes } = await simulated(tested.store, candidate)
    expect(changes).toMatchObject({ changed: { total: 0 }, other_duties: { total: 1, examples: [decisionId] } })
  })

  it('does not promote before the dwell time of the candidate, and does so later', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 2)
    const { outcome } = await expense(tested)
    expect(outcome).toBe('require_approval')
    const slow = await withConstants({ ...NO_TIERS, dwell_days: [0, 0, 3, 7, 30] })
    const early = await simulated(tested.store, slow)
    expect(early).toMatchObject({
      promotions: { refused: 1, late: 0 },
      changes: { transitions: [{ from: 'require_approval', to: 'suggest' }] },
    })
    tested.clock.advance(72 * HOUR_MS)
    await expense(tested)
    const late = await simulated(tested.store, slow)
    expect(late).toMatchObject({ promotions: { refused: 1, late: 1 }, changes: { changed: { total: 1 } } })
  })

  it('promotes where the candidate lets the timer do so sooner than the log’s own constants', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 2)
    // As much evidence as level 3 takes; only the week on level 2 is missing.
    await tested.write(earned('finance-agent', scope, 150, tested.clock.nowMs()))
    await expense(tested)
    const quick = await withConstants({ ...NO_TIERS, dwell_days: [0, 0, 0, 0, 30] })
    const timed = await simulated(tested.store, quick)
    expect(timed.promotions).toMatchObject({ early: 1 })
    expect(timed.changes.transitions).toMatchObject([{ from: 'require_approval', to: 'allow_guarded', direction: 'loosened' }])
    const untimed = await simulated(tested.store, quick, { promotes: false })
    expect(untimed).toMatchObject({ promotions: { early: 0 }, changes: { changed: { total: 0 } } })
  })

  it('weighs the verdicts of the log by the weights of the candidate', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 3)
    const harmed = await expense(tested)
    await tested.service.reportOutcome(verifier, { decision_id: harmed.decision_id, class: 'corrected' })
    const after = await expense(tested)
    const harsh = await withConstants({ ...NO_TIERS, severity_weights: { minor: 5, moderate: 5 } })
    const { changes } = await simulated(tested.store, harsh)
    expect([harmed.outcome, after.outcome]).toEqual(['allow_guarded', 'allow_guarded'])
    expect(changes.transitions).toMatchObject([{ direction: 'tightened', count: 1, examples: [after.decision_id] }])
  })

  it('takes the cap of an incident from the candidate where it was the rule’s', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 4)
    await tested.service.raiseIncident(operator, { agent: 'finance-agent', class: 'injection_weak' })
    const { outcome } = await expense(tested)
    const strict = await withConstants({ incident_rules: { injection_weak: { cap: 0.1, reach: 'agent', review: false } } })
    const { changes } = await simulated(tested.store, strict)
    expect(outcome).toBe('require_approval')
    expect(changes.transitions).toMatchObject([{ from: 'require_approval', to: 'deny' }])
  })
})

describe('a long history', () => {
  it('of 30,000 decisions is decided again in memory that does not grow with it', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 4)
    await expense(tested)
    const lived = await tested.store.query({ limit: 1_000 })
    const candidate = cheap(await shippedPolicySet())
    // What was compiled and cached on the way belongs to the first run.
    await simulated(repeated(lived, 1_000), candidate)
    const before = heapMib()
    let peak = 0
    const { changes } = await simulated(repeated(lived, 30_000), candidate, {
      onProgress: (done) => {
        if (done % 10_000 === 0) peak = Math.max(peak, heapMib())
      },
    })
    expect(changes).toMatchObject({ decisions: 30_000, changed: { total: 30_000 }, by_agent: { length: 1_001 } })
    expect(changes.by_agent.find(({ key }) => key === '(others)')?.decisions).toBe(30_000 - 1_000)
    expect(peak - before).toBeLessThan(16)
  })
})

/** A log that ends in so many more decisions like its last, each of an agent of its own name, made while it is read. */
function repeated(lived: readonly StoredRecord[], decisions: number): Pick<Store, 'query' | 'size'> {
  const last = lived.at(-1)!
  const text = JSON.stringify(last.record)
  const nth = (index: number): StoredRecord => {
    const record = JSON.parse(text) as StoredRecord['record']
    const leafIndex = lived.length - 1 + index
    const effects = record.effects.map((effect) =>
      effect.kind === 'charge' ? { ...effect, decision_id: `d-${index}`, verify_by_ms: null } : effect,
    )
    return { leafIndex, state: 'whole', record: { ...record, id: `d-${index}`, agent: `agent-${index}`, effects } }
  }
  return {
    size: () => lived.length - 1 + decisions,
    query: ({ from = 0, limit, kinds }: RecordQuery) => {
      const until = Math.min(from + limit, lived.length - 1 + decisions)
      const page = Array.from({ length: Math.max(0, until - from) }, (_, index) =>
        from + index < lived.length - 1 ? lived[from + index]! : nth(from + index - (lived.length - 1)),
      )
      return Promise.resolve(
        kinds === undefined ? page : from > 0 ? [] : lived.filter(({ record }) => kinds.includes(record.kind)),
      )
    },
  }
}

/** The candidate with policies that take no time: what is measured is everything around them. */
function cheap(shipped: PolicySet): PolicySet {
  const answer = { kind: 'value', value: false } as const
  return {
    ...shipped,
    base: { ...shipped.base, evaluate: () => answer },
    graduation: { ...shipped.graduation, evaluate: () => answer },
    risk: {
      ...shipped.risk,
      evaluate: () => Promise.resolve({ points: 0, band: 'read', rules: [], obligations: [], unavailable: [] }),
    },
  }
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heapMib(): number {
  collect()
  return process.memoryUsage().heapUsed / 2 ** 20
}
