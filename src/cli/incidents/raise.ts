import { Argument, type Command } from 'commander'

import { ServiceError } from '../../format/error.ts'
import { IncidentAnswer } from '../../incidents/wire.ts'
import { ScopeKey } from '../../model/scope.ts'
import { IncidentClass } from '../../trust/constants.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { OPERATOR_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { reasonedOptions } from '../support/options.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'
import { INCIDENTS_PATH, printIncident } from './incident-answer.ts'

/** Options of `gradus incidents raise`. */
export type RaiseOptions = PeopleOptions & {
  readonly class: string
  readonly reason: string
  readonly scope: string | undefined
  readonly cap: string | undefined
}

/** Adds `gradus incidents raise`. */
export function addIncidentsRaise(incidents: Command, cli: Cli): void {
  const command = reasonedOptions(incidents.command('raise'))
    .description('caps the trust of an agent at once')
    .argument('<agent>', 'id of the agent')
    .addArgument(new Argument('<class>', 'what happened').choices(IncidentClass.options))
    .option('--scope <scope>', 'where the class reaches one scope')
    .option('--cap <score>', 'a lower cap than that of the class')
  const exits = { ...OPERATOR_EXITS, ok: 'raised' }
  examples(command, 'gradus incidents raise support-agent injection_suspected --reason "mail 4711 told it what to do"')
  runs(command, cli, exits, (agent: string, incidentClass: string, options: Omit<RaiseOptions, 'class'>) =>
    incidentsRaise(cli.deps, agent, { ...options, class: incidentClass }),
  )
}

/** Raises an incident: trust is capped at once. */
async function incidentsRaise(deps: CliDeps, agent: string, options: RaiseOptions): Promise<ExitCode> {
  const scope = options.scope === undefined ? undefined : ScopeKey.safeParse(options.scope)
  if (scope?.success === false)
    throw new ServiceError('usage', `"${String(options.scope)}" is not a scope`, { fix: 'write it like crm:full' })
  const cap = options.cap === undefined ? undefined : Number(options.cap)
  if (cap !== undefined && !(cap >= 0 && cap <= 1 && options.cap !== ''))
    throw new ServiceError('usage', `"${String(options.cap)}" is not a score`, { fix: 'write a number from 0 to 1' })
  const report = {
    agent,
    class: options.class,
    detail: { reason: options.reason },
    ...(scope === undefined ? {} : { scope: scope.data }),
    ...(cap === undefined ? {} : { cap }),
  }
  const answer = await sendRequest(
    deps,
    await requireServer(deps, options),
    { method: 'POST', path: INCIDENTS_PATH, body: report },
    IncidentAnswer,
  )
  printIncident(deps, answer, 'raised', options.json)
  return EXIT_CODES.ok
}
