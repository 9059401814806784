import { Option, type Command } from 'commander'

import { commonOf, served, type ServedOptions } from './commands-people.ts'
import type { CliDeps } from './deps.ts'
import type { Ending } from './exit-codes.ts'
import { ratersList, ratersSeed, ratersShow, trustHolds, trustResolve } from './raters.ts'

/** Commands about those who judge. */
export function addRaterCommands(program: Command, deps: CliDeps, ending: Ending): void {
  const raters = program.command('raters').description('those who judge: list, show, seed')
  served(raters.command('list').description('everybody who judges: weight, canaries, verdicts')).action(
    async (options: ServedOptions) => {
      ending.code = await ratersList(deps, commonOf(options))
    },
  )
  served(raters.command('show').description('one who judges'))
    .argument('<rater>', 'the person or credential')
    .action(async (rater: string, options: ServedOptions) => {
      ending.code = await ratersShow(deps, rater, commonOf(options))
    })
  served(raters.command('seed').description('makes a decision that waits for people a canary: one of known answer'))
    .argument('<decision>', 'id of the decision')
    .addOption(new Option('--expected <verdict>', 'the right answer').choices(['approve', 'reject']).default('reject'))
    .option('--note <text>', 'why; kept in the record')
    .action(async (decision: string, options: ServedOptions & { expected: 'approve' | 'reject'; note?: string }) => {
      const { expected, note } = options
      ending.code = await ratersSeed(deps, decision, { ...commonOf(options), expected, note })
    })
}

/** Adds `holds` and `resolve` to the commands about trust. */
export function addHolds(trust: Command, deps: CliDeps, ending: Ending): void {
  served(trust.command('holds').description('what waits for a person about an agent'))
    .argument('<agent>', 'id of the agent')
    .action(async (agent: string, options: ServedOptions) => {
      ending.code = await trustHolds(deps, agent, commonOf(options))
    })
  served(trust.command('resolve').description('says whether what waited is true, as the person of the token'))
    .argument('<agent>', 'id of the agent')
    .argument('<hold>', 'id of what waits')
    .option('--accept', 'it is true, and weighs as of its own time', false)
    .option('--dismiss', 'it is not, and never weighs', false)
    .option('--note <text>', 'why; kept in the record')
    .action(
      async (agent: string, hold: string, options: ServedOptions & { accept: boolean; dismiss: boolean; note?: string }) => {
        const { accept, dismiss, note } = options
        ending.code = await trustResolve(deps, { ...commonOf(options), agent, hold, accept, dismiss, note })
      },
    )
}
