import type { Command } from 'commander'

import { approvalsDecide, approvalsList, approvalsShow, approvalsWithdraw } from './approvals.ts'
import type { CliDeps } from './deps.ts'
import type { Ending } from './exit-codes.ts'
import { overridesConfirm, overridesEnd, overridesList, overridesOpen } from './overrides.ts'
import type { PeopleOptions } from './people-server.ts'

/** Options of a command that talks to a server, as they are typed. */
export type ServedOptions = { config?: string; dataDir?: string; server?: string; tokenFile?: string; json: boolean }
type Reasoned = ServedOptions & { reason: string; digest?: string }

/** Commands by which people decide: approvals and emergency overrides. */
export function addPeopleCommands(program: Command, deps: CliDeps, ending: Ending): void {
  addApprovals(
    program.command('approvals').description('what waits for a person: list, show, approve, reject, withdraw'),
    deps,
    ending,
  )
  addOverrides(program.command('overrides').description('emergency overrides: list, open, confirm, end'), deps, ending)
}

function addApprovals(approvals: Command, deps: CliDeps, ending: Ending): void {
  served(approvals.command('list').description('approvals that are not over, of the scopes the token decides for'))
    .option('--state <state>', 'only those in one state, such as pending or approved')
    .action(async (options: ServedOptions & { state?: string }) => {
      ending.code = await approvalsList(deps, { ...commonOf(options), state: options.state })
    })
  served(approvals.command('show').description('everything that would run, uncut, the terms, and what a yes does'))
    .argument('<decision>', 'id of the decision that asked')
    .action(async (decision: string, options: ServedOptions) => {
      ending.code = await approvalsShow(deps, decision, commonOf(options))
    })
  for (const [verdict, description] of [
    ['approve', 'say yes, as the person of the token'],
    ['reject', 'say no, as the person of the token; one no is enough'],
  ] as const)
    served(approvals.command(verdict).description(description))
      .argument('<decision>', 'id of the decision that asked')
      .requiredOption('--reason <text>', 'why; kept in the record')
      .option('--digest <digest>', 'the request digest that was looked at; a verdict on anything else is refused')
      .action(async (decision: string, options: Reasoned) => {
        const { reason, digest } = options
        ending.code = await approvalsDecide(deps, decision, verdict, { ...commonOf(options), reason, digest })
      })
  served(approvals.command('withdraw').description('take it back before it is used'))
    .argument('<decision>', 'id of the decision that asked')
    .option('--reason <text>', 'why; kept in the record')
    .action(async (decision: string, options: ServedOptions & { reason?: string }) => {
      ending.code = await approvalsWithdraw(deps, decision, { ...commonOf(options), reason: options.reason })
    })
}

function addOverrides(overrides: Command, deps: CliDeps, ending: Ending): void {
  served(overrides.command('list').description('the overrides in force')).action(async (options: ServedOptions) => {
    ending.code = await overridesList(deps, commonOf(options))
  })
  served(
    overrides.command('open').description('leave trust and context out for an agent’s scope for a while; never above the base'),
  )
    .argument('<agent>', 'id of the agent')
    .argument('<scope>', 'such as crm:full')
    .requiredOption('--reason <text>', 'why; kept in the record')
    .option('--minutes <number>', 'how long, at most 60', '15')
    .option('--action <name>', 'only this action of the scope')
    .action(
      async (agent: string, scope: string, options: ServedOptions & { reason: string; minutes: string; action?: string }) => {
        const { reason, minutes, action } = options
        ending.code = await overridesOpen(deps, { ...commonOf(options), agent, scope, reason, minutes, action })
      },
    )
  served(overrides.command('confirm').description('stand behind an override as another person, so that it reaches high risk'))
    .argument('<override>', 'id of the override')
    .action(async (id: string, options: ServedOptions) => {
      ending.code = await overridesConfirm(deps, id, commonOf(options))
    })
  served(overrides.command('end').description('end an override before its time'))
    .argument('<override>', 'id of the override')
    .action(async (id: string, options: ServedOptions) => {
      ending.code = await overridesEnd(deps, id, commonOf(options))
    })
}

/** The options of a command that talks to a server. */
export function served(command: Command): Command {
  return command
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option('-d, --data-dir <dir>', 'data directory; that of the configuration when absent')
    .option('--server <url>', 'the server to ask; the one that runs on the data directory when absent')
    .option('--token-file <file>', 'token of the person')
    .option('--json', 'as JSON', false)
}

/** Options as the commands take them. */
export function commonOf({ config, dataDir, server, tokenFile, json }: ServedOptions): PeopleOptions {
  return { config, dataDir, server, tokenFile, json }
}
