import type { Command } from 'commander'

import { ServiceError } from '../../format/error.ts'
import { PermissionRequestView } from '../../permissions/wire.ts'
import { escapeText } from '../../format/terminal-text.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { PEOPLE_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { printAnswer } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'
import { permissionRequestPath } from './permission-requests-path.ts'

/** Adds `gradus permission-requests patch`. */
export function addPermissionRequestsPatch(requests: Command, cli: Cli): void {
  const command = peopleOptions(requests.command('patch'))
    .description('prints the patch that would grant it, for "patch -p1" in the directory of the configuration')
    .argument('<request>', 'id of the permission request')
  const exits = { ...PEOPLE_EXITS, ok: 'printed', failed: 'there is no patch for it, or the configuration is wrong' }
  examples(command, 'gradus permission-requests patch 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10')
  runs(command, cli, exits, (request: string, options: PeopleOptions) => permissionRequestPatch(cli.deps, request, options))
}

/** Prints the patch alone. What could act on a terminal is escaped, so that a file with such text has to be changed by hand. */
async function permissionRequestPatch(deps: CliDeps, id: string, options: PeopleOptions): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const { change } = await sendRequest(deps, server, { method: 'GET', path: permissionRequestPath(id) }, PermissionRequestView)
  if (change.kind === 'none')
    throw new ServiceError('conflict', `there is no patch for "${id}": ${change.why}`, {
      fix: 'change the policy by hand, or refuse it',
    })
  printAnswer(deps, options.json, change, () => escapeText(change.patch))
  return EXIT_CODES.ok
}
