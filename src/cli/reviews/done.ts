import { type Command, Option } from 'commander'

import { escapeLine } from '../../format/terminal-text.ts'
import { SpotCheckAnswer } from '../../reports/wire.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { OPERATOR_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { printAnswer } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'

/** Options of `gradus reviews done`. */
export type ReviewsDoneOptions = PeopleOptions & { readonly finding: 'sound' | 'problem'; readonly notes: string }

/** Adds `gradus reviews done`. */
export function addReviewsDone(reviews: Command, cli: Cli): void {
  const command = peopleOptions(reviews.command('done'))
    .description('records that a person looked at a decision of the list')
    .argument('<decision>', 'id of the decision')
    .addOption(new Option('--finding <finding>', 'what they found').choices(['sound', 'problem']).makeOptionMandatory())
    .requiredOption('--notes <text>', 'what was looked at and found; kept in the record')
  const exits = { ...OPERATOR_EXITS, ok: 'recorded', failed: 'the configuration is wrong' }
  examples(command, 'gradus reviews done 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10 --finding sound --notes "the refund is right"')
  runs(command, cli, exits, (decision: string, options: ReviewsDoneOptions) => reviewsDone(cli.deps, decision, options))
}

/** Records that a person looked at a decision. */
async function reviewsDone(deps: CliDeps, decision: string, options: ReviewsDoneOptions): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const body = { decision_id: decision, finding: options.finding, notes: options.notes }
  const answer = await sendRequest(deps, server, { method: 'POST', path: '/api/v1/reviews', body }, SpotCheckAnswer)
  printAnswer(
    deps,
    options.json,
    answer,
    () => `reviewed ${escapeLine(answer.decision_id)}: ${answer.finding} (record ${answer.leaf_index})\n`,
  )
  return EXIT_CODES.ok
}
