import type { Command } from 'commander'

import { ApprovalAnswer } from '../../approvals/wire.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { PEOPLE_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'
import { approvalPath, printApproval } from './approval-answer.ts'

/** Options of `gradus approvals withdraw`. */
type WithdrawOptions = PeopleOptions & { readonly reason: string | undefined }

/** Adds `gradus approvals withdraw`. */
export function addApprovalsWithdraw(approvals: Command, cli: Cli): void {
  const command = peopleOptions(approvals.command('withdraw'))
    .description('take it back before it is used')
    .argument('<decision>', 'id of the decision that asked')
    .option('--reason <text>', 'why; kept in the record')
  examples(command, 'gradus approvals withdraw 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10 --reason "the customer cancelled"')
  runs(command, cli, { ...PEOPLE_EXITS, ok: 'withdrawn' }, (decision: string, options: WithdrawOptions) =>
    approvalsWithdraw(cli.deps, decision, options),
  )
}

/** Takes an approval back before it is used. */
async function approvalsWithdraw(
  deps: CliDeps,
  decisionId: string,
  options: PeopleOptions & { readonly reason: string | undefined },
): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const report = options.reason === undefined ? {} : { reason: options.reason }
  printApproval(
    deps,
    await sendRequest(
      deps,
      server,
      { method: 'POST', path: `${approvalPath(decisionId)}/withdrawal`, body: report },
      ApprovalAnswer,
    ),
    options.json,
  )
  return EXIT_CODES.ok
}
