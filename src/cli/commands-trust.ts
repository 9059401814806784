import type { Command } from 'commander'

import { addHolds } from './commands-raters.ts'
import { addDemote } from './commands-steering.ts'
import type { CliDeps } from './deps.ts'
import type { Ending } from './exit-codes.ts'
import { trustImport } from './trust-import.ts'
import { trustPromote } from './trust-promote.ts'
import { trustRebuild } from './trust-rebuild.ts'
import { trustReport } from './trust-report.ts'
import { trustReplay } from './trust-replay.ts'
import { trustShow } from './trust-show.ts'
import { trustWhy } from './trust-why.ts'

type Common = { config?: string; dataDir?: string; tenant: string; json: boolean }

/** Commands about trust: show, why, replay, promote, rebuild. */
export function addTrustCommands(program: Command, deps: CliDeps, ending: Ending): void {
  const trust = program.command('trust').description('trust of agents: show, say why, replay a history, promote, rebuild')
  trust
    .command('show')
    .description('draws the trust of an agent in every scope: layers, what holds it, the next rung, its last 30 days')
    .argument('<agent>', 'id of the agent')
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option('-d, --data-dir <dir>', 'data directory; that of the configuration when absent')
    .option('--scope <scope>', 'one scope only, such as crm:full')
    .option('--tenant <tenant>', 'tenant of the agent', 'default')
    .option('--at <time>', 'as it stands at this time if nothing else happens (ISO 8601)')
    .option('--no-history', 'without the last 30 days, for which the log is read')
    .option('--json', 'as JSON', false)
    .action(async (agent: string, options: Common & { scope?: string; at?: string; history: boolean }) => {
      const { config, dataDir, scope, tenant, at, history, json } = options
      ending.code = await trustShow(deps, { agent, config, dataDir, scope, tenant, at, history, json })
    })
  trust
    .command('why')
    .description('the evidence that moved the trust of an agent most, each with its record')
    .argument('<agent>', 'id of the agent')
    .argument('<scope>', 'such as crm:full')
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option('-d, --data-dir <dir>', 'data directory; that of the configuration when absent')
    .option('--tenant <tenant>', 'tenant of the agent', 'default')
    .option('--since <duration>', 'how far back, such as 12h or 30d', '30d')
    .option('--limit <count>', 'how many are listed', '20')
    .option('--json', 'as JSON', false)
    .action(async (agent: string, scope: string, options: Common & { since: string; limit: string }) => {
      const { config, dataDir, tenant, since, limit, json } = options
      ending.code = await trustWhy(deps, { agent, scope, config, dataDir, tenant, since, limit, json })
    })
  trust
    .command('report')
    .description('how trust worked: time to autonomy, false demotions, incidents, compliance; and where it stands')
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option('-d, --data-dir <dir>', 'data directory; that of the configuration when absent')
    .option('--since <time>', 'how far back, such as 30d, or a time (ISO 8601); whole days', '30d')
    .option('--tenant <tenant>', 'of this tenant; every tenant when absent')
    .option('--json', 'as JSON', false)
    .action(async ({ config, dataDir, since, tenant, json }: Omit<Common, 'tenant'> & { since: string; tenant?: string }) => {
      ending.code = await trustReport(deps, { config, dataDir, since, tenant, json })
    })
  trust
    .command('rebuild')
    .description('derives all state again from the log, and puts it in the place of what is stored')
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option('-d, --data-dir <dir>', 'data directory; that of the configuration when absent')
    .option('--check', 'only compare, beside a running server or without one', false)
    .option('--key <text>', 'public key of the log; that of the data directory when absent')
    .option('--json', 'as JSON', false)
    .action(async (options: Omit<Common, 'tenant'> & { check: boolean; key?: string }) => {
      const { config, dataDir, check, key, json } = options
      ending.code = await trustRebuild(deps, { config, dataDir, check, key, json })
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
    .command('import')
    .description('takes the signed history of before, wholly or not at all')
    .argument('<file>', 'JSON lines (docs/signals.md)')
    .option('--signature <file>', 'Ed25519 signature over the bytes of the file; FILE.sig when absent')
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option('-d, --data-dir <dir>', 'data directory; that of the configuration when absent')
    .option('--server <url>', 'the server to ask; the one that runs on the data directory when absent')
    .option('--token-file <file>', 'token of an administrator')
    .option('--tenant <tenant>', 'tenant of the agents, where no server runs', 'default')
    .option('--as <name>', 'the person who answers for it, where no server runs')
    .option('--json', 'as JSON', false)
    .action(async (file: string, options: Common & { signature?: string; server?: string; tokenFile?: string; as?: string }) => {
      const { signature, config, dataDir, server, tokenFile, tenant, as: person, json } = options
      ending.code = await trustImport(deps, { file, signature, config, dataDir, server, tokenFile, tenant, person, json })
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
  addDemote(trust, deps, ending)
  addHolds(trust, deps, ending)
}
