import type { Command } from 'commander'

import { ContainmentAnswer } from '../../incidents/wire.ts'
import type { ContainmentTarget } from '../../ledger/documents/containment.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { OPERATOR_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { partOptions, reasonedOptions } from '../support/options.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'
import { containmentTarget, CONTAINMENTS_PATH, printContainment, type TargetOptions } from './containments.ts'

/** Adds `gradus contain add`. */
export function addContainAdd(contain: Command, cli: Cli): void {
  const command = partOptions(reasonedOptions(contain.command('add')))
    .description('takes an action, a scope, an agent or the tenant out of service at once')
    .option('--agent <agent>', 'the agent, or whose scope or action')
    .option('--tenant', 'everything of the tenant of the token', false)
  examples(
    command,
    'gradus contain add --action send_email --reason "the mail server is under attack"',
    'gradus contain add --tenant --reason "stop everything"',
  )
  runs(
    command,
    cli,
    { ...OPERATOR_EXITS, ok: 'out of service' },
    (options: TargetOptions & PeopleOptions & { readonly reason: string }) =>
      containAdd(cli.deps, containmentTarget(options), options),
  )
}

/** Takes something out of service at once. */
export async function containAdd(
  deps: CliDeps,
  target: ContainmentTarget,
  options: PeopleOptions & { readonly reason: string },
): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  printContainment(
    deps,
    await sendRequest(
      deps,
      server,
      { method: 'POST', path: CONTAINMENTS_PATH, body: { target, reason: options.reason } },
      ContainmentAnswer,
    ),
    options.json,
  )
  return EXIT_CODES.ok
}
