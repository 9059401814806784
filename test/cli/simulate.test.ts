import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { proofText } from '../../src/app/compose.ts'
import { demoHistoryFile, liveThrough } from '../../src/app/demo.ts'
import { walkRecords } from '../../src/audit/walk-records.ts'
import { markdownOf } from '../../src/cli/simulate/report-text.ts'
import type { SimulationReport } from '../../src/cli/simulate/report.ts'
import { PACKAGE_ROOT } from '../../src/config/load-config.ts'
import { jsonObjects } from '../../src/format/json-objects.ts'
import { uuidv7 } from '../../src/format/uuid.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import type { Store, StoredRecord } from '../../src/ledger/store.ts'
import { createService } from '../../src/service/create-service.ts'
import { createTally } from '../../src/simulate/tally.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'
import { runs } from '../support/runs.ts'
import { folder, type Folder, NOW_MS, type Ran, run, shippedPolicySet } from './harness.ts'

const STRICT = `
standard:
  '0': { read: allow_guarded, low: deny, medium: deny, high: deny }
  '1': { read: allow_guarded, low: suggest, medium: suggest, high: deny }
  '2': { read: allow, low: require_approval, medium: require_approval, high: suggest }
  '3': { read: allow, low: require_approval, medium: require_approval, high: suggest }
  '4': { read: allow, low: require_approval, medium: require_approval, high: suggest }
`

let lived: Store
let quiet: Store
let place: Folder
beforeAll(async () => {
  place = folder()
  lived = await readOnce(await demoPast())
  quiet = createMemoryStore({ project, origin: 'gradus.test/audit' })
})
afterAll(() => place.remove())

/** What `gradus serve --demo` lives through, on a store that forgets. */
async function demoPast(): Promise<Store> {
  const store = createMemoryStore({ project, origin: 'gradus.test/audit' })
  let nowMs = NOW_MS - 366 * 86_400_000
  let count = 0
  const service = await createService({
    store,
    clock: { nowMs: () => nowMs, steady: () => true },
    newId: uuidv7(
      () => nowMs,
      (bytes) => {
        count += 1
        return Uint8Array.from({ length: bytes }, (_, at) => (at < 4 ? count >> (8 * at) : 0))
      },
    ),
    loadPolicySet: shippedPolicySet,
    observe: () => undefined,
    elapsed: () => 0,
    mask: true,
    formatProof: proofText,
  })
  await liveThrough(service, demoHistoryFile(PACKAGE_ROOT), NOW_MS, (ms) => (nowMs = ms))
  return store
}

/** The same log, of which each record was opened once; a store that forgets opens them all again for every page. */
async function readOnce(store: Store): Promise<Store> {
  const all: StoredRecord[] = []
  for await (const stored of walkRecords(store, {})) all.push(stored)
  return {
    ...store,
    query: ({ from = 0, limit, kinds }) =>
      Promise.resolve(
        all
          .slice(from)
          .filter(({ record }) => kinds?.includes(record.kind) ?? true)
          .slice(0, limit),
      ),
  }
}

const opened = (store: Store) => () => Promise.resolve({ ...store, close: () => Promise.resolve() })
const simulate = (...words: readonly string[]): Promise<Ran> => run(['simulate', ...words], { openStore: opened(lived) })
/** Over a log in which nothing happened: what is shown is the candidate. */
const simulateNothing = (...words: readonly string[]): Promise<Ran> => run(['simulate', ...words], { openStore: opened(quiet) })
const reportOf = ({ out }: Ran): SimulationReport => JSON.parse(out) as SimulationReport

describe('gradus simulate over the demonstration’s past', () => {
  it('prints what a stricter matrix changes, by outcome, agent, action and term', async () => {
    const { code, out } = await simulate('--matrix', place.write('strict.yaml', STRICT))
    expect(code).toBe(0)
    expect(out).toContain('simulated: matrix of standard')
    expect(out).toMatch(/\d+ of 800 outcomes change \([\d.]+ %\): 0 loosened, \d+ tightened \(800 decisions of the audit log, /u)
    expect(out).toMatch(/tightened +allow_guarded +require_approval +\d+ +0[0-9a-f]{7}-/u)
    for (const title of ['outcomes', 'by agent', 'by action', 'by term']) expect(out).toContain(`\n${title}\n`)
    expect(out).toMatch(/^coding-agent +0 +\d+ +400 +0[0-9a-f]{7}-/mu)
    expect(out).toMatch(/^trust +0 +\d+ +0[0-9a-f]{7}-/mu)
    expect(out).toMatch(/approvals per day: [\d.]+ → [\d.]+ \(in all \d+ → \d+; most on 2026-/u)
  })

  it('finds no change under the risk documents, the policies and the constants that are in force', async () => {
    const candidate = [
      ['--rules', join(PACKAGE_ROOT, 'policies/risk/bulk.json')],
      ['--rules', join(PACKAGE_ROOT, 'policies/risk')],
      ['--policies', join(PACKAGE_ROOT, 'policies')],
      ['--trust-constants', place.write('same.yaml', '{}\n')],
    ]
    for (const words of candidate) {
      const ran = await simulate(...words, '--since', '5d', '--max-changed', '0', '--json')
      expect([words[0], ran.code, ran.err]).toEqual([words[0], 0, ''])
      const { changes, max_changed, promotions } = reportOf(ran)
      expect(changes).toMatchObject({ decisions: 200, decided: 200, unknown: { total: 0 }, changed: { total: 0 }, by_term: [] })
      expect(changes.other_duties.total).toBe(0)
      expect([max_changed, promotions]).toEqual([{ allowed: '0', exceeded: false }, null])
    }
  })

  it('compares with the policies in force, or with what was recorded where that is asked for', async () => {
    const strict = place.write('strict.yaml', STRICT)
    const words = ['--matrix', strict, '--since', '2d']
    const current = reportOf(await simulate(...words, '--json'))
    const recorded = reportOf(await simulate(...words, '--baseline', 'recorded', '--json'))
    expect(current.baseline).toEqual({ kind: 'current', policy_set: (await shippedPolicySet()).digest })
    expect(recorded.baseline).toEqual({ kind: 'recorded', policy_set: null })
    expect(current.changes).toEqual(recorded.changes)
    expect(current.changes.changed.total).toBeGreaterThan(0)
    expect((await simulate(...words)).out).toContain('\ncompared with the policies in force now, on the same past\n')
    expect((await simulate(...words, '--baseline', 'recorded')).out).toContain(
      '\ncompared with what was recorded, under one policy set\n',
    )
  })

  it('ends with 2 above the limit, as a count or a share, and prints all the same', async () => {
    const strict = place.write('strict.yaml', STRICT)
    const words = ['--matrix', strict, '--since', '3d', '--json']
    const unlimited = reportOf(await simulate(...words))
    const { total, share } = unlimited.changes.changed
    const codes = []
    for (const limit of [String(total), String(total - 1), `${Math.ceil(share * 100)}%`, '1.5%']) {
      const ran = await simulate(...words, '--max-changed', limit)
      codes.push([ran.code, reportOf(ran).max_changed?.exceeded])
    }
    expect(codes).toEqual([
      [0, false],
      [2, true],
      [0, false],
      [2, true],
    ])
  })

  it('counts from the time given, as a duration or a time', async () => {
    const same = place.write('same.yaml', '{}\n')
    const week = reportOf(await simulate('--trust-constants', same, '--since', '7d', '--json'))
    const alike = reportOf(await simulate('--trust-constants', same, '--since', '2026-02-24T10:00:00Z', '--json'))
    expect(week.changes.decisions).toBeGreaterThan(200)
    expect(week.changes.decisions).toBeLessThan(400)
    expect(alike).toEqual(week)
  })

  it('shows its progress on a terminal only', async () => {
    const openStore = opened(lived)
    const words = ['simulate', '--trust-constants', place.write('same.yaml', '{}\n'), '--since', '1h']
    let seconds = 0
    const elapsed = (): number => (seconds += 1)
    const onTerminal = await run(words, { openStore, stderrIsTty: true, elapsed })
    expect(onTerminal.err).toMatch(/█+░* \d+ % {2}[\d,]+ of [\d,]+ records/u)
    expect(onTerminal.err.endsWith('\r\u001b[K')).toBe(true)
    expect((await run(words, { openStore, elapsed })).err).toBe('')
  })
})

describe('a candidate', () => {
  const matrix = STRICT.trim().replaceAll('\n', '\n  ')

  it.each([
    ['bare', STRICT],
    ['below matrix', `matrix:\n  ${matrix}\n`],
  ])('may hold its matrices %s', async (_name, text) => {
    const ran = await simulateNothing('--matrix', place.write('matrix.yaml', text), '--json')
    expect(reportOf(ran).candidate.changed).toEqual(['matrix of standard'])
  })

  it('may be the data file of the graduation policy, but change nothing else in it', async () => {
    const other = place.write(
      'data.yaml',
      `config:\n  unknown_action: require_approval\n  matrix:\n    ${matrix.replaceAll('\n', '\n  ')}\n`,
    )
    const refused = await simulateNothing('--matrix', other)
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('it changes more than the matrix: autonomous_obligations, ')
    expect(refused.err).toContain('name the whole policy with --policies')
  })

  it('takes several parts at once, a new risk document among them', async () => {
    const document = {
      id: 'nightly',
      version: '1.0.0',
      rules: [],
    }
    const ran = await simulateNothing(
      '--rules',
      place.write('nightly.json', JSON.stringify(document)),
      '--matrix',
      place.write('strict.yaml', STRICT),
      '--json',
    )
    expect(ran.err).toBe('')
    expect(reportOf(ran).candidate.changed).toEqual(['risk document nightly 1.0.0, new', 'matrix of standard'])
  })

  it.each([
    [['--matrix', 'no-such.yaml'], 3, 'there is no such file'],
    [['--matrix', 'empty.yaml'], 1, 'there is no consequence tier in it'],
    [['--matrix', 'rising.yaml'], 1, 'rising.yaml:3'],
    [['--rules', 'rules.json'], 1, 'rules.json'],
    [['--trust-constants', 'constants.yaml'], 1, 'half_life_positive_days'],
    [['--trust-constants', 'typo.yaml'], 1, 'half_live'],
    [['--policies', 'no-such'], 1, 'there is no policy in it'],
    [[], 64, 'there is no candidate'],
    [['--matrix', 'strict.yaml', '--max-changed', 'few'], 64, 'neither a count nor a percentage'],
    [['--matrix', 'strict.yaml', '--max-changed', '101%'], 64, 'neither a count nor a percentage'],
    [['--matrix', 'strict.yaml', '--since', 'tomorrow'], 1, 'is not a duration'],
    [['--matrix', 'strict.yaml', '--baseline', 'newest'], 64, 'current, recorded'],
    [['--matrix', 'strict.yaml', '--baseline', 'current', '--from', 'x.json'], 64, 'is for the audit log'],
    [['--matrix', 'strict.yaml', '--json', '--markdown'], 64, 'exclude each other'],
    [['--matrix', 'strict.yaml', '--since', '2027-01-01', '--max-changed', '0'], 1, 'no decision could be decided again'],
    [['--matrix', 'strict.yaml', '--from', 'no-such.json'], 3, 'there is no such file'],
  ] as const)('%j ends with %i and says %s', async (words, code, message) => {
    place.write('strict.yaml', STRICT)
    place.write('empty.yaml', '{}\n')
    place.write('rising.yaml', STRICT.replace('{ read: allow_guarded, low: deny', '{ read: deny, low: allow'))
    place.write('rules.json', '{"id": "broken"}')
    place.write('constants.yaml', 'half_life_positive_days: 400\n')
    place.write('typo.yaml', 'half_live: 400\n')
    const openStore = opened(quiet)
    const ran = await run(['simulate', ...words, '--config', join(PACKAGE_ROOT, 'gradus.yaml')], { openStore, cwd: place.path })
    expect([ran.code, ran.out]).toEqual([code, ''])
    expect(ran.err).toContain(message)
    expect(ran.err).toMatch(/fix"?: /u)
  })
})

const INPUT = {
  subject: { type: 'agent', id: 'coding-agent' },
  action: { name: 'read_file' },
  resource: { type: 'file', id: 'readme' },
}
const entry = (more: object = {}): object => ({
  labels: { id: 'opa-1', version: '1.22.0' },
  decision_id: 'd-1',
  path: 'rbac/decision',
  input: INPUT,
  result: false,
  timestamp: '2026-03-02T09:00:00.123456789Z',
  ...more,
})
const foreign = (path: string): string => place.write('foreign.yaml', path)

/** Simulates the shipped policies over a decision log. */
async function overLog(name: string, bytes: string | Uint8Array, ...words: readonly string[]): Promise<Ran> {
  writeFileSync(join(place.path, name), bytes)
  return run(['simulate', '--trust-constants', place.write('same.yaml', '{}\n'), '--from', join(place.path, name), ...words])
}

describe('gradus simulate over an OPA decision log', () => {
  it('reads JSON lines, an array, and either as gzip, alike', async () => {
    const entries = [entry(), entry({ decision_id: 'd-2', path: '/rbac/decision' })]
    const lines = entries.map((each) => JSON.stringify(each)).join('\n')
    const texts = [lines, JSON.stringify(entries, null, 2)]
    const reports = []
    for (const bytes of [...texts, ...texts.map((text) => gzipSync(text))])
      reports.push({ ...reportOf(await overLog('log', bytes, '--json')), from: '' })
    expect(reports[0]?.changes.decisions).toBe(2)
    for (const report of reports) expect(report).toEqual(reports[0])
  })

  it('compares what the base answers now with what OPA answered, and says what Gradus would have answered', async () => {
    const log = [
      // The base grants it to this agent; OPA did not.
      entry({ result: { outcome: 'deny' } }),
      entry({ decision_id: 'd-2', input: { ...INPUT, action: { name: 'refund' } }, result: false }),
    ]
    const { changes, would } = reportOf(await overLog('log', log.map((each) => JSON.stringify(each)).join('\n'), '--json'))
    expect(changes.decided).toBe(2)
    expect(changes.by_term.every(({ key }) => key === 'base')).toBe(true)
    expect(would?.decided).toBe(2)
    expect(would?.by_agent.every(({ key }) => key === 'coding-agent')).toBe(true)
  })

  it('counts as unknown what is erased, masked, failed, of another path, or no request, and says so', async () => {
    const log = [
      entry({ erased: ['/input/subject/id'] }),
      entry({ masked: ['/result'] }),
      entry({ erased: ['/nd_builtin_cache'] }),
      entry({ error: { code: 'eval_conflict_error', message: 'conflict' } }),
      entry({ path: 'billing/allow' }),
      entry({ input: { user: 'alice' } }),
      { level: 'info', msg: 'Received request.' },
    ]
    const ran = await overLog('log', JSON.stringify(log), '--json')
    const { changes, would, skipped } = reportOf(ran)
    expect(changes.unknown).toEqual({ total: 4, erased: 1, masked: 1, failed: 1, other_path: 1 })
    expect(would?.unknown).toEqual({ total: 5, erased: 1, masked: 1, failed: 1, other_path: 1, no_request: 1 })
    expect(skipped).toBe(1)
    const { out } = await overLog('log', JSON.stringify(log))
    expect(out).toContain('4 unknown, neither changed nor unchanged: 1 erased, 1 failed when asked, 1 masked, 1 of a path')
    expect(out).toContain('What Gradus would have answered, against what OPA answered')
  })

  it.each([
    ['no JSON', 'nonsense', 'log:1: there is "n" where an entry should begin'],
    ['a broken entry', `${JSON.stringify(entry())}\n{"decision_id": nope}\n`, 'log:2: '],
    ['a log cut off', `${JSON.stringify(entry())}\n{"decision_id": "d`, 'log:2: the last entry does not end'],
    ['an array cut off', `[${JSON.stringify(entry())},`, 'the array does not end'],
    ['values that are no objects', '[1, 2]', 'there is "1" where an entry should begin'],
    ['a bad time', JSON.stringify(entry({ timestamp: 'yesterday' })), '/timestamp: is not a time'],
    ['nothing but other lines', '{"msg": "Received request."}', 'none of its 1 entries is a decision'],
    ['half a gzip file', gzipSync(JSON.stringify([entry()])).subarray(0, 40), 'cannot be read to its end'],
    ['what is not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22]), 'cannot be read to its end'],
  ])('refuses %s with its line', async (_name, bytes, message) => {
    const ran = await overLog('log', bytes)
    expect([ran.code, ran.out]).toEqual([1, ''])
    expect(ran.err).toContain(message)
  })

  it('does not promise a limit over answers that the candidate cannot change', async () => {
    const ran = await overLog('log', JSON.stringify([entry()]), '--max-changed', '0')
    expect(ran.code).toBe(64)
    expect(ran.err).toContain('counts answers of the base')
  })

  it('takes agent and action of a foreign input from where the configuration says', async () => {
    const config = foreign(
      `policies: ${PACKAGE_ROOT}/policies\nbundles: ${PACKAGE_ROOT}/bundles\nbase:\n  mapping: { subject: /who/name, action: /verb, resource: /thing }\n`,
    )
    const input = { who: { name: 'support-agent' }, verb: 'update_contact_phone', thing: '42' }
    const { would } = reportOf(
      await overLog('log', JSON.stringify([entry({ input, result: true })]), '--json', '--config', config),
    )
    expect(would?.by_agent).toMatchObject([{ key: 'support-agent', tightened: 1 }])
    expect(would?.by_action).toMatchObject([{ key: 'update_contact_phone' }])
  })

  it('knows nothing of an agent unless a store is named, and then what it knew at the time', async () => {
    const input = {
      subject: { type: 'agent', id: 'coding-agent' },
      action: { name: 'merge_pr' },
      resource: { type: 'pull_request', id: 'acme/web/7' },
      context: { environment: 'production', facts: { checks_passed: true, complexity: 2 } },
    }
    const log = JSON.stringify([
      entry({ input, result: { outcome: 'allow' }, timestamp: '2026-02-11T10:00:00Z' }),
      entry({ input, result: { outcome: 'allow' }, timestamp: '2026-03-03T10:00:00Z', decision_id: 'd-2' }),
    ])
    const toOf = (report: SimulationReport) => report.would?.transitions.map(({ to, count }) => [to, count])
    const alone = reportOf(await overLog('log', log, '--json'))
    const openStore = opened(lived)
    const words = ['simulate', '--trust-constants', place.write('same.yaml', '{}\n'), '--from', join(place.path, 'log'), '--json']
    const known = reportOf(await run([...words, '--data-dir', 'data'], { openStore }))
    expect(toOf(alone)).toEqual([['deny', 2]])
    expect(toOf(known)?.flat()).toContain('deny')
    expect(toOf(known)).toHaveLength(2)
  })
})

describe('a stream of JSON', () => {
  const texts = async (chunks: readonly string[]): Promise<readonly string[]> => {
    const found: string[] = []
    for await (const { text } of jsonObjects(
      (async function* () {
        yield* await Promise.resolve(chunks)
      })(),
      'log',
    ))
      found.push(text)
    return found
  }

  it('is cut into the same objects, however it comes in pieces', async () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
    const form = fc.constantFrom('lines' as const, 'array' as const, 'pretty' as const)
    await fc.assert(
      fc.asyncProperty(
        fc.array(object, { maxLength: 6 }),
        form,
        fc.array(fc.nat(40), { minLength: 1 }),
        async (all, as, cuts) => {
          const whole =
            as === 'lines'
              ? all.map((each) => JSON.stringify(each)).join('\n')
              : JSON.stringify(all, null, as === 'pretty' ? 2 : 0)
          const chunks: string[] = []
          for (let at = 0, nth = 0; at < whole.length; nth += 1) {
            const length = 1 + (cuts[nth % cuts.length] ?? 0)
            chunks.push(whole.slice(at, at + length))
            at += length
          }
          const found = (await texts(chunks)).map((text) => JSON.parse(text) as unknown)
          expect(found).toEqual(JSON.parse(JSON.stringify(all)))
        },
      ),
      runs(100),
    )
  })
})

describe('the Markdown of a report', () => {
  it('shows what comes from the log as text, whatever is in it', async () => {
    const tally = createTally()
    const answered = { limiting: [], conceded: {}, duties: '' }
    const agent = 'a`|b\n<img src=x>\u202e@everyone'
    tally.add({
      decisionId: 'd-1',
      atMs: NOW_MS,
      agent,
      action: 'merge',
      before: { ...answered, outcome: 'deny' },
      after: { ...answered, outcome: 'allow' },
    })
    const text = markdownOf({
      candidate: { changed: ['matrix of `evil`'], policy_set: '' },
      baseline: { kind: 'recorded', policy_set: null },
      from: 'log<script>.json',
      since: null,
      changes: tally.report(),
      would: null,
      promotions: null,
      recorded_under: null,
      skipped: null,
      max_changed: null,
    })
    const rows = text.split('\n').filter((line) => line.startsWith('| `a'))
    expect(rows).toHaveLength(1)
    expect(rows[0]).toBe('| `a’\\|b\\n<img src=x>\\u{202e}@everyone` | 1 | 0 | 1 | `d-1` |')
    expect(text).toContain('log\\<script\\>.json')
    expect(text).not.toContain('`evil`')
    await Promise.resolve()
  })
})
