import { afterAll, beforeEach, describe, expect, it } from 'vitest'

import { parseFixtures } from '../../src/cli/fixtures/load.ts'
import { folder, run, type Ran } from './harness.ts'

const files = folder()
afterAll(files.remove)
let number = 0
beforeEach(() => (number += 1))

/** Runs one fixture text. */
async function test(text: string, ...flags: readonly string[]): Promise<Ran> {
  return run(['test', files.write(`fixture-${number}.yaml`, text), ...flags])
}

const CASE = (want: string, given = 'trust: { score: 0.85 }'): string =>
  `cases:\n  - name: a case\n    given: { agent: coding-agent, ${given} }\n    request: { action: open_pr, resource: repository/app }\n    want: ${want}\n`

describe('a fixture that passes', () => {
  it('ends with 0', async () => {
    const ran = await test(CASE('{ outcome: allow_guarded, decision: true, terms: { trust: allow_guarded, pact: none } }'))
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(ran.out).toContain('1 passed, 0 failed')
  })

  it('may be the whole file', async () => {
    expect(
      (await test('name: alone\ngiven: { agent: coding-agent }\nrequest: { action: open_pr }\nwant: { outcome: deny }\n')).code,
    ).toBe(0)
  })

  it('shares what is given to the whole file', async () => {
    const text =
      'given: { agent: coding-agent, trust: { level: 4 } }\ncases:\n  - { name: a, request: { action: open_pr, resource: repository/app }, want: { outcome: allow } }\n  - { name: b, given: { trust: { level: 1 } }, request: { action: open_pr, resource: repository/app }, want: { outcome: suggest } }\n'
    expect(await test(text)).toMatchObject({ code: 0 })
  })
})

describe('a fixture that fails', () => {
  it.each([
    ['the outcome', '{ outcome: allow }', 'outcome', '"allow"', '"allow_guarded"'],
    ['the base', '{ base: deny }', 'base', '"deny"', '"allow"'],
    ['a term', '{ terms: { trust: allow } }', 'terms.trust', '"allow"', '"allow_guarded"'],
    ['a term that should not be there', '{ terms: { trust: none } }', 'terms.trust', '"none"', '"allow_guarded"'],
    ['an obligation', '{ obligations: [alert_soc] }', 'obligations', '["alert_soc"]', '["audit","post_verify"]'],
    [
      'an unwanted obligation',
      '{ without: { obligations: [audit] } }',
      'without.obligations',
      '"without audit"',
      '["audit","post_verify"]',
    ],
    ['a guardrail', '{ guardrails: { amount_max: 5 } }', 'guardrails.amount_max', '5', 'nothing'],
    ['the band', '{ risk: { band: high } }', 'risk.band', '"high"', '"low"'],
    ['the points', '{ risk: { points: 7 } }', 'risk.points', '7', '1'],
    ['a rule', '{ risk: { rules: [bulk-over-10] } }', 'risk.rules', '["bulk-over-10"]', '[]'],
    ['the score', '{ trust: { score: 0.5 } }', 'trust.score', '0.5', '0.85'],
    ['a level', '{ trust: { level_granted: 4 } }', 'trust.level_granted', '4', '3'],
    ['that there is no trust', '{ trust: null }', 'trust', 'null', '{'],
    ['advice', '{ advice: [record_proposal] }', 'advice', '["record_proposal"]', '[]'],
    ['a reason', '{ reasons: [moon] }', 'reasons', '["moon"]', '["level L3'],
    ['an unwanted reason', '{ without: { reasons: [level L3] } }', 'reasons', 'no reason', '["level L3'],
    ['the record', '{ record: { body: { tool: { name: close_pr } } } }', 'record.body.tool.name', '"close_pr"', '"open_pr"'],
  ])('shows what was wanted of %s and what there was', async (_what, want, path, wanted, got) => {
    const ran = await test(CASE(want))
    expect(ran.code).toBe(2)
    const [, where, wantLine, gotLine] = ran.out.split('\n').map((line) => line.trim())
    expect(where).toMatch(new RegExp(`^${path.replaceAll('.', '\\.')}( |$)`, 'u'))
    expect(wantLine).toContain(wanted)
    expect(gotLine).toContain(got)
    expect(ran.out).toContain(`fixture-${number}.yaml:2`)
  })

  it('says which step of a sequence it was', async () => {
    const ran = await test(
      'name: steps\ngiven: { agent: coding-agent, trust: { score: 0.85 } }\nsteps:\n  - decide: { action: open_pr, resource: repository/app }\n  - report: { class: failed }\n    want: { counted: false, trust: { level_granted: 4 }, changes: [promoted] }\n',
    )
    expect(ran.code).toBe(2)
    expect(ran.out).toContain('step 2 report')
    for (const path of ['counted', 'trust.level_granted', 'changes']) expect(ran.out).toContain(`\n  ${path}`)
  })

  it('is one that is refused where nothing was said of it, and one that is not where it was', async () => {
    const refusedStep = await test('name: early\ngiven: { agent: coding-agent }\nsteps:\n  - report: { class: succeeded }\n')
    expect(refusedStep).toMatchObject({ code: 2, out: expect.stringContaining('there is no decision') })
    const done = await test(
      'name: done\ngiven: { agent: coding-agent }\nsteps:\n  - decide: { action: open_pr, resource: repository/app }\n  - report: { class: succeeded }\n    want: { refused: never }\n',
    )
    expect(done).toMatchObject({ code: 2, out: expect.stringContaining('it was done') })
  })

  it('is one that cannot be run', async () => {
    expect(await test('name: nobody\nrequest: { action: open_pr }\nwant: { outcome: deny }\n')).toMatchObject({
      code: 2,
      out: expect.stringContaining('could not be run: the request is incomplete'),
    })
  })
})

describe('a sequence', () => {
  it('moves trust by what is reported, and time by waiting', async () => {
    const ran = await test(`name: loop
given: { agent: coding-agent, trust: { score: 0.72 } }
request: { action: open_pr, resource: repository/app }
steps:
  - decide: {}
    want: { outcome: allow_guarded }
  - report: { class: rolled_back }
    want: { counted: true, trust: { score_between: [0.5, 0.69], level_effective: 2 } }
  - report: { class: rolled_back }
    want: { counted: false }
  - decide: {}
    want: { outcome: require_approval }
  - wait: 100d
  - decide: {}
    want: { trust: { level_effective: 0 } }
`)
    expect(ran.out).toContain('1 passed')
    expect(ran.code).toBe(0)
  })

  it('contains, lifts, promotes and repeats', async () => {
    const ran = await test(`name: verbs
given: { agent: coding-agent, trust: { score: 0.95, level: 3, ladder: { k: 1000, e: 10, since: 31d, verifiers: 3 } } }
request: { action: open_pr, resource: repository/app }
steps:
  - repeat: { times: 3, steps: [{ decide: {} }, { succeed: {}, want: { counted: true } }, { wait: 1m }] }
  - contain: { target: { kind: action, action: open_pr } }
  - decide: {}
    want: { outcome: deny, terms: { containment: deny } }
  - lift: {}
  - promote: { human: false }
    want: { promoted: false, gates: [human] }
  - promote: {}
    want: { promoted: true, trust: { level_granted: 4 } }
  - decide: {}
    want: { outcome: allow }
`)
    expect(ran.out).toContain('1 passed')
  })
})

describe('a fixture file that is wrong', () => {
  it.each([
    ['an unknown member of want', CASE('{ outcom: allow }'), ':5:13: cases.0.want.outcom: there is no such member'],
    ['an unknown member of given', CASE('{ outcome: allow }', 'trus: 1'), 'cases.0.given.trus: there is no such member'],
    ['an outcome that is none', CASE('{ outcome: maybe }'), 'cases.0.want.outcome'],
    ['a score above 1', CASE('{ outcome: allow }', 'trust: { score: 2 }'), 'cases.0.given.trust.score'],
    ['a case that could not fail', 'name: empty\nrequest: { action: x }\nwant: {}\n', 'a case without a "want" could not fail'],
    ['a case that asks nothing', 'name: empty\nwant: { outcome: deny }\n', 'a case has a request'],
    ['a step that is none', 'name: s\nsteps:\n  - dance: {}\n', ':3:5: steps.0: a step has one of decide'],
    ['a step with an unknown member', 'name: s\nsteps:\n  - report: { class: failed, loud: true }\n', ':3:30: '],
    ['a duration that is none', 'name: s\nsteps:\n  - wait: long\n', 'a duration such as'],
    [
      'two cases of one name',
      'cases:\n  - { name: a, request: { action: x }, want: { outcome: deny } }\n  - { name: a, request: { action: x }, want: { outcome: deny } }\n',
      ':3:1: "a" is already the name of a case in',
    ],
    ['a member that is there twice', 'name: a\nname: b\n', ':2:1: Map keys must be unique'],
    ['broken YAML', 'cases: [\n', 'mend the YAML syntax'],
  ])('is a load error with its place: %s', async (_what, text, message) => {
    const ran = await test(text)
    expect(ran).toMatchObject({ code: 1, out: '' })
    expect(ran.err).toContain(message)
    expect(ran.err).toContain('\n  fix: ')
  })

  it('never passes silently: no fixture is an error', async () => {
    const empty = folder()
    expect(await run(['test', empty.path])).toMatchObject({ code: 3, err: expect.stringContaining('there is no fixture') })
    empty.remove()
    expect((await run(['test', 'no/such/folder'])).code).toBe(3)
    expect((await test(CASE('{ outcome: allow_guarded }'), '--filter', 'nothing like it')).code).toBe(3)
  })

  it('gives no case at all', () => {
    expect(parseFixtures('f.yaml', CASE('{ outcom: allow }')).cases).toEqual([])
  })
})

describe('the formats', () => {
  const two =
    'given: { agent: coding-agent }\ncases:\n  - { name: "right <1>", request: { action: open_pr }, want: { outcome: deny } }\n  - { name: "wrong # 2", request: { action: open_pr }, want: { outcome: allow } }\n'

  it('json has every case with its place and differences', async () => {
    const report = JSON.parse((await test(two, '--json')).out) as { cases: unknown[] }
    expect(report).toMatchObject({
      passed: 1,
      failed: 1,
      cases: [
        { name: 'right <1>', passed: true, line: 3 },
        {
          name: 'wrong # 2',
          passed: false,
          line: 4,
          failures: [{ differences: [{ path: 'outcome', want: 'allow', got: 'deny' }] }],
        },
      ],
    })
  })

  it('tap numbers the cases and says why', async () => {
    const lines = (await test(two, '--format', 'tap')).out.split('\n')
    expect(lines.slice(0, 4)).toEqual(['TAP version 14', '1..2', 'ok 1 - right <1>', 'not ok 2 - wrong \\# 2'])
    expect(lines).toContain('    want  "allow"')
  })

  it('junit is XML with one suite per file', async () => {
    const { out } = await test(two, '--format', 'junit')
    expect(out).toContain('<testsuites name="gradus test" tests="2" failures="1" errors="0"')
    expect(out).toContain('name="right &lt;1&gt;"')
    expect(out).toContain('<failure message="outcome">')
  })

  it('filters by name', async () => {
    expect((await test(two, '--filter', 'RIGHT')).out).toContain('1 passed, 0 failed')
  })

  it('tells which rules and cells no fixture reached', async () => {
    const { out } = await test(two, '--coverage')
    expect(out).toMatch(/risk rules: 0 of \d+ \(0\.0 %\)/u)
    expect(out).toMatch(/matrix cells: 1 of 60/u)
    expect(out).not.toContain('not reached: standard L0 low')
    expect(out).toContain('not reached: standard L1 low')
    expect(out).toContain('not reached: bulk/bulk-over-10')
  })
})

describe('watching', () => {
  it('runs again when something changes, shows errors, and goes on', async () => {
    const file = files.write('watched.yaml', CASE('{ outcome: allow_guarded }'))
    let changed = (): void => undefined
    let stop = (): void => undefined
    const stopped = new Promise<void>((resolve) => (stop = resolve))
    let out = ''
    let err = ''
    const waiting = (count: number): Promise<void> =>
      expect.poll(() => err.split('waiting for changes').length - 1, { timeout: 10_000 }).toBe(count)
    const running = run(['test', file, '--watch'], {
      stopped,
      stdout: (text) => void (out += text),
      stderr: (text) => void (err += text),
      watch: (paths, onChange) => {
        expect(paths[0]).toBe(file)
        changed = onChange
        return () => undefined
      },
    })
    await waiting(1)
    expect(out).toContain('1 passed')
    files.write('watched.yaml', 'cases: [')
    changed()
    await waiting(2)
    expect(err).toContain('mend the YAML syntax')
    files.write('watched.yaml', CASE('{ outcome: allow }'))
    changed()
    await waiting(3)
    expect(out).toContain('1 failed')
    stop()
    expect((await running).code).toBe(2)
  })
})
