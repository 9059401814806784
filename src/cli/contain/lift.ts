import type { Command } from 'commander'

import { type Cli, examples, runs } from '../support/command.ts'
import { OPERATOR_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { liftContainment, printContainment } from './containments.ts'

/** Adds `gradus contain lift`. */
export function addContainLift(contain: Command, cli: Cli): void {
  const command = peopleOptions(contain.command('lift'))
    .description('puts a containment out of force')
    .argument('<containment>', 'id of the containment')
  examples(command, 'gradus contain lift 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10')
  runs(command, cli, { ...OPERATOR_EXITS, ok: 'lifted' }, (id: string, options: PeopleOptions) =>
    containLift(cli.deps, id, options),
  )
}

/** Puts a containment out of force. */
async function containLift(deps: CliDeps, id: string, options: PeopleOptions): Promise<ExitCode> {
  printContainment(deps, await liftContainment(deps, await requireServer(deps, options), id), options.json)
  return EXIT_CODES.ok
}
