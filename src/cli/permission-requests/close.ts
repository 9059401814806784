import type { Command } from 'commander'

import { type PermissionVerdict, PermissionVerdictAnswer } from '../../permissions/wire.ts'
import { escapeLine } from '../../format/terminal-text.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { PEOPLE_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { printAnswer } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'
import { permissionRequestPath } from './permission-requests-path.ts'

/** Options of `gradus permission-requests done` and `refuse`. */
type PermissionVerdictOptions = PeopleOptions & { readonly note: string }

/** How a request is closed: by which command, as what. */
type Closing = { readonly name: string; readonly verdict: PermissionVerdict['verdict']; readonly description: string }

/** Adds `gradus permission-requests done` or `refuse`. */
export function addPermissionRequestsClose(requests: Command, cli: Cli, { name, verdict, description }: Closing): void {
  const command = peopleOptions(requests.command(name))
    .description(description)
    .argument('<request>', 'id of the permission request')
    .requiredOption('--note <text>', 'why; kept in the record')
  examples(command, `gradus permission-requests ${name} 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10 --note "as agreed with the owner"`)
  runs(command, cli, { ...PEOPLE_EXITS, ok: 'closed' }, (request: string, options: PermissionVerdictOptions) =>
    closeRequest(cli.deps, request, { verdict, note: options.note }, options),
  )
}

/** Closes a permission request. */
async function closeRequest(deps: CliDeps, id: string, body: PermissionVerdict, options: PeopleOptions): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const path = permissionRequestPath(id)
  const answer = await sendRequest(deps, server, { method: 'POST', path, body }, PermissionVerdictAnswer)
  const { verdict, action, subject, leaf_index } = answer
  printAnswer(
    deps,
    options.json,
    answer,
    () => `${verdict}: ${escapeLine(action)} for ${escapeLine(subject.id)} (record ${leaf_index})\n`,
  )
  return EXIT_CODES.ok
}
