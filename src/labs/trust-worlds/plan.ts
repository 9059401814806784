import { drawsOf } from './draw.ts'
import { live } from './life.ts'
import { POLICIES, type PolicyName } from './policies.ts'
import type { Setting } from './setting.ts'
import type { Life } from './tally.ts'
import { type WorldName, WORLDS } from './worlds.ts'

/** What is to be simulated. */
export type Plan = {
  /** Agents per world, policy and seed. */
  readonly agents: number
  readonly days: number
  readonly seeds: readonly number[]
  readonly worlds: readonly WorldName[]
  readonly policies: readonly PolicyName[]
  readonly setting: Setting
}

/** A piece of a plan: some agents of one world under one policy and seed. Plain data, so that it reaches a thread. */
export type Job = {
  readonly world: WorldName
  readonly policy: PolicyName
  readonly seed: number
  readonly firstAgent: number
  readonly agents: number
  readonly days: number
  readonly setting: Setting
}

/** Lives the agents of a job. Pure: the same job, the same lives. */
export function livesOf({ world, policy, seed, firstAgent, agents, days, setting }: Job): readonly Life[] {
  return Array.from({ length: agents }, (_, at) =>
    live({
      world: WORLDS[world],
      policy: POLICIES[policy].create(setting),
      draw: drawsOf(seed, world, firstAgent + at),
      setting,
      days,
    }),
  )
}

/** Most agents in one job: small enough that threads end together, large enough to be worth a message. */
const JOB_AGENTS_MAX = 10

/** The jobs of a plan, those of one cell of the table after each other, in the order of the table. */
export function jobsOf({ agents, days, seeds, worlds, policies, setting }: Plan): readonly Job[] {
  const jobs: Job[] = []
  for (const world of worlds)
    for (const policy of policies)
      for (const seed of seeds)
        for (let firstAgent = 0; firstAgent < agents; firstAgent += JOB_AGENTS_MAX) {
          const count = Math.min(JOB_AGENTS_MAX, agents - firstAgent)
          jobs.push({ world, policy, seed, firstAgent, agents: count, days, setting })
        }
  return jobs
}
