import { beforeAll, describe, expect, it } from 'vitest'

import { evaluateTrust, type TrustEvaluation } from '../../../src/labs/trust-worlds/evaluation.ts'
import { pictureOf } from '../../../src/labs/trust-worlds/picture.ts'
import { jobsOf, livesOf, type Plan } from '../../../src/labs/trust-worlds/plan.ts'
import type { PolicyName } from '../../../src/labs/trust-worlds/policies.ts'
import { runLives } from '../../../src/labs/trust-worlds/run-lives.ts'
import { DEFAULT_SETTING } from '../../../src/labs/trust-worlds/setting.ts'
import type { Summary } from '../../../src/labs/trust-worlds/summary.ts'
import { type WorldName, WORLDS } from '../../../src/labs/trust-worlds/worlds.ts'

/** A smaller run than `gradus simulate trust --smoke`, with the policies that the mechanisms are shown by. */
const SMOKE: Plan = {
  agents: 4,
  days: 60,
  seeds: [20_261_120],
  worlds: (Object.keys(WORLDS) as WorldName[]).filter((world) => world !== 'read_pumper'),
  policies: ['rbac', 'approve_all', 'ewma', 'tiers', 'gradus'],
  setting: DEFAULT_SETTING,
}
const PUMPER: Plan = { ...SMOKE, agents: 1, days: 40, worlds: ['read_pumper'], policies: ['rbac', 'ewma', 'gradus'] }

const onThreads = (jobs: Parameters<typeof runLives>[0]) => runLives(jobs, { workers: 2, onProgress: () => undefined })

let smoke: TrustEvaluation
let pumper: TrustEvaluation
beforeAll(async () => {
  smoke = await evaluateTrust(SMOKE, onThreads)
  pumper = await evaluateTrust(PUMPER, onThreads)
})

function cell(world: WorldName, policy: PolicyName): Summary {
  const found = (world === 'read_pumper' ? pumper : smoke).cells.find((one) => one.world === world && one.policy === policy)
  if (found === undefined) throw new Error(`${world} under ${policy} was not run`)
  return found.summary
}

describe('the smoke run', () => {
  it.each(SMOKE.worlds)('%s: the product harms less than static RBAC', (world) => {
    expect(cell(world, 'gradus').harmful.mean).toBeLessThan(cell(world, 'rbac').harmful.mean)
  })

  it.each(['mediocre', 'colluding_raters', 'poisoned_log'] as const)('%s: the product gives next to no autonomy', (world) => {
    expect(cell(world, 'gradus').auto_light.mean).toBeLessThan(0.05)
    expect(cell(world, 'gradus').auto_full.mean).toBeLessThan(0.05)
    expect(cell(world, 'ewma').auto_full.mean).toBeGreaterThan(0.9)
  })

  it.each([
    ['degrading', 0.25],
    ['on_off', 0.35],
    ['value_imbalance', 0.1],
    ['injection_burst', 0.6],
    ['whitewasher', 0.1],
  ] as const)('%s: the product lets through at most %s of what a moving average does', (world, share) => {
    expect(cell(world, 'gradus').harmful.mean).toBeLessThan(share * cell(world, 'ewma').harmful.mean)
  })

  it('honest: the product gives autonomy, later than a score does, and takes none away without a cause', () => {
    const { first_light_days, auto_light, false_losses, reviews_per_day } = cell('honest', 'gradus')
    expect(first_light_days.median).toBeGreaterThan(7)
    expect(first_light_days.median).toBeLessThan(25)
    expect(auto_light.mean).toBeGreaterThan(0.4)
    expect(false_losses.mean).toBeLessThanOrEqual(0.3)
    expect(reviews_per_day.mean).toBeGreaterThan(cell('honest', 'ewma').reviews_per_day.mean)
    expect(cell('honest', 'tiers').false_losses.mean).toBeGreaterThan(3)
  })

  it('read pumper: 200 reads a day buy no medium write', () => {
    expect(cell('read_pumper', 'gradus')).toMatchObject({ harmful: { mean: 0 }, auto_full: { mean: 0 } })
    expect(cell('read_pumper', 'ewma').harmful.mean).toBeGreaterThan(300)
  })

  it('slandered: one rater takes the autonomy of an honest agent under a score, not under the product', () => {
    const lost = (policy: PolicyName): number =>
      cell('honest', policy).auto_light.mean - cell('slandered', policy).auto_light.mean
    expect(lost('ewma')).toBeGreaterThan(0.4)
    expect(lost('gradus')).toBeLessThan(0.2)
  })

  it('injection burst: contained within the hour that it lasts', () => {
    expect(cell('injection_burst', 'gradus').contained_light_days.median).toBeLessThan(1 / 24)
    expect(cell('injection_burst', 'rbac').contained_light_days.median).toBe('never')
  })

  // Published for 100 agents and 120 days; here are 10 and 60, half of the days.
  it.each([
    ['honest', 'rbac', 9.1],
    ['mediocre', 'rbac', 120],
    ['mediocre', 'ewma', 108],
    ['poisoned_log', 'rbac', 900],
    ['poisoned_log', 'approve_all', 46],
    ['colluding_raters', 'ewma', 270],
    ['whitewasher', 'rbac', 1502],
    ['value_imbalance', 'rbac', 604],
  ] as const)(
    '%s under %s harms as often as in the first study of these worlds: half of %s, give or take 30 percent',
    (world, policy, published) => {
      const { mean } = cell(world, policy).harmful
      expect(mean).toBeGreaterThan(0.7 * (published / 2))
      expect(mean).toBeLessThan(1.3 * (published / 2))
    },
  )

  it('names the policy that harms least of those that give autonomy', () => {
    for (const { world, policy, harmful } of smoke.winners) {
      expect(policy).not.toBe('approve_all')
      for (const other of ['rbac', 'ewma', 'tiers', 'gradus'] as const)
        expect(harmful).toBeLessThanOrEqual(cell(world, other).harmful.mean)
    }
    expect(smoke.winners).toHaveLength(SMOKE.worlds.length)
  })

  it('draws a picture with a bar for every cell, as well-formed XML without anything that runs', () => {
    const svg = pictureOf(smoke)
    expect(svg.match(/<rect /gu)).toHaveLength(1 + smoke.cells.length)
    expect(svg).not.toMatch(/NaN|Infinity|<script|href|on[a-z]+=/u)
    expect(svg.match(/<text /gu)?.length).toBe(svg.match(/<\/text>/gu)?.length)
  })
})

describe('a plan', () => {
  const plan: Plan = { ...SMOKE, agents: 12, days: 10, seeds: [1, 2], worlds: ['honest'], policies: ['ewma', 'gradus'] }

  it('gives the same lives on one thread, on two, and in other pieces', async () => {
    const jobs = jobsOf(plan)
    expect(jobs.map(({ agents }) => agents)).toEqual([10, 2, 10, 2, 10, 2, 10, 2])
    const alone = jobs.map(livesOf)
    expect(await onThreads(jobs)).toEqual(alone)
    const [first] = jobs
    const last = livesOf({ ...first!, firstAgent: 9, agents: 1 })
    expect(alone[0]?.at(9)).toEqual(last[0])
  })

  it('rejects when a thread dies of a job', async () => {
    const [job] = jobsOf(plan)
    await expect(onThreads([{ ...job!, world: 'nowhere' as WorldName }])).rejects.toMatchObject({ code: 'io' })
  })

  it('meets every policy with the same actions and mistakes', () => {
    const harmOf = (policy: PolicyName): readonly number[] =>
      jobsOf({ ...plan, worlds: ['mediocre'], policies: [policy] }).flatMap((job) => livesOf(job).map(({ harm }) => harm))
    // Static RBAC executes every mistake, so nobody executes more.
    const [all, some] = [harmOf('rbac'), harmOf('ewma')]
    expect(some.every((harm, at) => harm <= all[at]!)).toBe(true)
  })
})
