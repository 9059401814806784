import type { Command } from 'commander'

import type { CliDeps } from './deps.ts'
import type { Ending } from './exit-codes.ts'
import { simulate } from './simulate.ts'

/** The command that decides history again: simulate. */
export function addSimulateCommand(program: Command, deps: CliDeps, ending: Ending): void {
  program
    .command('simulate')
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
        ending.code = await simulate(deps, { files, from, since, maxChanged, config, dataDir, json, markdown })
      },
    )
}
