import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'

import type { Command } from 'commander'

import { ServiceError } from '../../format/error.ts'
import { overLimit } from '../../format/limit.ts'
import type { Plan } from '../../labs/trust-worlds/plan.ts'
import type { PolicyName } from '../../labs/trust-worlds/policies.ts'
import type { Setting } from '../../labs/trust-worlds/setting.ts'
import type { WorldName } from '../../labs/trust-worlds/worlds.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { jsonText, painter, progress } from '../support/output.ts'
import { evaluationText } from './trust-text.ts'
import { loadTrustWorlds, type TrustWorlds } from './trust-worlds.ts'

/** Options of `gradus simulate trust`, as they were typed; absent ones are the defaults. */
export type SimulateTrustOptions = {
  readonly agents: string | undefined
  readonly days: string | undefined
  readonly seeds: string | undefined
  readonly worlds: string | undefined
  readonly policies: string | undefined
  /** `name=value` of a setting, with commas between. */
  readonly set: string | undefined
  readonly workers: string | undefined
  /** A file; true: standard output. */
  readonly json: string | boolean
  readonly svg: string | undefined
  readonly smoke: boolean
}

const FULL = { agents: 100, days: 120, seeds: [20_261_120, 2, 3, 4, 5] } as const
const SMOKE = { agents: 10, days: 60, seeds: [20_261_120] } as const
const LIMITS = { agents: 10_000, days: 3_650, workers: 64, seed: 0xffff_ffff } as const
const SEEDS_MAX = 100

/** Adds `gradus simulate trust`. */
export function addSimulateTrust(simulating: Command, cli: Cli): void {
  const command = simulating
    .command('trust')
    .description(
      'live made-up agents in made-up worlds under the trust model and under simpler rules, and compare what came of it',
    )
    .option('--agents <n>', 'agents per world, policy and seed (100)')
    .option('--days <n>', 'days that each lives (120)')
    .option('--seeds <list>', 'seeds of the draws, with commas between (20261120,2,3,4,5)')
    .option('--worlds <list>', 'names of worlds, with commas between (all)')
    .option('--policies <list>', 'names of policies, with commas between (all)')
    .option('--set <list>', 'numbers of the setting, as label_noise=0.05,actions_per_day=10')
    .option('--workers <n>', 'threads (as many as there are processors)')
    .option('--json [file]', 'as JSON, into a file if one is named')
    .option('--svg <file>', 'a picture of it')
    .option('--smoke', 'small and quick: 10 agents, 60 days, one seed, no ablations', false)
  const exits = { ok: 'simulated', io: 'a file cannot be written, or a thread of the simulation died' }
  examples(command, 'gradus simulate trust --smoke', 'gradus simulate trust --days 90 --seeds 1,2,3 --svg lives.svg')
  runs(command, cli, exits, (options: SimulateTrustOptions) => simulateTrust(cli.deps, options))
}

/** Lives agents in worlds under policies and prints what came of it. 0: done. */
async function simulateTrust(deps: CliDeps, options: SimulateTrustOptions): Promise<ExitCode> {
  const trustWorlds = await loadTrustWorlds()
  const plan = planOf(options, trustWorlds)
  const workers = whole('--workers', options.workers, deps.processors, LIMITS.workers)
  const bar = progress(deps, false)
  try {
    const onProgress = (done: number, total: number): void => bar.show(`${done} of ${total} pieces`)
    const evaluation = await trustWorlds.evaluateTrust(plan, (jobs) => deps.runLives(jobs, { workers, onProgress }))
    bar.end()
    if (options.svg !== undefined) await written(deps, options.svg, trustWorlds.pictureOf(evaluation))
    const json = `${jsonText(evaluation)}\n`
    if (typeof options.json === 'string') await written(deps, options.json, json)
    deps.stdout(options.json === true ? json : evaluationText(evaluation, trustWorlds, painter(deps)))
    return EXIT_CODES.ok
  } finally {
    bar.end()
  }
}

/** The plan that options describe. Throws `usage` with what may be written instead. */
export function planOf(options: SimulateTrustOptions, { POLICIES, WORLDS, ...settings }: TrustWorlds): Plan {
  const from = options.smoke ? SMOKE : FULL
  const policies = Object.keys(POLICIES) as PolicyName[]
  return {
    agents: whole('--agents', options.agents, from.agents, LIMITS.agents),
    days: whole('--days', options.days, from.days, LIMITS.days),
    seeds: options.seeds === undefined ? from.seeds : seedsIn(options.seeds),
    worlds: chosen('--worlds', options.worlds, Object.keys(WORLDS) as WorldName[]),
    policies:
      options.policies === undefined && options.smoke
        ? policies.filter((policy) => !policy.startsWith('gradus_'))
        : chosen('--policies', options.policies, policies),
    setting: settingIn(options.set, settings),
  }
}

function refused(message: string, fix: string): ServiceError {
  return new ServiceError('usage', message, { fix })
}

function whole(option: string, text: string | undefined, otherwise: number, most: number): number {
  if (text === undefined) return Math.min(otherwise, most)
  const value = Number(text)
  if (!/^\d+$/u.test(text) || value < 1 || value > most)
    throw refused(`${option} "${text}" is not a number of them`, `give a whole number from 1 to ${most}`)
  return value
}

function seedsIn(text: string): readonly number[] {
  const seeds = text.split(',').map((seed) => seed.trim())
  for (const seed of seeds)
    if (!/^\d+$/u.test(seed) || Number(seed) > LIMITS.seed)
      throw refused(
        `--seeds "${text}" has "${seed}", which is no seed`,
        `give whole numbers from 0 to ${LIMITS.seed}, with commas between`,
      )
  const numbers = seeds.map(Number)
  if (new Set(numbers).size < numbers.length) throw refused(`--seeds "${text}" has a seed twice`, 'give each seed once')
  if (numbers.length > SEEDS_MAX)
    throw refused(overLimit('--seeds has', 'simulate.seeds_max', { max: SEEDS_MAX, came: numbers.length }), 'give fewer')
  return numbers
}

function chosen<Name extends string>(option: string, text: string | undefined, names: readonly Name[]): readonly Name[] {
  if (text === undefined) return names
  const asked = text.split(',').map((name) => name.trim())
  const unknown = asked.find((name) => !names.some((each) => each === name))
  if (unknown !== undefined) throw refused(`${option}: there is no "${unknown}"`, `choose from ${names.join(', ')}`)
  // In the order of the table, each once.
  return names.filter((name) => asked.includes(name))
}

type Settings = Pick<TrustWorlds, 'DEFAULT_SETTING' | 'SETTING_RANGES'>

function settingIn(text: string | undefined, { DEFAULT_SETTING, SETTING_RANGES }: Settings): Setting {
  if (text === undefined) return DEFAULT_SETTING
  const names = Object.keys(SETTING_RANGES) as (keyof Setting)[]
  return text.split(',').reduce<Setting>((setting, entry) => {
    const [name = '', value = '', ...rest] = entry.split('=').map((part) => part.trim())
    const known = names.find((each) => each === name)
    if (known === undefined) throw refused(`--set: there is no "${name}"`, `choose from ${names.join(', ')}, as name=value`)
    const [least, most] = SETTING_RANGES[known]
    const number = Number(value)
    const isWhole = known !== 'actions_per_day' || Number.isInteger(number)
    if (value === '' || rest.length > 0 || !(number >= least && number <= most) || !isWhole)
      throw refused(
        `--set ${known}: "${value}" is outside its range`,
        `give a ${known === 'actions_per_day' ? 'whole ' : ''}number from ${least} to ${most}`,
      )
    return { ...setting, [known]: number }
  }, DEFAULT_SETTING)
}

async function written({ cwd }: Pick<CliDeps, 'cwd'>, file: string, text: string): Promise<void> {
  await writeFile(resolve(cwd, file), text).catch((cause: unknown) => {
    const { code = '' } = cause as NodeJS.ErrnoException
    throw new ServiceError('io', `cannot be written (${code})`, {
      place: { file },
      fix: 'name a file in a folder that is there and writable',
      cause,
    })
  })
}
