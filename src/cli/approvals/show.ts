import type { Command } from 'commander'

import { ApprovalView } from '../../approvals/wire.ts'
import { rollbackText } from '../../evidence/rollback-view.ts'
import { escapeLine, type Paint } from '../../format/terminal-text.ts'
import { ifApproved } from '../../pdp/lifted-terms.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { PEOPLE_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { jsonText, painter, table, printAnswer } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'
import { approvalPath, approvalsGiven } from './approval-answer.ts'

/** Adds `gradus approvals show`. */
export function addApprovalsShow(approvals: Command, cli: Cli): void {
  const command = peopleOptions(approvals.command('show'))
    .description('everything that would run, uncut, the terms, and what a yes does')
    .argument('<decision>', 'id of the decision that asked')
  const exits = { ...PEOPLE_EXITS, ok: 'shown', failed: 'the configuration is wrong' }
  examples(command, 'gradus approvals show 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10')
  runs(command, cli, exits, (decision: string, options: PeopleOptions) => approvalsShow(cli.deps, decision, options))
}

/** Shows one approval with everything that would run, uncut, and what a yes would do. */
async function approvalsShow(deps: CliDeps, decisionId: string, options: PeopleOptions): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const view = await sendRequest(deps, server, { method: 'GET', path: approvalPath(decisionId) }, ApprovalView)
  printAnswer(deps, options.json, view, () => viewText(view, painter(deps)))
  return EXIT_CODES.ok
}

/** What waits, for whom, and what it was asked under. */
function headText(view: ApprovalView): string {
  return table([
    ['decision', view.decision_id],
    ['state', `${view.state}, until ${view.ends_at}`],
    ...(view.paused === null ? [] : [['paused', view.paused]]),
    ...view.pauses.map(({ cause, id, since }) => ['paused by', `${cause} ${id} since ${since}`]),
    ['agent', view.agent ?? 'none'],
    ['for', view.human ?? 'nobody proven'],
    ['asked by', view.requester],
    ['action', `${view.action} in ${view.scope}`],
    ['risk', `${view.risk.band}, ${view.risk.points} points`],
    ['trust', view.trust === null ? 'no agent' : `L${view.trust.level_effective}, score ${view.trust.score}`],
    ['digest', view.request_digest],
  ])
}

function viewText(view: ApprovalView, paint: Paint): string {
  const terms = view.ceilings.map(({ source, outcome, reason }) => ['  ', source, outcome, reason])
  const votes = view.votes.map(({ person, verdict, at: time, reason }) => ['  ', person, verdict, time, reason])
  const advice = view.advice.map(({ by, class: of, at: time, reason }) => ['  ', by, of, time, reason ?? ''])
  const notice =
    view.payload === 'whole'
      ? []
      : [paint('yellow', `  not all of it: members of the request are ${view.payload} for every reader`)]
  const hidden =
    Object.keys(view.masked).length === 0 ? [] : [paint('yellow', '  what is masked, by name and type:'), jsonText(view.masked)]
  return [
    headText(view),
    '',
    paint('bold', 'what would run, complete:'),
    ...notice,
    jsonText(view.request),
    ...hidden,
    '',
    paint('bold', 'the terms:'),
    table(terms),
    ...troubleText(view, paint),
    ...(votes.length === 0 ? [] : ['', paint('bold', 'what people said:'), table(votes)]),
    ...(advice.length === 0
      ? []
      : ['', paint('bold', 'what judging agents say, which is advice and no verdict:'), table(advice)]),
    '',
    paint('bold', 'undo:'),
    `  ${escapeLine(undoText(view))}`,
    '',
    paint('bold', 'what a yes does:'),
    ...yesText(view).map((line) => `  ${escapeLine(line)}`),
    '',
  ].join('\n')
}

/** What went wrong with the agent, and what may be steering it. */
function troubleText({ incidents, injections }: ApprovalView, paint: Paint): readonly string[] {
  const caps = incidents.map(({ incident_id, class: of, state, cap, since }) => [
    '  ',
    of,
    state,
    `cap ${cap}`,
    since,
    incident_id,
  ])
  const signs = injections.map(({ agent, action, by, confidence, reason, record_id, at: time }) => [
    '  ',
    action ?? agent,
    time,
    `confidence ${confidence}`,
    `by ${by}`,
    record_id,
    reason,
  ])
  return [
    ...(caps.length === 0 ? [] : ['', paint('bold', 'incidents of the agent:'), table(caps)]),
    ...(signs.length === 0
      ? []
      : ['', paint('yellow', 'signs of injection in what tools gave back to the agent:'), table(signs)]),
  ]
}

function undoText({ rollback }: ApprovalView): string {
  return `${rollbackText(rollback)}${rollback.until === null ? '' : ` Until ${rollback.until}.`}`
}

function yesText(view: ApprovalView): readonly string[] {
  const [first, ...rest] = view.ceilings
  if (view.state !== 'pending' || first === undefined) return [`nothing: it is ${view.state}`]
  const { outcome, obligations, guardrails } = ifApproved([first, ...rest], view.decision_id)
  const left = view.approvers_needed - approvalsGiven(view) - 1
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
