import type { Command } from 'commander'

import type { CliDeps } from './deps.ts'
import type { Ending } from './exit-codes.ts'
import { simulateCommand } from './simulate.ts'
import { simulateTrust } from './simulate-trust.ts'

/** The commands that try out what has not happened: simulate, simulate trust. */
export function addSimulateCommand(program: Command, deps: CliDeps, ending: Ending): void {
  const simulating = program
    .command('simulate')
    // So that an option after `trust` is one of `simulate trust`.
    .enablePositionalOptions()
    .description('decide recorded history again under a candidate, and tell what would change; 2: more than --max-changed')
    .option('--policies <dir>', 'candidate: a folder laid out as policies/; what it does not have stays as configured')
    .option('--rules <file>', 'candidate: a risk document in place of the one with its id, or a folder in place of all')
    .option('--matrix <file>', 'candidate: matrices by consequence tier')
    .option('--trust-constants <file>', 'candidate: trust constants, as trust.constants of a configuration')
    .option('--from <source>', '"audit", or the file of an OPA decision log (JSON lines or array, also gzip)', 'audit')
    .option('--since <time>', 'decide again from then on: 7d, 12h, or a time (ISO 8601)')
    .option('--max-changed <limit>', 'end with 2 above this many changes, as 25 or 2.5%')
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option(
      '-d, --data-dir <dir>',
      'data directory; that of the configuration when absent; with a decision log, where trust comes from',
    )
    .option('--json', 'as JSON', false)
    .option('--markdown', 'as Markdown, for a pull request', false)
    .action(
      async (options: {
        policies?: string
        rules?: string
        matrix?: string
        trustConstants?: string
        from: string
        since?: string
        maxChanged?: string
        config?: string
        dataDir?: string
        json: boolean
        markdown: boolean
      }) => {
        const { policies, rules, matrix, trustConstants, from, since, maxChanged, config, dataDir, json, markdown } = options
        const files = { policies, rules, matrix, trustConstants }
        ending.code = await simulateCommand(deps, { files, from, since, maxChanged, config, dataDir, json, markdown })
      },
    )
  addSimulateTrust(simulating, deps, ending)
}

function addSimulateTrust(simulating: Command, deps: CliDeps, ending: Ending): void {
  simulating
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
    .action(
      async (options: {
        agents?: string
        days?: string
        seeds?: string
        worlds?: string
        policies?: string
        set?: string
        workers?: string
        json?: string | true
        svg?: string
        smoke: boolean
      }) => {
        const { agents, days, seeds, worlds, policies, set, workers, json = false, svg, smoke } = options
        ending.code = await simulateTrust(deps, { agents, days, seeds, worlds, policies, set, workers, json, svg, smoke })
      },
    )
}
