import type { Command } from 'commander'

import { ApprovalAnswer } from '../../approvals/wire.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { PEOPLE_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { reasonedOptions } from '../support/options.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'
import { approvalPath, printApproval } from './approval-answer.ts'

/** Options of `gradus approvals approve` and `reject`. */
export type VerdictOptions = PeopleOptions & { readonly reason: string; readonly digest: string | undefined }

/** Adds `gradus approvals approve`. */
export function addApprovalsApprove(approvals: Command, cli: Cli): void {
  const command = verdictOptions(approvals.command('approve')).description('say yes, as the person of the token')
  const exits = { ...PEOPLE_EXITS, ok: 'said; more people may be needed' }
  examples(
    command,
    'gradus approvals approve 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10 --reason "called the payee" --token-file anna.token',
  )
  runs(command, cli, exits, (decision: string, options: VerdictOptions) =>
    approvalsDecide(cli.deps, decision, 'approve', options),
  )
}

/** Adds `gradus approvals reject`. */
export function addApprovalsReject(approvals: Command, cli: Cli): void {
  const command = verdictOptions(approvals.command('reject')).description('say no, as the person of the token; one no is enough')
  examples(
    command,
    'gradus approvals reject 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10 --reason "nobody knows the payee" --token-file anna.token',
  )
  runs(command, cli, { ...PEOPLE_EXITS, ok: 'rejected' }, (decision: string, options: VerdictOptions) =>
    approvalsDecide(cli.deps, decision, 'reject', options),
  )
}

function verdictOptions(command: Command): Command {
  return reasonedOptions(command)
    .argument('<decision>', 'id of the decision that asked')
    .option('--digest <digest>', 'the request digest that was looked at; a verdict on anything else is refused')
}

/** Says yes or no to an approval, as the person of the token. */
async function approvalsDecide(
  deps: CliDeps,
  decisionId: string,
  verdict: 'approve' | 'reject',
  options: VerdictOptions,
): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const { reason, digest } = options
  const report = { verdict, reason, ...(digest === undefined ? {} : { request_digest: digest }) }
  printApproval(
    deps,
    await sendRequest(deps, server, { method: 'POST', path: approvalPath(decisionId), body: report }, ApprovalAnswer),
    options.json,
  )
  return EXIT_CODES.ok
}
