import type { Command } from 'commander'

import { SpotChecksAnswer, type SpotCheckView } from '../../reports/wire.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { OPERATOR_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { printAnswer, table } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'

/** Adds `gradus reviews list`. */
export function addReviewsList(reviews: Command, cli: Cli): void {
  const command = peopleOptions(reviews.command('list')).description(
    'decisions to look at, the first due first; 1: one is overdue',
  )
  const exits = { ...OPERATOR_EXITS, ok: 'none is overdue', failed: 'one is overdue; or the configuration is wrong' }
  examples(command, 'gradus reviews list')
  runs(command, cli, exits, (options: PeopleOptions) => reviewsList(cli.deps, options))
}

/** Lists the decisions that somebody has to look at. 0: none is overdue; 1: one is. */
async function reviewsList(deps: CliDeps, options: PeopleOptions): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const answer = await sendRequest(deps, server, { method: 'GET', path: '/api/v1/reviews' }, SpotChecksAnswer)
  printAnswer(deps, options.json, answer, () => reviewsText(answer))
  return answer.reviews.some(({ overdue }) => overdue) ? EXIT_CODES.failed : EXIT_CODES.ok
}

function reviewsText({ reviews }: SpotChecksAnswer): string {
  if (reviews.length === 0) return 'no decision waits for a review\n'
  return `${table([['DECISION', 'AGENT', 'ACTION', 'WHY', 'OWNER', 'DUE', 'STATE'], ...reviews.map(row)])}\n`
}

function row({ decision_id, agent, action, causes, owner, due, overdue }: SpotCheckView): readonly string[] {
  return [decision_id, agent, action, causes.join(', '), owner ?? '-', due, overdue ? 'overdue' : 'open']
}
