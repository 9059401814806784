import { type Command, Option } from 'commander'

import { ApprovalsAnswer } from '../../approvals/wire.ts'
import { ApprovalState } from '../../ledger/documents/approval.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { PEOPLE_LIST_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { table, printAnswer } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'
import { approvalsGiven, pausedText } from './approval-answer.ts'

/** Options of `gradus approvals list`. */
export type ListOptions = PeopleOptions & { readonly state: string | undefined }

/** Adds `gradus approvals list`. */
export function addApprovalsList(approvals: Command, cli: Cli): void {
  const command = peopleOptions(approvals.command('list'))
    .description('approvals that are not over, of the scopes the token decides for')
    .addOption(new Option('--state <state>', 'only those in one state').choices(ApprovalState.options))
  examples(command, 'gradus approvals list --state pending')
  runs(command, cli, { ...PEOPLE_LIST_EXITS, ok: 'listed' }, (options: ListOptions) => approvalsList(cli.deps, options))
}

/** Lists approvals that are not over. */
async function approvalsList(deps: CliDeps, options: ListOptions): Promise<ExitCode> {
  const { state } = options
  const server = await requireServer(deps, options)
  const query = state === undefined ? '' : `?state=${state}`
  const answer = await sendRequest(deps, server, { method: 'GET', path: `/api/v1/approvals${query}` }, ApprovalsAnswer)
  printAnswer(deps, options.json, answer, () => listText(answer))
  return EXIT_CODES.ok
}

function listText({ approvals }: ApprovalsAnswer): string {
  if (approvals.length === 0) return 'nothing waits for a person'
  return table([
    ['DECISION', 'STATE', 'AGENT', 'ACTION', 'SCOPE', 'RISK', 'YES', 'UNTIL', 'PAUSED'],
    ...approvals.map((each) => [
      each.decision_id,
      each.paused === null ? each.state : `${each.state}, paused`,
      each.agent ?? '-',
      each.action,
      each.scope,
      each.band,
      `${approvalsGiven(each)}/${each.approvers_needed}`,
      each.ends_at,
      pausedText(each),
    ]),
  ])
}
