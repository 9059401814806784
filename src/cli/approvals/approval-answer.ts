import type { ApprovalAnswer } from '../../approvals/wire.ts'
import { type ApprovalSummary } from '../../approvals/wire.ts'
import { escapeLine, type Paint } from '../../format/terminal-text.ts'
import type { CliDeps } from '../support/deps.ts'
import { painter, printAnswer } from '../support/output.ts'

/** How many people said yes. */
export function approvalsGiven({ votes }: ApprovalSummary): number {
  return new Set(votes.filter(({ verdict }) => verdict === 'approve').map(({ person }) => person)).size
}

/** Since when, and by what, something is paused; a dash where it is not. */
export function pausedText({ paused, pauses }: Pick<ApprovalSummary, 'paused' | 'pauses'>): string {
  if (paused === null) return '-'
  const [first] = pauses
  if (first === undefined) return paused
  const holds = paused === `${first.cause}:${first.id}` ? '' : `, held by ${paused}`
  return `since ${first.since} by ${first.cause} ${first.id}${holds}`
}

/** Where the server has the approval of a decision. */
export const approvalPath = (decisionId: string): string => `/api/v1/decisions/${encodeURIComponent(decisionId)}/approvals`

/** Prints where an approval stands after a verdict. */
export function printApproval(deps: CliDeps, answer: ApprovalAnswer, json: boolean): void {
  printAnswer(deps, json, answer, () => approvalText(answer, painter(deps)))
}

function approvalText(answer: ApprovalAnswer, paint: Paint): string {
  const { approval, evidence } = answer
  const state = paint(approval.state === 'approved' ? 'green' : 'yellow', approval.state)
  return [
    `${escapeLine(approval.decision_id)}: ${state}, ${approvalsGiven(approval)} of ${approval.approvers_needed} said yes`,
    ...(approval.state === 'approved' ? [`  good for one retry of the same request until ${escapeLine(approval.ends_at)}`] : []),
    `  evidence: ${escapeLine(evidence)}`,
    '',
  ].join('\n')
}
