import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import { type SimulateTrustOptions, planOf as planUnder } from '../../src/cli/simulate/simulate-trust.ts'
import { loadTrustWorlds } from '../../src/cli/simulate/trust-worlds.ts'
import { folder, run } from './harness.ts'

const trustWorlds = await loadTrustWorlds()
const planOf = (options: SimulateTrustOptions) => planUnder(options, trustWorlds)
const files = folder()
afterAll(() => files.remove())

const SMALL = ['--agents', '2', '--days', '5', '--seeds', '7', '--worlds', 'mediocre,honest', '--policies', 'gradus,ewma,rbac']
const NONE = {
  agents: undefined,
  days: undefined,
  seeds: undefined,
  worlds: undefined,
  policies: undefined,
  set: undefined,
  workers: undefined,
  json: false,
  svg: undefined,
  smoke: false,
}

describe('gradus simulate trust', () => {
  it('prints a block per world, writes JSON and a picture, and says which baseline harms less', async () => {
    const json = join(files.path, 'out.json')
    const svg = join(files.path, 'out.svg')
    const { code, out } = await run(['simulate', 'trust', ...SMALL, '--json', json, '--svg', svg])
    expect(code).toBe(0)
    expect(out).toContain('2 agents per row (seed 7), 5 days')
    expect(out).toMatch(/honest .3 %: fails.*\n.*\nstatic RBAC .*\nEWMA .1 .*\ngradus /u)
    expect(out).toMatch(/harms? less/u)
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg /u)
    const written = JSON.parse(readFileSync(json, 'utf8')) as { plan: unknown; cells: readonly unknown[] }
    expect(written.cells).toHaveLength(6)
    expect(written.plan).toMatchObject({ worlds: ['honest', 'mediocre'], policies: ['rbac', 'ewma', 'gradus'] })
    const { out: printed } = await run(['simulate', 'trust', ...SMALL, '--json', '--workers', '1'])
    expect(JSON.parse(printed)).toEqual(written)
    const twice = await run([
      'simulate',
      'trust',
      '--seeds',
      '7,8',
      '--agents',
      '1',
      '--days',
      '2',
      '--worlds',
      'honest',
      '--policies',
      'rbac',
    ])
    expect(twice.out).toContain('2 agents per row (1 for each of the seeds 7, 8), 2 days')
  })

  it('runs 100 agents for 120 days from five seeds without options, and little with --smoke', () => {
    expect(planOf(NONE)).toMatchObject({ agents: 100, days: 120, seeds: [20_261_120, 2, 3, 4, 5], setting: { label_noise: 0 } })
    const smoke = planOf({ ...NONE, smoke: true, set: 'label_noise=0.05, actions_per_day = 10' })
    expect(smoke).toMatchObject({
      agents: 10,
      days: 60,
      seeds: [20_261_120],
      setting: { label_noise: 0.05, actions_per_day: 10 },
    })
    expect(smoke.policies).not.toContain('gradus_no_heat')
    expect(planOf({ ...NONE, smoke: true, policies: 'gradus_no_heat' }).policies).toEqual(['gradus_no_heat'])
    expect(planOf(NONE).policies).toContain('gradus_no_heat')
  })

  it.each([
    [['--agents', '0'], '--agents "0"'],
    [['--agents', '1e3'], '--agents "1e3"'],
    [['--days', '3651'], '--days "3651"'],
    [['--workers', 'x'], '--workers "x"'],
    [['--seeds', '1,-2'], 'which is no seed'],
    [['--seeds', '1,1'], 'a seed twice'],
    [['--seeds', '4294967296'], 'which is no seed'],
    [['--worlds', 'honest,paradise'], 'there is no "paradise"'],
    [['--policies', ''], 'there is no ""'],
    [['--set', 'luck=1'], 'there is no "luck"'],
    [['--set', 'label_noise=2'], 'outside its range'],
    [['--set', 'label_noise='], 'outside its range'],
    [['--set', 'label_noise=0=1'], 'outside its range'],
    [['--set', 'actions_per_day=1.5'], 'outside its range'],
    [['--set', 'label_noise=NaN'], 'outside its range'],
    [['more'], 'too many arguments'],
  ])('refuses %j with what may be written instead', async (options, message) => {
    const { code, out, err } = await run(['simulate', 'trust', ...options])
    expect({ code, out }).toEqual({ code: 64, out: '' })
    expect(err).toContain(message)
    expect(err).toContain('fix: ')
  })

  it('says when a file cannot be written', async () => {
    const { code, err } = await run(['simulate', 'trust', ...SMALL, '--svg', join(files.path, 'nowhere', 'a.svg')])
    expect(code).toBe(7)
    expect(err).toContain('cannot be written (ENOENT)')
  })

  it('leaves the options of simulate to simulate', async () => {
    const { code, err } = await run(['simulate', '--json'])
    expect(code).toBe(64)
    expect(JSON.parse(err)).toMatchObject({ error: { message: 'there is no candidate to decide under' } })
    expect(existsSync(join(files.path, 'true'))).toBe(false)
  })
})
