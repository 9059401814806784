import { describe, expect, it } from 'vitest'

import type { Effect } from '../../src/ledger/effect.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import { boundsKey, sessionKey, TOOLS_KEY } from '../../src/ledger/keys.ts'
import type { Store } from '../../src/ledger/store.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import { createSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts'
import { type Hold, HOLDS_MAX, SESSION_ENTRIES_MAX, SESSION_MEMORY_MS } from '../../src/trust/bounds.ts'
import { temporaryDirectories } from '../stores/directories.ts'
import { administrator, ask, gateway, operator, verifier } from '../support/callers.ts'
import { START_MS, testService, type TestService } from '../support/test-service.ts'

const newDirectory = temporaryDirectories()
const scope = 'bookkeeping:light'
const agent = 'finance-agent'
const hold = (changes: Partial<Hold> = {}): Effect => ({
  kind: 'hold',
  agent,
  hold: {
    id: 'h-1',
    scope,
    reason: 'uncorroborated_failures',
    source: 'critic',
    units: 3,
    cap: 0.45,
    at_ms: START_MS,
    ...changes,
  },
})
const inSession = (session: string) => ask(agent, 'categorise_expense', { context: { session } })
const trustIn = async ({ service }: TestService, session = 's-0') => (await service.evaluate(gateway, inSession(session))).trust

async function atLevel3(): Promise<TestService> {
  const tested = await testService()
  await tested.earn([agent, 'research-agent'], scope, 3)
  return tested
}

describe('what waits for a person', () => {
  it('caps the very next decision and every view of the trust, and gives all of it back when it is resolved', async () => {
    const tested = await atLevel3()
    const before = await trustIn(tested)
    expect(before?.level_effective).toBe(3)
    await tested.write([hold()])
    expect(await trustIn(tested)).toMatchObject({ score: 0.45, level_granted: 3, level_effective: 1 })
    const view = await tested.service.agentTrust(operator, agent)
    expect(view.scopes.find((each) => each.scope === scope)).toMatchObject({
      score: 0.45,
      binding: 'hold:uncorroborated_failures',
      ceilings: [{ source: 'hold:uncorroborated_failures', value: 0.45 }],
    })
    const { gates } = await tested.service.promote(operator, agent, scope, {})
    expect(gates.find(({ gate }) => gate === 'score')).toMatchObject({ passed: false, have: 0.45 })
    await tested.write([{ kind: 'hold_resolved', agent, id: 'h-1' }])
    expect(await trustIn(tested)).toEqual(before)
  })

  it('is merged where there is too much of it, and never forgotten', async () => {
    const tested = await atLevel3()
    const many = Array.from({ length: HOLDS_MAX + 2 }, (_, at) =>
      hold({ id: `h-${String(at)}`, cap: at === 0 ? 0.2 : at % 2 === 0 ? null : 0.6 }),
    )
    await tested.write(many)
    const bounds = await tested.store.read([boundsKey('default', agent)], (view) => view.document(boundsKey('default', agent)))
    expect(bounds?.holds).toHaveLength(HOLDS_MAX)
    expect(bounds?.holds[0]).toMatchObject({ cap: 0.2, units: 9 })
    expect((await trustIn(tested))?.score).toBe(0.2)
  })

  it('that of one scope does not reach another, that of none reaches all; two flags without a cap stay without', async () => {
    const tested = await atLevel3()
    await tested.write([hold({ scope: 'files:full' })])
    expect((await trustIn(tested))?.level_effective).toBe(3)
    await tested.write([hold({ id: 'h-2', scope: null })])
    expect((await trustIn(tested))?.score).toBe(0.45)
  })
})

describe('a session', () => {
  it('carries the trust of the agents whose output it used, from then on, and no other session does', async () => {
    const tested = await testService()
    // What an agent earned that the catalogue no longer has lends its output nothing.
    await tested.earn([agent, 'research-agent', 'a stranger'], scope, 3)
    await tested.write([{ kind: 'session', agent, session: 's-1', cap: null, used: 'research-agent' }])
    const research = (await tested.service.agentTrust(operator, 'research-agent')).scopes.find((each) => each.scope === scope)
    expect((await trustIn(tested, 's-1'))?.score).toBe(Math.min(research?.score ?? 0, (await trustIn(tested))?.score ?? 0))
    await tested.write([
      {
        kind: 'incident',
        agent: 'research-agent',
        incident: { id: 'i-1', class: 'injection_suspected', reach: 'agent', scope: null, cap: 0.4, review: true },
      },
    ])
    expect((await trustIn(tested, 's-1'))?.score).toBe(0.4)
    expect((await trustIn(tested, 's-2'))?.level_effective).toBe(3)
    await tested.write([{ kind: 'session', agent, session: 's-1', cap: null, used: 'a stranger' }])
    expect((await trustIn(tested, 's-1'))?.score).toBe(0)
  })

  it('keeps the least cap of a source, for as long as it is remembered', async () => {
    const tested = await atLevel3()
    const cap = (value: number): Effect => ({
      kind: 'session',
      agent,
      session: 's',
      cap: { source: 'session:risk', value },
      used: null,
    })
    await tested.write([cap(0.49), cap(0.69)])
    expect((await trustIn(tested, 's'))?.score).toBe(0.49)
    await tested.write([cap(0.3)])
    expect((await trustIn(tested, 's'))?.score).toBe(0.3)
    tested.clock.advance(SESSION_MEMORY_MS)
    expect((await trustIn(tested, 's'))?.score).toBeGreaterThan(0.49)
    await tested.write([cap(0.69)])
    expect((await trustIn(tested, 's'))?.score).toBeGreaterThan(0.49)
  })

  it('that rests on more than can be remembered is not trusted at all', async () => {
    const tested = await atLevel3()
    const used = Array.from({ length: SESSION_ENTRIES_MAX + 1 }, (_, at): Effect => ({
      kind: 'session',
      agent,
      session: 's',
      cap: null,
      used: `agent-${String(at)}`,
    }))
    await tested.write(used)
    const key = sessionKey('default', agent, 's')
    expect(await tested.store.read([key], (view) => view.document(key)?.caps)).toEqual([{ source: 'session:too_much', value: 0 }])
    expect((await trustIn(tested, 's'))?.score).toBe(0)
  })

  it('that bounds an agent bounds it as a link of the chain too: handing the work on does not leave it', async () => {
    const tested = await atLevel3()
    await tested.write([{ kind: 'session', agent, session: 's', cap: { source: 'session:injection', value: 0.4 }, used: null }])
    const through = async (session: string) => {
      const { decision_id } = await tested.service.evaluate(
        gateway,
        ask('research-agent', 'categorise_expense', { context: { session, chain: [{ type: 'agent', id: agent }] } }),
      )
      return (await tested.service.record(operator, decision_id)).record.body['facts']
    }
    expect(await through('s')).toMatchObject({ links: [{ party: { id: agent }, level_effective: 1 }] })
    expect(await through('t')).toMatchObject({ links: [{ party: { id: agent }, level_effective: 3 }] })
  })

  it('is read once where it did not change, however its store keeps it', async () => {
    const engine = await createSqliteStore({
      dataDir: newDirectory(),
      project,
      origin: 'test.example/audit',
      checkpointIntervalMs: 60_000,
      nowMs: () => START_MS,
    })
    let changes = 0
    const transact: Store['transact'] = (touches, change) => {
      changes += 1
      return engine.transact(touches, change)
    }
    const tested = await testService({ engine, store: (store) => ({ ...store, transact }) })
    await tested.write([{ kind: 'session', agent, session: 's', cap: { source: 'session:risk', value: 0.49 }, used: null }])
    changes = 0
    await tested.service.evaluate(gateway, inSession('s'))
    expect(changes).toBe(1)
    await tested.service.close()
  })

  it('an empty name is no session', async () => {
    const tested = await atLevel3()
    await tested.write([{ kind: 'session', agent, session: 's', cap: { source: 'x', value: 0 }, used: null }])
    expect((await trustIn(tested, ''))?.level_effective).toBe(3)
  })
})

describe('posture', () => {
  it('is what was so latest, whatever arrives later', async () => {
    const tested = await atLevel3()
    const nowMs = tested.clock.nowMs()
    const attested = (ok: boolean, event_time_ms: number): Effect => ({
      kind: 'posture',
      agent,
      posture: { attested: { ok } },
      event_time_ms,
    })
    await tested.write([attested(false, nowMs - 1_000), attested(true, nowMs - 2_000)])
    expect((await trustIn(tested))?.score).toBe(0.49)
    await tested.write([attested(true, nowMs - 1_000)])
    expect((await trustIn(tested))?.level_effective).toBe(3)
    await tested.write([{ kind: 'posture', agent, posture: { attested: { ok: false } } }])
    expect((await trustIn(tested))?.score).toBe(0.49)
  })
})

describe('coverage and ceilings with an end', () => {
  it('cap the score while they hold', async () => {
    const tested = await atLevel3()
    await tested.write([
      { kind: 'coverage', agent, scope, verified: 1, missed: 4 },
      { kind: 'timed_ceiling', agent, source: 'owner:ada', value: 0.5, until_ms: tested.clock.nowMs() + 1_000 },
      { kind: 'posture', agent, posture: { delegator_mfa: true } },
    ])
    expect((await trustIn(tested))?.score).toBe(0.5)
    tested.clock.advance(1_000)
    expect((await trustIn(tested))?.score).toBe(0.6999)
    await tested.write([{ kind: 'coverage', agent, scope, verified: 9, missed: 0 }])
    expect((await trustIn(tested))?.level_effective).toBe(3)
  })
})

describe('a server on the path that nobody audited', () => {
  const catalogue = (policySet: PolicySet): PolicySet => ({
    ...policySet,
    catalogue: {
      ...policySet.catalogue,
      unaudited: (_namespace, named) => named.filter((server) => server !== 'ledger'),
    },
  })

  it('leaves no more than reading, while an audited one changes nothing', async () => {
    const tested = await testService({ policySet: catalogue })
    await tested.earn([agent], scope, 3)
    const through = async (mcp_servers: readonly string[]) =>
      (await tested.service.evaluate(gateway, ask(agent, 'categorise_expense', { context: { mcp_servers } }))).trust
    expect((await through(['ledger']))?.level_effective).toBe(3)
    expect(await through(['ledger', 'found-on-the-net'])).toMatchObject({ score: 0.29, level_granted: 3, level_effective: 0 })
  })
})

describe('a tool that moved to another scope', () => {
  const movedTo =
    (place: string) =>
    (policySet: PolicySet): PolicySet => ({
      ...policySet,
      digest: place.padEnd(64, '0').slice(0, 64),
      catalogue: { ...policySet.catalogue, places: () => ({ ...policySet.catalogue.places(), categorise_expense: place }) },
    })

  it('is decided on the lower of both scopes until the agent has proven itself with it', async () => {
    let place = 'elsewhere:full'
    const tested = await testService({ policySet: (policySet) => movedTo(place)(policySet) })
    await tested.earn([agent], scope, 3)
    place = scope
    await tested.service.reloadPolicies(administrator)
    const moved = await tested.service.evaluate(gateway, inSession('s'))
    expect(moved.trust).toMatchObject({ score: 0.2999, level_granted: 3, level_effective: 0 })
    const record = await tested.service.record(operator, moved.decision_id)
    expect(record.record.body['facts']).toMatchObject({ moved_from: ['elsewhere:full'] })
    const success = (tool: string, weight: number): Effect => ({
      kind: 'evidence',
      agent,
      scope,
      layer: 'outcome',
      polarity: 'positive',
      weight,
      kappa: 0,
      event_time_ms: tested.clock.nowMs(),
      verifier: 'v',
      counts: true,
      self_flagged: false,
      blast: 0,
      tool,
    })
    await tested.write(Array.from({ length: 56 }, () => success('categorise_expense', 1)))
    await tested.write([success('another', 57), { ...success('categorise_expense', 5), layer: 'context' } as Effect])
    expect((await trustIn(tested))?.level_effective).toBe(0)
    await tested.write([success('categorise_expense', 1)])
    expect((await trustIn(tested))?.level_effective).toBe(3)
  })

  it('counts its own successes by the tool that their decision was about', async () => {
    let place = 'elsewhere:full'
    const tested = await testService({ policySet: (policySet) => movedTo(place)(policySet) })
    await tested.earn([agent], scope, 3)
    await tested.earn([agent], 'elsewhere:full', 3)
    place = scope
    await tested.service.reloadPolicies(administrator)
    const { decision_id } = await tested.service.evaluate(gateway, inSession('s'))
    await tested.service.reportOutcome(verifier, { decision_id, class: 'validated' })
    const key = boundsKey('default', agent)
    expect(await tested.store.read([key], (view) => view.document(key)?.moved)).toEqual({
      'bookkeeping:light/categorise_expense': 1,
    })
  })

  it('has to prove itself anew where it moves next, and what was taken back proves nothing', async () => {
    const tested = await testService()
    await tested.earn([agent], scope, 3)
    const success = (changes: object): Effect => ({
      kind: 'evidence',
      agent,
      scope,
      layer: 'outcome',
      polarity: 'positive',
      weight: 1,
      kappa: 0,
      event_time_ms: tested.clock.nowMs(),
      verifier: 'v',
      counts: true,
      self_flagged: false,
      blast: 0,
      tool: 'categorise_expense',
      ...changes,
    })
    const at = (place: string): Effect => ({ kind: 'tools', places: { categorise_expense: place } })
    await tested.write([at('elsewhere:full'), at('between:light')])
    await tested.write(Array.from({ length: 60 }, () => success({ scope: 'between:light' })))
    await tested.write([at(scope)])
    expect((await trustIn(tested))?.level_effective).toBe(0)
    await tested.write(Array.from({ length: 57 }, () => success({})))
    expect((await trustIn(tested))?.level_effective).toBe(3)
    const taken = { agent, scope, layer: 'outcome', weight: 1, event_time_ms: tested.clock.nowMs(), counted: true } as const
    await tested.write([{ kind: 'take_back', ...taken, tool: 'categorise_expense' }])
    expect((await trustIn(tested))?.level_effective).toBe(0)
  })

  it('takes back what it counted for a decision that turned out bad', async () => {
    let place = 'elsewhere:full'
    const tested = await testService({ policySet: (policySet) => movedTo(place)(policySet) })
    await tested.earn([agent], scope, 3)
    await tested.earn([agent], 'elsewhere:full', 3)
    place = scope
    await tested.service.reloadPolicies(administrator)
    const { decision_id } = await tested.service.evaluate(gateway, inSession('s'))
    await tested.service.reportOutcome(verifier, { decision_id, class: 'validated' })
    await tested.service.reportOutcome(verifier, { decision_id, class: 'failed' })
    const key = boundsKey('default', agent)
    expect(await tested.store.read([key], (view) => view.document(key)?.moved)).toEqual({
      'bookkeeping:light/categorise_expense': 0,
    })
  })

  it('bounds the other agents of the chain too, until they have proven themselves with it', async () => {
    const tested = await atLevel3()
    await tested.write([
      { kind: 'tools', places: { categorise_expense: 'elsewhere:full' } },
      { kind: 'tools', places: { categorise_expense: scope } },
    ])
    const { decision_id } = await tested.service.evaluate(
      gateway,
      ask(agent, 'categorise_expense', { context: { chain: [{ type: 'agent', id: 'research-agent' }] } }),
    )
    const { record } = await tested.service.record(operator, decision_id)
    expect(record.body['facts']).toMatchObject({ links: [{ party: { id: 'research-agent' }, level_effective: 0 }] })
  })

  it('remembers every scope it came from, and comes home as if it had never left', async () => {
    const tested = await testService()
    const at = (place: string): Effect => ({ kind: 'tools', places: { t: place } })
    const from = () => tested.store.read([TOOLS_KEY], (view) => view.document(TOOLS_KEY)?.['t'])
    await tested.write([at('a:full'), at('b:full'), at('c:full')])
    expect(await from()).toEqual({ scope: 'c:full', from: ['a:full', 'b:full'] })
    await tested.write([at('a:full')])
    expect(await from()).toEqual({ scope: 'a:full', from: ['b:full', 'c:full'] })
  })
})
