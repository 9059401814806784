import type { Command } from 'commander'

import type { CliDeps } from './deps.ts'
import type { Ending } from './exit-codes.ts'
import { trustPromote } from './trust-promote.ts'
import { trustReplay } from './trust-replay.ts'
import { trustShow } from './trust-show.ts'

type Common = { config?: string; dataDir?: string; tenant: string; json: boolean }

/** Commands about trust: show, replay, promote. */
export function addTrustCommands(program: Command, deps: CliDeps, ending: Ending): void {
  const trust = program.command('trust').description('trust of agents: show, replay a history, promote')
  trust
    .command('show')
    .description('the trust of an agent in every scope')
    .argument('<agent>', 'id of the agent')
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option('-d, --data-dir <dir>', 'data directory; that of the configuration when absent')
    .option('--scope <scope>', 'one scope only, such as crm:full')
    .option('--tenant <tenant>', 'tenant of the agent', 'default')
    .option('--at <time>', 'as it stands at this time if nothing else happens (ISO 8601)')
    .option('--json', 'as JSON', false)
    .action(async (agent: string, options: Common & { scope?: string; at?: string }) => {
      const { config, dataDir, scope, tenant, at, json } = options
      ending.code = await trustShow(deps, { agent, config, dataDir, scope, tenant, at, json })
    })
  trust
    .command('replay')
    .description('replay a history of events and print what it comes to')
    .argument('<file>', 'JSON array or JSON lines of events, in order of processing; "-" is standard input')
    .option('--at <time>', 'read at this time (ISO 8601); the last event when absent')
    .option('--json', 'on one line', false)
    .action(async (file: string, options: { at?: string; json: boolean }) => {
      ending.code = await trustReplay(deps, { file, at: options.at, json: options.json })
    })
  trust
    .command('promote')
    .description('one rung up, if every gate is passed; otherwise why not yet')
    .argument('<agent>', 'id of the agent')
    .argument('<scope>', 'such as crm:full')
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option('-d, --data-dir <dir>', 'data directory; that of the configuration when absent')
    .option('--server <url>', 'the server to ask; the one that runs on the data directory when absent')
    .option('--token-file <file>', 'token of an operator')
    .option('--tenant <tenant>', 'tenant of the agent, where no server runs', 'default')
    .option('--as <name>', 'the person who signs, where no server runs')
    .option('--note <text>', 'kept in the record')
    .option('--json', 'as JSON', false)
    .action(
      async (
        agent: string,
        scope: string,
        options: Common & { server?: string; tokenFile?: string; as?: string; note?: string },
      ) => {
        const { config, dataDir, server, tokenFile, tenant, as: person, note, json } = options
        ending.code = await trustPromote(deps, { agent, scope, config, dataDir, server, tokenFile, tenant, person, note, json })
      },
    )
}
