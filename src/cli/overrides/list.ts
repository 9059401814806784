import type { Command } from 'commander'

import { OverridesAnswer } from '../../approvals/wire.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { PEOPLE_LIST_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { table, printAnswer } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'

/** Adds `gradus overrides list`. */
export function addOverridesList(overrides: Command, cli: Cli): void {
  const command = peopleOptions(overrides.command('list')).description('the overrides in force')
  examples(command, 'gradus overrides list')
  runs(command, cli, { ...PEOPLE_LIST_EXITS, ok: 'listed' }, (options: PeopleOptions) => overridesList(cli.deps, options))
}

/** Lists the emergency overrides in force. */
async function overridesList(deps: CliDeps, options: PeopleOptions): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const answer = await sendRequest(deps, server, { method: 'GET', path: '/api/v1/overrides' }, OverridesAnswer)
  printAnswer(deps, options.json, answer, () => listText(answer))
  return EXIT_CODES.ok
}

function listText({ overrides }: OverridesAnswer): string {
  if (overrides.length === 0) return 'no override is in force'
  return table([
    ['OVERRIDE', 'AGENT', 'SCOPE', 'ACTION', 'PEOPLE', 'HIGH RISK', 'UNTIL', 'REASON'],
    ...overrides.map(({ override, reaches_high_risk }) => [
      override.id,
      override.agent,
      override.scope,
      override.action ?? 'all',
      override.people.join(', '),
      reaches_high_risk ? 'yes' : 'no',
      override.until,
      override.reason,
    ]),
  ])
}
