import type { Command } from 'commander'

import { RatersAnswer } from '../../evidence/raters/wire.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { OPERATOR_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { table, printAnswer } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'
import { percent } from './share.ts'

/** Adds `gradus raters list`. */
export function addRatersList(raters: Command, cli: Cli): void {
  const command = peopleOptions(raters.command('list')).description('everybody who judges: weight, canaries, verdicts')
  const exits = { ...OPERATOR_EXITS, ok: 'listed', failed: 'the configuration is wrong' }
  examples(command, 'gradus raters list')
  runs(command, cli, exits, (options: PeopleOptions) => ratersList(cli.deps, options))
}

/** Lists everybody who judges. */
async function ratersList(deps: CliDeps, options: PeopleOptions): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const answer = await sendRequest(deps, server, { method: 'GET', path: '/api/v1/raters' }, RatersAnswer)
  printAnswer(deps, options.json, answer, () => ratersText(answer))
  return EXIT_CODES.ok
}

function ratersText({ raters }: RatersAnswer): string {
  if (raters.length === 0) return 'nobody has judged anything yet'
  return table([
    ['RATER', 'WEIGHT', 'CANARIES', 'CAUGHT', 'VERDICTS', 'YES', 'MEDIAN', 'UNITS', 'NOTE'],
    ...raters.map(({ rater, weight, canaries, verdicts, approve_rate, median_latency_seconds, units_given, ...each }) => [
      rater,
      weight.toFixed(2),
      String(canaries.seen),
      percent(canaries.catch_rate),
      String(verdicts),
      percent(approve_rate),
      median_latency_seconds === null ? '-' : `${median_latency_seconds} s`,
      units_given.toFixed(1),
      each.rubber_stamp ? 'rubber stamp' : '',
    ]),
  ])
}
