import { type Command, Option } from 'commander'

import { CanaryAnswer } from '../../approvals/wire.ts'
import { escapeLine } from '../../format/terminal-text.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { OPERATOR_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { printAnswer } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'

/** Options of `gradus raters seed`. */
export type SeedOptions = PeopleOptions & { readonly expected: 'approve' | 'reject'; readonly note: string | undefined }

/** Adds `gradus raters seed`. */
export function addRatersSeed(raters: Command, cli: Cli): void {
  const command = peopleOptions(raters.command('seed'))
    .description('makes a decision that waits for people a canary: one of known answer')
    .argument('<decision>', 'id of the decision')
    .addOption(new Option('--expected <verdict>', 'the right answer').choices(['approve', 'reject']).default('reject'))
    .option('--note <text>', 'why; kept in the record')
  const exits = {
    ...OPERATOR_EXITS,
    ok: 'a canary now',
    failed: 'it is one already, was judged, or waits for nobody; or the configuration is wrong',
  }
  examples(command, 'gradus raters seed 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10 --expected reject --note "nobody knows the payee"')
  runs(command, cli, exits, (decision: string, options: SeedOptions) => ratersSeed(cli.deps, decision, options))
}

/** Makes a decision that waits for people one of known answer. */
async function ratersSeed(deps: CliDeps, decision: string, options: SeedOptions): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const { expected, note } = options
  const report = { decision_id: decision, expected, ...(note === undefined ? {} : { note }) }
  const answer = await sendRequest(deps, server, { method: 'POST', path: '/api/v1/canaries', body: report }, CanaryAnswer)
  const what = answer.approval ? 'its approval can never be redeemed' : 'verdicts on it are no evidence'
  printAnswer(deps, options.json, answer, () => `${escapeLine(answer.decision_id)}: a canary now; ${what}\n`)
  return EXIT_CODES.ok
}
