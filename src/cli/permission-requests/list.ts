import type { Command } from 'commander'

import { PermissionRequestsAnswer, type PermissionRequestView } from '../../permissions/wire.ts'
import { escapeLine } from '../../format/terminal-text.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { PEOPLE_LIST_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { printAnswer } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'
import { PERMISSION_REQUESTS_PATH } from './permission-requests-path.ts'

/** Options of `gradus permission-requests list`. */
type PermissionRequestsListOptions = PeopleOptions & {
  readonly agent: string | undefined
  readonly after: string | undefined
}

/** Adds `gradus permission-requests list`. */
export function addPermissionRequestsList(requests: Command, cli: Cli): void {
  const command = peopleOptions(requests.command('list'))
    .description('the open ones, the oldest first, each with the patch that would grant it')
    .option('--agent <agent>', 'those of this agent only')
    .option('--after <request>', 'those after this one')
  const exits = { ...PEOPLE_LIST_EXITS, ok: 'listed' }
  examples(command, 'gradus permission-requests list', 'gradus permission-requests list --json')
  runs(command, cli, exits, (options: PermissionRequestsListOptions) => permissionRequestsList(cli.deps, options))
}

/** Lists the open permission requests of a server. */
async function permissionRequestsList(deps: CliDeps, options: PermissionRequestsListOptions): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const { agent, after } = options
  const given = Object.entries({ agent, after }).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const query = given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`
  const path = `${PERMISSION_REQUESTS_PATH}${query}`
  const answer = await sendRequest(deps, server, { method: 'GET', path }, PermissionRequestsAnswer)
  printAnswer(deps, options.json, answer, () => listText(answer))
  return EXIT_CODES.ok
}

function listText({ requests, total, next }: PermissionRequestsAnswer): string {
  if (total === 0) return 'no permission request is open\n'
  const more = next === null ? '' : `… of ${total}; go on with --after ${escapeLine(next)}\n`
  return `${requests.map(requestText).join('\n')}${more}`
}

/** The patch, set off from what agents wrote. */
function barred(patch: string): string {
  return patch
    .trimEnd()
    .split('\n')
    .map((line) => `  | ${escapeLine(line)}\n`)
    .join('')
}

function requestText(request: PermissionRequestView): string {
  const { id, subject, action, resource, owner, asked, first_at, last_at, asked_by, reason, expected_use, change } = request
  const times = asked === 1 ? 'once' : `${asked} times`
  const facts = [
    `${id}: ${subject.type} ${subject.id} asks for ${action} on ${resource.type} ${resource.id}`,
    `  asked ${times}, first ${first_at}, last ${last_at}, by ${asked_by ?? '-'}; owner ${owner ?? '-'}`,
    `  reason: ${reason ?? '(erased)'}`,
    `  expected use: ${expected_use ?? '(erased)'}`,
  ]
  const granting =
    change.kind === 'none'
      ? `  no patch: ${escapeLine(change.why)}\n`
      : `  this patch of ${escapeLine(change.file)} would grant it, and nothing else:\n${barred(change.patch)}`
  return `${facts.map((line) => `${escapeLine(line)}\n`).join('')}${granting}`
}
