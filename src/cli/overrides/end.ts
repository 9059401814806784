import type { Command } from 'commander'

import { OverrideAnswer } from '../../approvals/wire.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { PEOPLE_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'
import { printOverride } from './override-answer.ts'

/** Adds `gradus overrides end`. */
export function addOverridesEnd(overrides: Command, cli: Cli): void {
  const command = peopleOptions(overrides.command('end'))
    .description('end an override before its time')
    .argument('<override>', 'id of the override')
  examples(command, 'gradus overrides end 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10')
  runs(command, cli, { ...PEOPLE_EXITS, ok: 'ended' }, (id: string, options: PeopleOptions) =>
    overridesEnd(cli.deps, id, options),
  )
}

/** Ends an override before its time. */
async function overridesEnd(deps: CliDeps, id: string, options: PeopleOptions): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const path = `/api/v1/overrides/${encodeURIComponent(id)}`
  printOverride(deps, await sendRequest(deps, server, { method: 'DELETE', path }, OverrideAnswer), options.json)
  return EXIT_CODES.ok
}
