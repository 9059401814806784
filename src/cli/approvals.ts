import { ApprovalAnswer, ApprovalsAnswer, type ApprovalSummary, ApprovalView } from '../approvals/wire.ts'
import { ServiceError } from '../format/error.ts'
import { ApprovalState } from '../ledger/documents/approval.ts'
import { ifApproved } from '../pdp/lifted-terms.ts'
import type { CliDeps } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { escapeLine, jsonText, type Paint, painter, table } from './output.ts'
import { type PeopleOptions, peopleServer } from './people-server.ts'
import { postToServer, sendRequest } from './server-client.ts'

/** Options of `gradus approvals list`. */
export type ListOptions = PeopleOptions & { readonly state: string | undefined }

/** Lists approvals that are not over. */
export async function approvalsList(deps: CliDeps, options: ListOptions): Promise<ExitCode> {
  const state = options.state === undefined ? undefined : ApprovalState.safeParse(options.state)
  if (state?.success === false)
    throw new ServiceError('usage', `"${String(options.state)}" is not a state`, {
      fix: `it is one of ${ApprovalState.options.join(', ')}`,
    })
  const server = await peopleServer(deps, options)
  const query = state === undefined ? '' : `?state=${state.data}`
  const answer = await sendRequest(deps, server, { method: 'GET', path: `/api/v1/approvals${query}` }, ApprovalsAnswer)
  deps.stdout(`${options.json ? jsonText(answer) : listText(answer)}\n`)
  return EXIT_CODES.ok
}

function listText({ approvals }: ApprovalsAnswer): string {
  if (approvals.length === 0) return 'nothing waits for a person'
  return table([
    ['DECISION', 'STATE', 'AGENT', 'ACTION', 'SCOPE', 'RISK', 'YES', 'UNTIL'],
    ...approvals.map((each) => [
      each.decision_id,
      each.paused === null ? each.state : `${each.state}, paused`,
      each.agent ?? '-',
      each.action,
      each.scope,
      each.band,
      `${yesOf(each)}/${each.approvers_needed}`,
      each.ends_at,
    ]),
  ])
}

function yesOf({ votes }: ApprovalSummary): number {
  return new Set(votes.filter(({ verdict }) => verdict === 'approve').map(({ person }) => person)).size
}

const at = (decisionId: string): string => `/api/v1/decisions/${encodeURIComponent(decisionId)}/approvals`

/** Shows one approval with everything that would run, uncut, and what a yes would do. */
export async function approvalsShow(deps: CliDeps, decisionId: string, options: PeopleOptions): Promise<ExitCode> {
  const server = await peopleServer(deps, options)
  const view = await sendRequest(deps, server, { method: 'GET', path: at(decisionId) }, ApprovalView)
  deps.stdout(options.json ? `${jsonText(view)}\n` : viewText(view, painter(deps)))
  return EXIT_CODES.ok
}

function viewText(view: ApprovalView, paint: Paint): string {
  const head = table([
    ['decision', view.decision_id],
    ['state', `${view.state}, until ${view.ends_at}`],
    ...(view.paused === null ? [] : [['paused', view.paused]]),
    ['agent', view.agent ?? 'none'],
    ['for', view.human ?? 'nobody proven'],
    ['asked by', view.requester],
    ['action', `${view.action} in ${view.scope}`],
    ['risk', `${view.risk.band}, ${view.risk.points} points`],
    ['trust', view.trust === null ? 'no agent' : `L${view.trust.level_effective}, score ${view.trust.score}`],
    ['digest', view.request_digest],
  ])
  const terms = view.ceilings.map(({ source, outcome, reason }) => ['  ', source, outcome, reason])
  const votes = view.votes.map(({ person, verdict, at: time, reason }) => ['  ', person, verdict, time, reason])
  const advice = view.advice.map(({ by, class: of, at: time }) => ['  ', by, of, time])
  const notice =
    view.payload === 'whole'
      ? []
      : [paint('yellow', `  not all of it: members of the request are ${view.payload} for every reader`)]
  return [
    head,
    '',
    paint('bold', 'what would run, complete:'),
    ...notice,
    jsonText(view.request),
    '',
    paint('bold', 'the terms:'),
    table(terms),
    ...(votes.length === 0 ? [] : ['', paint('bold', 'what people said:'), table(votes)]),
    ...(advice.length === 0
      ? []
      : ['', paint('bold', 'what judging agents say, which is advice and no verdict:'), table(advice)]),
    '',
    paint('bold', 'undo:'),
    `  ${escapeLine(rollbackText(view))}`,
    '',
    paint('bold', 'what a yes does:'),
    ...yesText(view).map((line) => `  ${escapeLine(line)}`),
    '',
  ].join('\n')
}

const REVERSIBILITY = ['it can be undone', 'it can be undone in part, or with effort', 'it cannot be undone'] as const

function rollbackText({ rollback: { reversibility, handle, until } }: ApprovalView): string {
  const told = REVERSIBILITY[reversibility] ?? `irreversibility ${reversibility}`
  return [told, ...(handle === null ? [] : [`by the ${handle}`]), ...(until === null ? [] : [`until ${until}`])].join(', ')
}

function yesText(view: ApprovalView): readonly string[] {
  const [first, ...rest] = view.ceilings
  if (view.state !== 'pending' || first === undefined) return [`nothing: it is ${view.state}`]
  const { outcome, obligations, guardrails } = ifApproved([first, ...rest], view.decision_id)
  const left = view.approvers_needed - yesOf(view) - 1
  const duties = obligations.map(({ id, performer }) => `${id} (${performer})`).join(', ')
  const bounds = Object.entries(guardrails)
    .map(([name, bound]) => `${name} ${typeof bound === 'number' ? bound : `[${bound.join(', ')}]`}`)
    .join(', ')
  return [
    left > 0 ? `${left} more of other people, who did not ask for it, then:` : 'it is enough:',
    `the same request may be asked once more by "${view.requester}" with context.approval "${view.decision_id}", once and in time`,
    `it is then decided anew; as things stand, the answer would be ${outcome}`,
    ...(duties === '' ? [] : [`obligations: ${duties}`]),
    ...(bounds === '' ? [] : [`bounds: ${bounds}`]),
  ]
}

/** Options of `gradus approvals approve` and `reject`. */
export type VerdictOptions = PeopleOptions & { readonly reason: string; readonly digest: string | undefined }

/** Says yes or no to an approval, as the person of the token. */
export async function approvalsDecide(
  deps: CliDeps,
  decisionId: string,
  verdict: 'approve' | 'reject',
  options: VerdictOptions,
): Promise<ExitCode> {
  const server = await peopleServer(deps, options)
  const { reason, digest } = options
  const report = { verdict, reason, ...(digest === undefined ? {} : { request_digest: digest }) }
  told(deps, await postToServer(deps, server, at(decisionId), report, ApprovalAnswer), options.json)
  return EXIT_CODES.ok
}

/** Takes an approval back before it is used. */
export async function approvalsWithdraw(
  deps: CliDeps,
  decisionId: string,
  options: PeopleOptions & { readonly reason: string | undefined },
): Promise<ExitCode> {
  const server = await peopleServer(deps, options)
  const report = options.reason === undefined ? {} : { reason: options.reason }
  told(deps, await postToServer(deps, server, `${at(decisionId)}/withdrawal`, report, ApprovalAnswer), options.json)
  return EXIT_CODES.ok
}

function told(deps: CliDeps, answer: ApprovalAnswer, json: boolean): void {
  if (json) {
    deps.stdout(`${jsonText(answer)}\n`)
    return
  }
  const { approval, evidence } = answer
  const paint = painter(deps)
  const state = paint(approval.state === 'approved' ? 'green' : 'yellow', approval.state)
  deps.stdout(
    [
      `${escapeLine(approval.decision_id)}: ${state}, ${yesOf(approval)} of ${approval.approvers_needed} said yes`,
      ...(approval.state === 'approved'
        ? [`  good for one retry of the same request until ${escapeLine(approval.ends_at)}`]
        : []),
      `  evidence: ${escapeLine(evidence)}`,
      '',
    ].join('\n'),
  )
}
