import { beforeAll, describe, expect, it } from 'vitest'

import type { ModeRule } from '../../src/policy/settings.ts'
import type { ObserveReport } from '../../src/reports/observe/observe-report.ts'
import { openScratch } from '../../src/stores/sqlite/scratch.ts'
import { ask, gateway, verifier } from '../support/callers.ts'
import { testService, type TestService } from '../support/test-service.ts'
import { folder, type Ran, run } from './harness.ts'

const scope = 'bookkeeping:light'
const categorise = (session: string, id = 'one') =>
  ask('finance-agent', 'categorise_expense', { context: { session }, resource: { type: 'expense', id } })

/** The command line over the log of a service, at the service's time. */
function over({ store, clock }: TestService, file?: string) {
  return (...words: readonly string[]): Promise<Ran> =>
    run([...words, ...(file === undefined ? [] : ['--config', file])], {
      openStore: () => Promise.resolve({ ...store, close: () => Promise.resolve() }),
      nowMs: clock.nowMs,
    })
}

/** Decisions of every kind: run anyway, people asked, stopped, unknown, enforced; some judged. */
async function observed(modes: readonly ModeRule[] = [{ mode: 'observe' }, { mode: 'enforce', agent: 'coding-agent' }]) {
  const tested = await testService({ config: { modes }, mask: false })
  await tested.earn('finance-agent', scope, 2)
  const evaluate = async (asked: Parameters<typeof tested.service.evaluate>[1]) =>
    (await tested.service.evaluate(gateway, asked)).decision_id
  const report = (decision_id: string, verdict: 'succeeded' | 'failed') =>
    tested.service.reportOutcome(verifier, { decision_id, class: verdict })
  // Would have asked people: twice the same within the time an approval is open, once another.
  await report(await evaluate(categorise('s1')), 'succeeded')
  const judgedTwice = await evaluate(categorise('s1'))
  await report(judgedTwice, 'succeeded')
  await report(judgedTwice, 'failed')
  await evaluate(categorise('s2', 'two'))
  tested.clock.advance(86_400_000)
  // Would have been stopped.
  await report(
    await evaluate(ask('finance-agent', 'refund', { arguments: { amount: 40 }, context: { session: 's3' } })),
    'failed',
  )
  await report(await evaluate(ask('operations-agent', 'read_metrics', { context: { session: 's4' } })), 'succeeded')
  await evaluate(ask('operations-agent', 'launch_rocket'))
  await evaluate(ask('stranger', 'read_metrics'))
  // The base denies, so nothing would change.
  await evaluate(ask('research-agent', 'refund', { context: { session: 's5' } }))
  await evaluate(ask('coding-agent', 'merge_pr'))
  return tested
}

const reportOf = ({ out }: Ran): ObserveReport & { readonly since: string } =>
  JSON.parse(out) as ObserveReport & { readonly since: string }

describe('gradus observe report', () => {
  let tested: TestService
  beforeAll(async () => {
    tested = await observed()
  })

  it('says coverage first, then what would change, by which term, for whom, and what came of it', async () => {
    const { code, out } = await over(tested)('observe', 'report')
    expect(code).toBe(0)
    const titles = ['coverage', 'answered × would', 'what each term alone', 'approvals asked for', 'what came of it', 'by agent']
    expect(titles.map((title) => out.indexOf(title))).toEqual(
      [...titles.map((title) => out.indexOf(title))].sort((a, b) => a - b),
    )
    for (const title of titles) expect(out).toContain(title)
    expect(out).toContain('launch_rocket 1')
    expect(out).toContain('stranger 1')
  })

  it('counts as the log says', async () => {
    const report = reportOf(await over(tested)('observe', 'report', '--json'))
    expect(report.coverage).toMatchObject({
      decisions: 9,
      observed: 8,
      unknown_actions: { decisions: 1, names: [{ name: 'launch_rocket', decisions: 1 }] },
      missing_agents: { decisions: 1, names: [{ name: 'stranger', decisions: 1 }] },
      reported: 4,
    })
    expect(report.coverage.reported_share).toBe(4 / report.coverage.ran)
    expect(report.table.allow.require_approval).toBe(3)
    // The same request twice while one approval is open is one.
    expect(report.approvals).toMatchObject({ total: 2, per_day: 1, days: [{ asked: 2 }] })
    expect(report.sessions).toEqual({ total: 5, touched: 4 })
    expect(report.outcomes.ask).toEqual({ ran: 3, reported: 2, bad: 1 })
    expect(report.outcomes.block).toMatchObject({ reported: 1, bad: 1 })
    expect(report.outcomes.run).toMatchObject({ reported: 1, bad: 0 })
    const trust = report.terms.find(({ term }) => term === 'trust')
    expect(trust?.changed).toBeGreaterThanOrEqual(3)
    expect(trust?.examples[0]).toMatch(/^0/u)
    expect(report.changed).toBe(
      Object.entries(report.table).reduce(
        (sum, [answered, row]) =>
          sum + Object.entries(row).reduce((of, [would, count]) => of + (would === answered ? 0 : count), 0),
        0,
      ),
    )
  })

  it.each(['agent', 'scope', 'tenant', 'term'])('groups by %s', async (by) => {
    const report = reportOf(await over(tested)('observe', 'report', '--by', by, '--json'))
    const keys = report.groups.map(({ key }) => key)
    const expected = { agent: 'finance-agent', scope, tenant: 'default', term: 'trust' }[by]
    expect(keys).toContain(expected)
    if (by !== 'term') expect(report.groups.reduce((sum, { decisions }) => sum + decisions, 0)).toBe(8)
  })

  it('begins where it is told to, and says so where nothing was observed', async () => {
    expect(reportOf(await over(tested)('observe', 'report', '--since', '12h', '--json')).coverage.decisions).toBe(6)
    const none = await over(await testService())('observe', 'report')
    expect(none).toMatchObject({ code: 0, out: expect.stringContaining('none of them only observed') })
    expect(await over(tested)('observe', 'report', '--by', 'colour')).toMatchObject({ code: 64 })
    expect(await over(tested)('observe', 'report', '--tenant', 'acme', '--json')).toMatchObject({
      out: expect.stringContaining('"decisions": 0'),
    })
  })

  it('shows how far it has come on a terminal', async () => {
    const { err } = await run(['observe', 'report'], {
      openStore: () => Promise.resolve({ ...tested.store, close: () => Promise.resolve() }),
      nowMs: tested.clock.nowMs,
      stderrIsTty: true,
    })
    expect(err).toMatch(/read \d+ of \d+ records/u)
  })

  it('reads 100,000 records one after the other, keeping no more than it counts', async () => {
    const { record } = (await tested.store.query({ kinds: ['decision'], limit: 1 }))[0] ?? { record: undefined }
    if (record === undefined) throw new Error('there is no decision')
    const held = { now: 0, most: 0 }
    const walkRecords = async function* () {
      for (let index = 0; index < 100_000; index += 1) {
        held.now += 1
        held.most = Math.max(held.most, held.now)
        await Promise.resolve()
        yield { leafIndex: index, state: 'whole' as const, record: { ...record, id: `d${index}`, agent: `agent-${index}` } }
        held.now -= 1
      }
    }
    const before = process.memoryUsage().heapUsed
    const { out } = await run(['observe', 'report', '--json'], {
      openStore: () => Promise.resolve({ ...tested.store, close: () => Promise.resolve() }),
      walkRecords,
      openScratch,
    })
    const report = reportOf({ out, code: 0, err: '' })
    expect([report.coverage.observed, report.groups.length, held.most]).toEqual([100_000, 1_001, 1])
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(150_000_000)
  })
})

describe('gradus observe ready', () => {
  const place = folder()
  const config = (ready: object) => place.write('gradus.yaml', JSON.stringify({ observe: { ready } }))
  const words = ['observe', 'ready', '--agent', 'finance-agent', '--scope', scope] as const

  it('names every gate with what there is and what is needed, and ends with 1 while one is open', async () => {
    const tested = await observed()
    const { code, out } = await over(tested)(...words)
    expect(code).toBe(1)
    expect(out).toContain('finance-agent in bookkeeping:light: not yet')
    expect(out).toMatch(/open +days_min +1 +at least 7 /u)
    expect(out).toMatch(/passed +degraded_share_max +0 +at most 0.01 /u)
  })

  it('ends with 0 once the gates of the configuration are passed, and counts the scope alone', async () => {
    const tested = await observed()
    const file = config({ days_min: 1, decisions_min: 3, approvals_per_day_max: 2, outcome_share_min: 0.6 })
    const { code, out } = await over(tested, file)(...words, '--json')
    const { gates, ready } = JSON.parse(out) as { gates: { gate: string; have: number }[]; ready: boolean }
    expect([code, ready]).toEqual([0, true])
    expect(Object.fromEntries(gates.map(({ gate, have }) => [gate, have]))).toEqual({
      days_min: 1,
      decisions_min: 3,
      unknown_action_share_max: 0,
      outcome_share_min: 0.6667,
      approvals_per_day_max: 2,
      good_blocked_share_max: 0,
      degraded_share_max: 0,
    })
  })

  it('is not ready where good work would be stopped, or an action is not in the catalogue', async () => {
    const tested = await testService({ config: { modes: [{ mode: 'observe' }] }, mask: false })
    const { decision_id } = await tested.service.evaluate(gateway, categorise('s'))
    await tested.service.reportOutcome(verifier, { decision_id, class: 'succeeded' })
    await tested.service.evaluate(gateway, ask('finance-agent', 'launch_rocket'))
    const { code, out } = await over(tested)(...words, '--json')
    const { gates } = JSON.parse(out) as { gates: { gate: string; have: number; passed: boolean }[] }
    expect(code).toBe(1)
    expect(gates).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ gate: 'good_blocked_share_max', have: 1, passed: false }),
        expect.objectContaining({ gate: 'unknown_action_share_max', have: 0.5, passed: false }),
      ]),
    )
  })

  it('needs an agent and a scope', async () => {
    const tested = await testService()
    expect((await over(tested)('observe', 'ready')).code).toBe(64)
    expect((await over(tested)('observe', 'ready', '--agent', 'a', '--scope', 'nonsense')).code).toBe(64)
  })
})

describe('what was observed', () => {
  it('is explained by both ladders', async () => {
    const tested = await observed([{ mode: 'observe' }])
    const [stored] = await tested.store.query({ kinds: ['decision'], limit: 1 })
    const id = stored?.record.id ?? ''
    const { code, out } = await over(tested)('explain', id)
    expect(code).toBe(0)
    expect(out).toContain('only observed: everything but the base')
    expect(out).toContain('what would have been answered if it were enforced')
    expect(out.match(/\(may run\)/gu)).toHaveLength(1)
    expect(out.match(/\(does not run\)/gu)).toHaveLength(1)
    const asJson = JSON.parse((await over(tested)('explain', id, '--json')).out) as Record<string, unknown>
    expect(asJson).toMatchObject({
      outcome: 'allow',
      mode: { mode: 'observe' },
      would: { decision: { outcome: 'require_approval' }, remedies: [{ source: 'trust' }] },
    })
  })

  it('is told apart in the list of records', async () => {
    const { out } = await over(await observed())('audit', 'query', '--kind', 'decision')
    expect(out).toMatch(/categorise_expense +allow +observe, would require_approval +0/u)
    expect(out).toMatch(/merge_pr +\S+ +enforce +0/u)
  })
})
