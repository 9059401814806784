import type { ApprovalAnswer } from '../../approvals/wire.ts'
import { type ApprovalSummary } from '../../approvals/wire.ts'
import type { CliDeps } from '../support/deps.ts'
import { escapeLine, jsonText, painter } from '../support/output.ts'

export function approvalsGiven({ votes }: ApprovalSummary): number {
  return new Set(votes.filter(({ verdict }) => verdict === 'approve').map(({ person }) => person)).size
}

export const approvalPath = (decisionId: string): string => `/api/v1/decisions/${encodeURIComponent(decisionId)}/approvals`

export function printApproval(deps: CliDeps, answer: ApprovalAnswer, json: boolean): void {
  if (json) {
    deps.stdout(`${jsonText(answer)}\n`)
    return
  }
  const { approval, evidence } = answer
  const paint = painter(deps)
  const state = paint(approval.state === 'approved' ? 'green' : 'yellow', approval.state)
  deps.stdout(
    [
      `${escapeLine(approval.decision_id)}: ${state}, ${approvalsGiven(approval)} of ${approval.approvers_needed} said yes`,
      ...(approval.state === 'approved'
        ? [`  good for one retry of the same request until ${escapeLine(approval.ends_at)}`]
        : []),
      `  evidence: ${escapeLine(evidence)}`,
      '',
    ].join('\n'),
  )
}
