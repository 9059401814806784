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

/** Adds `gradus overrides confirm`. */
export function addOverridesConfirm(overrides: Command, cli: Cli): void {
  const command = peopleOptions(overrides.command('confirm'))
    .description('stand behind an override as another person, so that it reaches high risk')
    .argument('<override>', 'id of the override')
  examples(command, 'gradus overrides confirm 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10 --token-file ben.token')
  runs(command, cli, { ...PEOPLE_EXITS, ok: 'confirmed' }, (id: string, options: PeopleOptions) =>
    overridesConfirm(cli.deps, id, options),
  )
}

/** Stands behind an override as one more person. */
async function overridesConfirm(deps: CliDeps, id: string, options: PeopleOptions): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const path = `/api/v1/overrides/${encodeURIComponent(id)}/confirmations`
  printOverride(deps, await sendRequest(deps, server, { method: 'POST', path }, OverrideAnswer), options.json)
  return EXIT_CODES.ok
}
