import type { Command } from 'commander'

import { OverrideAnswer } from '../../approvals/wire.ts'
import { ServiceError } from '../../format/error.ts'
import { overLimit } from '../../format/limit.ts'
import { parseScopeKey } from '../support/option-values.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { PEOPLE_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { reasonedOptions } from '../support/options.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'
import { printOverride } from './override-answer.ts'

/** Longest time an override may be asked for, minutes. */
const MINUTES_MAX = 60

/** Options of `gradus overrides open`. */
export type OpenOptions = PeopleOptions & {
  readonly agent: string
  readonly scope: string
  readonly action: string | undefined
  readonly reason: string
  readonly minutes: string
}

/** Adds `gradus overrides open`. */
export function addOverridesOpen(overrides: Command, cli: Cli): void {
  const command = reasonedOptions(overrides.command('open'))
    .description('leave trust and context out for an agent’s scope for a while; never above the base')
    .argument('<agent>', 'id of the agent')
    .argument('<scope>', 'such as crm:full')
    .option('--minutes <number>', 'how long, at most 60', '15')
    .option('--action <name>', 'only this action of the scope')
  const exits = {
    ...PEOPLE_EXITS,
    ok: 'in force',
    failed: 'it would reach nothing, too many are in force, or the configuration is wrong',
  }
  examples(command, 'gradus overrides open support-agent payments:full --minutes 30 --reason "refunds after the outage"')
  runs(command, cli, exits, (agent: string, scope: string, options: Omit<OpenOptions, 'agent' | 'scope'>) =>
    overridesOpen(cli.deps, { ...options, agent, scope }),
  )
}

/** Takes over for an agent's scope for a while. */
async function overridesOpen(deps: CliDeps, options: OpenOptions): Promise<ExitCode> {
  const { agent, action, reason } = options
  const minutes = Number(options.minutes)
  const fix = `write a number above 0, up to ${MINUTES_MAX}`
  if (!(minutes > 0))
    throw new ServiceError('usage', `"${options.minutes}" is not a number of minutes an override may last`, { fix })
  if (minutes > MINUTES_MAX) {
    const why = overLimit('the override would last', 'approvals.override_minutes_max', { max: MINUTES_MAX, came: minutes })
    throw new ServiceError('usage', why, { fix })
  }
  const scope = parseScopeKey(options.scope)
  const server = await requireServer(deps, options)
  const report = { agent, scope, reason, minutes, ...(action === undefined ? {} : { action }) }
  printOverride(
    deps,
    await sendRequest(deps, server, { method: 'POST', path: '/api/v1/overrides', body: report }, OverrideAnswer),
    options.json,
  )
  return EXIT_CODES.ok
}
