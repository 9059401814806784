import { afterAll, describe, expect, it } from 'vitest'

import type { AuditFinding, Rebuilding } from '../../src/ledger/log-verification.ts'
import { missingText, sparkline } from '../../src/cli/trust/draw.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import { recordOf } from '../../src/ledger/new-record.ts'
import { systemCaller } from '../../src/service/create-service.ts'
import { DAY_MS } from '../../src/format/time.ts'
import { earned } from '../support/test-service.ts'
import { folder, liveService, NOW_MS, run, WHOLE_LOG } from './harness.ts'

const files = folder()
afterAll(files.remove)
const SCOPE = 'crm:full'

/** An agent that earned L2 twenty days ago, and had an incident three days ago. */
async function lived() {
  const { store, open } = await liveService()
  let count = 0
  const write = async (
    effects: readonly Effect[],
    daysAgo: number,
    kind: 'operator' | 'incident' = 'operator',
  ): Promise<void> => {
    count += 1
    const record = recordOf({
      ...{ kind, id: `r-${count}`, caller: systemCaller('default'), atMs: NOW_MS + 1_000 - daysAgo * DAY_MS },
      ...{ agent: 'support-agent', body: {}, effects },
    })
    await store.transact([], (transaction) => transaction.append({ record }))
  }
  return { write, open }
}

async function steady() {
  const { write, open } = await lived()
  // The service has written its activation already, and times only rise: what is told here is later than NOW_MS.
  const at = NOW_MS + 1_000
  await write(earned('support-agent', SCOPE, 40, at), 0)
  await write([{ kind: 'promote', agent: 'support-agent', scope: SCOPE, level: 1, human: true, at_ms: at }], 0)
  await write(earned('support-agent', SCOPE, 30, at + DAY_MS), -1)
  const incident = { id: 'i-1', class: 'injection_suspected', reach: 'agent', scope: null, cap: 0.4, review: true } as const
  await write([{ kind: 'incident', agent: 'support-agent', incident }], -2, 'incident')
  return { open, nowMs: () => NOW_MS + 3 * DAY_MS }
}

const flags = ['--data-dir', files.path]

describe('gradus trust show', () => {
  it('draws a bar for each layer, what holds it, the gates with what is missing, and the last 30 days', async () => {
    const { open, nowMs } = await steady()
    const { out, code } = await run(['trust', 'show', 'support-agent', ...flags], { openStore: open, nowMs })
    expect(code).toBe(0)
    expect(out).toMatch(/^support-agent\n\ncrm:full {2}0\.4000 {2}L1 suggest, held by incident$/mu)
    for (const layer of ['identity', 'behaviour', 'context', 'outcome'])
      expect(out).toMatch(new RegExp(`^  ${layer} +█+░+ 0\\.\\d{4}  `, 'mu'))
    expect(out).toContain('◀ weakest')
    expect(out).toMatch(/^ {2}incident +█{8}░{12} 0\.4000 {2}open, waits for a review: i-1$/mu)
    expect(out).toMatch(/^ {2}ladder +to L2 approve_to_execute: 3 of 10 gates shut$/mu)
    expect(out).toMatch(/^ {4}-- incident +1 of 0 {2}1 to be reviewed$/mu)
    expect(out).toMatch(/^ {4}-- score +0\.4 of 0\.5 {2}0\.1 missing$/mu)
    expect(out).toMatch(/^ {4}ok dwell +1 d of 1 d$/mu)
    expect(out).toMatch(/^ {2}30 days +▁{27}▅?.+ {2}0\.0000 to 0\.4000$/mu)
    expect(out).not.toContain('\u001b')
  })

  it('has colour on a terminal only', async () => {
    const { open, nowMs } = await steady()
    const { out } = await run(['trust', 'show', 'support-agent', ...flags], { openStore: open, nowMs, stdoutIsTty: true })
    expect(out).toContain('\u001b[33m0.4000\u001b[0m')
  })

  it('gives all of it as JSON, and of one scope where one is named', async () => {
    const { open, nowMs } = await steady()
    const argv = ['trust', 'show', 'support-agent', '--json', ...flags]
    const { scopes } = JSON.parse((await run(argv, { openStore: open, nowMs })).out)
    expect(scopes).toMatchObject([{ scope: SCOPE, score: 0.4, next: { level: 2 }, fused_opinion: {} }])
    expect(scopes[0].days).toHaveLength(30)
    expect(scopes[0].days.at(-1)).toBe(0.4)
    expect(new Set(scopes[0].days).size).toBeGreaterThan(2)
    const other = JSON.parse((await run([...argv, '--scope', 'mail:light'], { openStore: open, nowMs })).out)
    expect(other.scopes).toMatchObject([{ scope: 'mail:light', level_granted: 0 }])
    expect((await run([...argv, '--scope', 'mail'], { openStore: open, nowMs })).code).toBe(64)
    const short = JSON.parse((await run([...argv, '--no-history'], { openStore: open, nowMs })).out)
    expect(short.scopes).toEqual([{ ...scopes[0], days: [] }])
  })
})

describe('gradus trust why', () => {
  it('lists what moved the score most, with records, weights and the score before and after', async () => {
    const { open, nowMs } = await steady()
    const { out, code } = await run(['trust', 'why', 'support-agent', SCOPE, '--limit', '3', ...flags], {
      openStore: open,
      nowMs,
    })
    expect(code).toBe(0)
    const lines = out.trim().split('\n')
    expect(lines[0]).toMatch(/^support-agent in crm:full since 2026-02-04T10:00:00\.000Z: 0\.0000 to 0\.4000$/u)
    expect(lines[1]).toMatch(/^MOVED +SCORE +LAYER +CLASS +WEIGHT +SOURCE +BY +TIME +RECORD/u)
    expect(lines).toHaveLength(6)
    expect(
      lines.some((line) =>
        / injection_suspected +- +- +gradus:system +\S+ +r-4 +incident injection_suspected, cap 0\.4$/u.test(line),
      ),
    ).toBe(true)
    expect(lines[5]).toMatch(/^3 of \d+, heaviest first; --limit shows more$/u)
  })

  it('gives the same as JSON, and only what came since', async () => {
    const { open, nowMs } = await steady()
    const argv = ['trust', 'why', 'support-agent', SCOPE, '--since', '36h', '--json', ...flags]
    const told = JSON.parse((await run(argv, { openStore: open, nowMs })).out)
    expect(told).toMatchObject({ agent: 'support-agent', scope: SCOPE, found: 1, score_now: 0.4 })
    expect(told.score_then).toBeGreaterThan(0.4)
    expect(told.reasons).toMatchObject([
      { record_id: 'r-4', kind: 'incident', effect: 'incident', layer: null, source: null, weight: null, score_after: 0.4 },
    ])
    expect(told.reasons[0].score_before).toBeGreaterThan(0.4)
  })

  it('says so where nothing moved it', async () => {
    const { open } = await steady()
    const later = { openStore: open, nowMs: () => NOW_MS + 400 * DAY_MS }
    expect((await run(['trust', 'why', 'support-agent', SCOPE, ...flags], later)).out).toContain('nothing moved it but time')
  })

  it.each([
    [['nobody', SCOPE], 3],
    [['support-agent', 'crm'], 64],
    [['support-agent', SCOPE, '--limit', '0'], 64],
    [['support-agent', SCOPE, '--limit', '1e2'], 64],
    [['support-agent', SCOPE, '--limit', '1001'], 64],
    [['support-agent', SCOPE, '--since', 'yesterday'], 1],
  ])('refuses %j with %i', async (argv, code) => {
    const { open, nowMs } = await steady()
    expect((await run(['trust', 'why', ...argv, ...flags], { openStore: open, nowMs })).code).toBe(code)
  })
})

describe('gradus trust rebuild', () => {
  const finding: AuditFinding = {
    kind: 'document_differs',
    subject: 'agent/default/a',
    message: 'The document is not what the records make of it.',
  }
  const report: Rebuilding = {
    ...WHOLE_LOG,
    records: 9,
    damaged: false,
    written: false,
  }
  const differs: Rebuilding = { ...report, ok: false, findings: [finding] }
  it.each([
    [[], { ...differs, written: true }, 0, 'rebuilt: 1 differences are gone'],
    [[], { ...report, written: true }, 0, 'the same'],
    [['--check'], report, 0, 'the same: derived from 9 records'],
    [['--check'], differs, 1, 'not the same: 1 differences'],
    [[], { ...differs, damaged: true }, 6, 'the log itself is not whole'],
    [['--check'], { ...differs, damaged: true }, 6, 'the log itself is not whole'],
  ])('%j of %o ends with %i', async (argv, answer, code, text) => {
    let wrote: boolean | undefined
    const rebuildState = ({ write }: { readonly write: boolean }): Promise<Rebuilding> => {
      wrote = write
      return Promise.resolve(answer)
    }
    const ran = await run(['trust', 'rebuild', ...argv, ...flags], { rebuildState })
    expect(ran).toMatchObject({ code, err: '' })
    expect(ran.out).toContain(text)
    expect(wrote).toBe(argv.length === 0)
    expect(JSON.parse((await run(['trust', 'rebuild', ...argv, '--json', ...flags], { rebuildState })).out)).toEqual(answer)
  })
})

describe('what is drawn', () => {
  it.each([
    [[0, 0.5, 1], '▁▅█'],
    [[], ''],
    [[0.124, 0.125], '▁▂'],
  ])('a line of %j is %s', (scores, line) => {
    expect(sparkline(scores)).toBe(line)
  })

  it.each([
    [{ gate: 'count', have: 3, need: 20 }, '17 missing'],
    [{ gate: 'dwell', have: DAY_MS / 2, need: DAY_MS }, '0.5 d missing'],
    [{ gate: 'conflict', have: 0.4, need: 0.3 }, '0.1 too much'],
    [{ gate: 'human', have: 0, need: 1 }, 'a person has to sign: "gradus trust promote"'],
    [{ gate: 'top', have: 0, need: 1 }, 'there is no higher rung'],
  ] as const)('what %j waits for is %s', (gate, text) => {
    expect(missingText({ ...gate, passed: false })).toBe(text)
  })
})
