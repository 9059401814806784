import type { Command } from 'commander'

import { RaterView } from '../../evidence/raters/wire.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { OPERATOR_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { table, printAnswer } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'
import { percent } from './share.ts'

/** Adds `gradus raters show`. */
export function addRatersShow(raters: Command, cli: Cli): void {
  const command = peopleOptions(raters.command('show'))
    .description('one who judges')
    .argument('<rater>', 'the person or credential')
  const exits = { ...OPERATOR_EXITS, ok: 'shown', failed: 'the configuration is wrong' }
  examples(command, 'gradus raters show reviews')
  runs(command, cli, exits, (rater: string, options: PeopleOptions) => ratersShow(cli.deps, rater, options))
}

/** Shows one who judges. */
async function ratersShow(deps: CliDeps, name: string, options: PeopleOptions): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const path = `/api/v1/raters/${encodeURIComponent(name)}`
  const view = await sendRequest(deps, server, { method: 'GET', path }, RaterView)
  printAnswer(deps, options.json, view, () => raterText(view))
  return EXIT_CODES.ok
}

function raterText(view: RaterView): string {
  const { canaries, verdicts, median_latency_seconds: median } = view
  return table([
    ['rater', view.rater],
    ['weight', `${view.weight.toFixed(4)}, ${view.calibrated ? 'by the canaries' : 'as of any person: not enough canaries yet'}`],
    ['canaries', `${canaries.caught} of ${canaries.seen} judged rightly`],
    ['verdicts', `${verdicts}, ${percent(view.approve_rate)} of them yes, ${view.hasty} too fast to have read it`],
    ['latency', median === null ? 'unknown' : `half of them within ${median} s`],
    ['gave', `${view.units_given.toFixed(1)} units of success`],
    ...(view.rubber_stamp ? [['note', 'says yes to nearly everything, faster than it can be read']] : []),
  ])
}
