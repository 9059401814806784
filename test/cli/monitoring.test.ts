import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { formOf } from '../../src/cli/audit/sufficiency-forms.ts'
import type { CliDeps } from '../../src/cli/support/deps.ts'
import { BASES, type SufficiencyRow, type SufficiencyTotals } from '../../src/reports/sufficiency.ts'
import { DAY_MS } from '../../src/format/time.ts'
import { ask, auditor, gateway, verifier } from '../support/callers.ts'
import { testService, type TestService } from '../support/test-service.ts'
import { folder, type Ran, run } from './harness.ts'

const files = folder()
afterAll(files.remove)
const scope = 'bookkeeping:light'
const reviews = [{ id: 'weekly-log', owner: 'security', every_days: 7, what: 'denials of the week' }]

/** The command line over the log of a service, at the service's time. */
function over({ store, clock, service }: TestService) {
  const left = { ...service, close: () => Promise.resolve() }
  return (...words: readonly string[]): Promise<Ran> =>
    run(words, {
      cwd: files.path,
      openStore: () => Promise.resolve({ ...store, close: () => Promise.resolve() }),
      openService: () => Promise.resolve(left),
      nowMs: clock.nowMs,
    })
}

let tested: TestService
let gradus: ReturnType<typeof over>
beforeAll(async () => {
  files.write('gradus.yaml', JSON.stringify({ audit: { reviews }, store: { data_dir: 'nothing-runs-here' } }))
  tested = await testService({ config: { audit: { reviews } } })
  gradus = over(tested)
  await tested.service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
  await tested.earn('finance-agent', scope, 3)
  const decided = await tested.service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
  await tested.service.reportOutcome(verifier, { decision_id: decided.decision_id, class: 'validated' })
  await tested.service.evaluate(gateway, ask('operations-agent', 'read_metrics'))
})

/** A terminal without colours. */
const PLAIN = { stdoutIsTty: false, env: {} } as CliDeps

type Told = { readonly actions: readonly SufficiencyRow[]; readonly insufficient: number; readonly totals: SufficiencyTotals }

describe('gradus audit query --since', () => {
  it('takes a duration until now: what is older is not shown', async () => {
    const lived = await testService()
    const older = await lived.service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
    lived.clock.advance(2 * DAY_MS)
    const newer = await lived.service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
    const found = async (since: string): Promise<readonly string[]> => {
      const { code, out } = await over(lived)('audit', 'query', '--kind', 'decision', '--since', since, '--json')
      expect(code).toBe(0)
      return (JSON.parse(out) as { record: { id: string } }[]).map(({ record }) => record.id)
    }
    expect(await found('1d')).toEqual([newer.decision_id])
    expect(await found('3d')).toEqual([older.decision_id, newer.decision_id])
  })
})

describe('gradus audit sufficiency', () => {
  it('shows every executed action with its layers and its threshold, and ends with 0 where each had the trust', async () => {
    const { code, out } = await gradus('audit', 'sufficiency', '--since', '90d', '--json')
    expect(code).toBe(0)
    const { actions, insufficient, totals } = JSON.parse(out) as Told
    expect(insufficient).toBe(0)
    expect(totals.executed).toBe(actions.length)
    expect(actions.find(({ agent }) => agent === 'finance-agent')).toMatchObject({ verdict: 'sufficient', threshold: 0.7, scope })
    const text = await gradus('audit', 'sufficiency', '--since', '90d')
    expect(text.out).toContain('every one had the trust it needed')
    expect(text.code).toBe(0)
  })

  it.each(BASES.flatMap((basis) => (['insufficient', 'unknown'] as const).map((verdict) => [basis, verdict] as const)))(
    'does not say "every one" beside one by %s that is %s',
    (basis, verdict) => {
      const none = { sufficient: 1, insufficient: 0, unknown: 0 }
      const counts = { trust: none, observed: none, approval: none, override: none }
      const out = (of: SufficiencyTotals): string =>
        formOf(PLAIN, { csv: false, json: false, out: undefined }, { since: '1d', until: undefined }).end(of)
      expect(out({ decisions: 4, executed: 4, counts })).toContain('every one had the trust it needed')
      const one = { ...counts, [basis]: { ...none, [verdict]: 1 } }
      expect(out({ decisions: 5, executed: 5, counts: one })).not.toContain('every one')
    },
  )

  it('ends with 1 where one had less, and says which, and why', async () => {
    const mended = await testService()
    await mended.earn('finance-agent', scope, 3)
    const { decision_id } = await mended.service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
    // As a decision point would have recorded it that let everything run.
    const lowered = {
      ...mended,
      store: {
        ...mended.store,
        query: async (query: Parameters<TestService['store']['query']>[0]) =>
          (await mended.store.query(query)).map(
            (stored) =>
              JSON.parse(JSON.stringify(stored).replaceAll('"level_effective":3', '"level_effective":1')) as typeof stored,
          ),
      },
    }
    const { code, out } = await over(lowered)('audit', 'sufficiency', '--since', '90d')
    expect(code).toBe(1)
    expect(out).toContain('level L1, needed L3')
    expect(out).toContain(decision_id)
    expect(out).toContain('1 ran without the trust they needed')
    const gone = { ...mended, store: { ...mended.store, archived: () => Promise.resolve(undefined) } }
    const unknown = await over(gone)('audit', 'sufficiency', '--since', '90d')
    expect(unknown.out).toContain('1 cannot be told')
    expect(unknown.out).toContain('its policy set is not archived here')
  })

  it('writes CSV that no spreadsheet takes for a formula', async () => {
    const renamed = {
      ...tested,
      store: {
        ...tested.store,
        query: async (query: Parameters<TestService['store']['query']>[0]) =>
          (await tested.store.query(query)).map(
            (stored) => JSON.parse(JSON.stringify(stored).replaceAll('operations-agent', '=evil\\",\\"agent')) as typeof stored,
          ),
      },
    }
    const command = over(renamed)
    const { code, out } = await command('audit', 'sufficiency', '--since', '90d', '--csv', '-o', 'evidence.csv')
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('actions in evidence.csv') })
    const [head, ...lines] = readFileSync(join(files.path, 'evidence.csv'), 'utf8').trimEnd().split('\n')
    expect(head).toContain('agent,action,scope,outcome,risk,basis,verdict,level_needed,threshold')
    expect(lines.some((line) => line.includes(',finance-agent,categorise_expense,bookkeeping:light,'))).toBe(true)
    expect(lines.some((line) => line.includes(`"'=evil"",""agent"`))).toBe(true)
  })

  it('narrows down by agent and time', async () => {
    const of = async (...words: string[]) =>
      (JSON.parse((await gradus('audit', 'sufficiency', '--json', ...words)).out) as Told).totals.executed
    expect(await of('--since', '90d', '--agent', 'nobody')).toBe(0)
    expect(await of('--since', '90d', '--until', '2026-03-02T09:00:00Z')).toBe(0)
    expect(await of('--since', '90d', '--agent', 'finance-agent')).toBe(1)
  })

  it('refuses what it cannot read', async () => {
    expect(await gradus('audit', 'sufficiency', '--since', '90d', '--csv', '--json')).toMatchObject({ code: 64 })
    expect(await gradus('audit', 'sufficiency', '--since', 'tuesday')).toMatchObject({
      code: 1,
      err: expect.stringContaining('fix: '),
    })
    expect(await gradus('audit', 'sufficiency')).toMatchObject({ code: 64 })
  })
})

describe('gradus trust report', () => {
  it('says what happened and where trust stands, scope by scope', async () => {
    const { code, out } = await gradus('trust', 'report', '--since', '400d')
    expect(code).toBe(0)
    expect(out).toContain('what happened since')
    expect(out).toContain('where trust stands now')
    expect(out).toMatch(/^bookkeeping:light +1 +/mu)
    const told = JSON.parse((await gradus('trust', 'report', '--since', '400d', '--json')).out) as {
      happened: { all: { promotions: number; time_to_autonomy: { L3: { grants: number } | null } } }
      stands: { all: { agents: number } }
    }
    expect(told.happened.all).toMatchObject({ promotions: 3, time_to_autonomy: { L3: { grants: 1 } } })
    expect(told.stands.all.agents).toBeGreaterThan(0)
  })

  it('counts whole days only from the one that is named, and one tenant where one is named', async () => {
    const { happened } = JSON.parse((await gradus('trust', 'report', '--since', '1d', '--json')).out) as {
      happened: { all: { promotions: number } }
    }
    expect(happened.all.promotions).toBeLessThan(3)
    const other = JSON.parse((await gradus('trust', 'report', '--tenant', 'acme', '--json')).out) as {
      stands: { all: { agents: number } }
    }
    expect(other.stands.all.agents).toBe(0)
  })

  it('names no agent', async () => {
    expect((await gradus('trust', 'report', '--since', '400d', '--json')).out).not.toContain('finance-agent')
  })
})

describe('gradus audit review and reviews', () => {
  it('lists what is due, records that a person looked, and says when it is due again', async () => {
    const own = await testService({ config: { audit: { reviews } } })
    const command = over(own)
    expect(await command('audit', 'reviews')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/weekly-log +security +7 d +never/u),
    })
    own.clock.advance(8 * DAY_MS)
    expect(await command('audit', 'reviews')).toMatchObject({ code: 1, out: expect.stringContaining('overdue') })
    const done = await command('audit', 'review', 'weekly-log', '--as', 'anna', '--notes', 'two overrides, both explained')
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining('reviewed weekly-log') })
    expect(await command('audit', 'reviews')).toMatchObject({ code: 0, out: expect.stringMatching(/anna.*in time/u) })
    expect(JSON.parse((await command('audit', 'reviews', '--json')).out)).toMatchObject({
      reviews: [{ last: { by: 'person:anna' }, overdue: false }],
    })
    expect((await own.service.logReviews(auditor)).reviews[0]?.last?.by).toBe('person:anna')
  })

  it('refuses a review that is not configured, one without notes, and one that nobody signs', async () => {
    const words = (...more: string[]) => gradus('audit', 'review', ...more)
    expect(await words('nothing', '--as', 'anna', '--notes', 'x')).toMatchObject({
      code: 3,
      err: expect.stringContaining('one of weekly-log'),
    })
    expect(await words('weekly-log', '--as', 'anna', '--notes', ' ')).toMatchObject({ code: 64 })
    expect(await words('weekly-log', '--notes', 'x')).toMatchObject({ code: 64, err: expect.stringContaining('--as NAME') })
    expect(await words('weekly-log', '--as', 'anna')).toMatchObject({ code: 64 })
  })

  it('asks a server where one is named; there the token says who reviews', async () => {
    const asked: string[] = []
    const answer = { ...reviews[0], last: null, due: '2026-03-20T10:00:00.000Z', overdue: false, leaf_index: 9 }
    const fetch = ((url: string, { body }: { body: string }) => {
      asked.push(url, body)
      return Promise.resolve(new Response(JSON.stringify(answer), { status: 201 }))
    }) as unknown as typeof globalThis.fetch
    const served = [
      'audit',
      'review',
      'weekly-log',
      '--notes',
      'seen',
      '--server',
      'http://127.0.0.1:1',
      '--config',
      join(files.path, 'gradus.yaml'),
    ]
    expect(await run([...served, '--json'], { fetch })).toMatchObject({ code: 0 })
    expect(asked).toEqual(['http://127.0.0.1:1/api/v1/audit/reviews', '{"review":"weekly-log","notes":"seen"}'])
    expect(await run([...served, '--as', 'anna'], { fetch })).toMatchObject({ code: 64, err: expect.stringContaining('token') })
  })

  it('says so where none is configured', async () => {
    const none = folder()
    const ran = await run(['audit', 'reviews'], {
      cwd: none.path,
      openStore: () => Promise.resolve({ ...tested.store, close: () => Promise.resolve() }),
    })
    none.remove()
    expect(ran).toMatchObject({ code: 0, out: '', err: expect.stringContaining('audit.reviews') })
  })
})
