import type { Command } from 'commander'

import { type Cli, examples } from '../support/command.ts'
import { addApprovalsApprove, addApprovalsReject } from './decide.ts'
import { addApprovalsList } from './list.ts'
import { addApprovalsResume } from './resume.ts'
import { addApprovalsShow } from './show.ts'
import { addApprovalsWithdraw } from './withdraw.ts'

/** Commands by which people decide what waits for them. */
export function addApprovalsCommands(program: Command, cli: Cli): void {
  const approvals = program
    .command('approvals')
    .description('what waits for a person: list, show, approve, reject, withdraw, resume')
  examples(approvals, 'gradus approvals list --state pending')
  addApprovalsList(approvals, cli)
  addApprovalsShow(approvals, cli)
  addApprovalsApprove(approvals, cli)
  addApprovalsReject(approvals, cli)
  addApprovalsWithdraw(approvals, cli)
  addApprovalsResume(approvals, cli)
}
