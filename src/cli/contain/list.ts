import type { Command } from 'commander'

import type { ContainmentsAnswer } from '../../incidents/wire.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { PEOPLE_LIST_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { table, printAnswer } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { fetchContainments, targetText } from './containments.ts'

/** Adds `gradus contain list`. */
export function addContainList(contain: Command, cli: Cli): void {
  const command = peopleOptions(contain.command('list')).description('what is out of service')
  examples(command, 'gradus contain list')
  runs(command, cli, { ...PEOPLE_LIST_EXITS, ok: 'listed' }, (options: PeopleOptions) => containList(cli.deps, options))
}

/** Lists what is out of service. */
async function containList(deps: CliDeps, options: PeopleOptions): Promise<ExitCode> {
  const answer = await fetchContainments(deps, await requireServer(deps, options))
  printAnswer(deps, options.json, answer, () => listText(answer))
  return EXIT_CODES.ok
}

function listText({ containments }: ContainmentsAnswer): string {
  if (containments.length === 0) return 'nothing is out of service'
  return table([
    ['CONTAINMENT', 'WHAT', 'BY', 'SINCE', 'REASON'],
    ...containments.map(({ id, target, by, at, reason }) => [id, targetText(target), by, at, reason]),
  ])
}
