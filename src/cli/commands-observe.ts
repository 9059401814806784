import type { Command } from 'commander'

import type { CliDeps } from './deps.ts'
import type { Ending } from './exit-codes.ts'
import { observeReady } from './observe-ready.ts'
import { observeReport } from './observe-report.ts'

/** Commands about what is only observed: what enforcing would change, and whether it is time to. */
export function addObserveCommands(program: Command, deps: CliDeps, ending: Ending): void {
  const observe = program
    .command('observe')
    .description('what is only observed: what enforcing would change, whether it is time to')
  observe
    .command('report')
    .description('what enforcing would have changed: coverage, outcomes, terms, approvals, sessions, what came of it')
    .option('--since <time>', 'from then on: 7d, 12h, or a time (ISO 8601)', '7d')
    .option('--by <what>', 'group by agent, scope, tenant or term', 'agent')
    .option('--tenant <tenant>', 'of this tenant only')
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option('-d, --data-dir <dir>', 'data directory; that of the configuration when absent')
    .option('--json', 'as JSON', false)
    .action(async (options: { since: string; by: string; tenant?: string; config?: string; dataDir?: string; json: boolean }) => {
      const { since, by, tenant, config, dataDir, json } = options
      ending.code = await observeReport(deps, { since, by, tenant, config, dataDir, json })
    })
  observe
    .command('ready')
    .description("whether an agent's scope may be enforced, by the gates of the configuration; 1: not yet")
    .requiredOption('--agent <id>', 'the agent')
    .requiredOption('--scope <scope>', 'the scope, such as communication:full')
    .option('--tenant <tenant>', 'tenant of the agent', 'default')
    .option('--since <time>', 'from then on: 30d, or a time (ISO 8601); all of the log when absent')
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option('-d, --data-dir <dir>', 'data directory; that of the configuration when absent')
    .option('--json', 'as JSON', false)
    .action(
      async (options: {
        agent: string
        scope: string
        tenant: string
        since?: string
        config?: string
        dataDir?: string
        json: boolean
      }) => {
        const { agent, scope, tenant, since, config, dataDir, json } = options
        ending.code = await observeReady(deps, { agent, scope, tenant, since, config, dataDir, json })
      },
    )
}
