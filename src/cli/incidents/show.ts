import type { Command } from 'commander'

import { escapeLine } from '../../format/terminal-text.ts'
import type { IncidentView } from '../../incidents/wire.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { OPERATOR_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { table, printAnswer } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { fetchIncident } from './incident-answer.ts'

/** Adds `gradus incidents show`. */
export function addIncidentsShow(incidents: Command, cli: Cli): void {
  const command = peopleOptions(incidents.command('show'))
    .description('one incident: what it caps where, and what lifts it')
    .argument('<incident>', 'id of the incident')
  const exits = { ...OPERATOR_EXITS, ok: 'shown', failed: 'the configuration is wrong' }
  examples(command, 'gradus incidents show 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10')
  runs(command, cli, exits, (id: string, options: PeopleOptions) => incidentsShow(cli.deps, id, options))
}

/** Shows one incident: what it caps where, and what lifts it. */
async function incidentsShow(deps: CliDeps, id: string, options: PeopleOptions): Promise<ExitCode> {
  const view = await fetchIncident(deps, await requireServer(deps, options), id)
  printAnswer(deps, options.json, view, () => `${viewText(view)}\n`)
  return EXIT_CODES.ok
}

function viewText(view: IncidentView): string {
  const id = escapeLine(view.incident_id)
  const head = table([
    ['incident', view.incident_id],
    ['agent', view.agent],
    ['class', view.class],
    ['reach', view.scope ?? 'the whole agent'],
    ['since', view.since],
    ['cap', `${view.cap.toFixed(4)}, raised at ${view.cap_raised.toFixed(4)}`],
    ['review', view.review],
  ])
  const scopes = view.scopes.map(({ scope, cap, proven }) => [
    '  ',
    scope,
    `cap ${cap.toFixed(4)}`,
    `${proven.toFixed(1)} units proven since`,
  ])
  const lifts =
    view.needs === 'evidence'
      ? [`lifted by verified successes later than ${escapeLine(view.counts_from ?? view.since)}, and by nothing else`]
      : [
          'waits for a person; nothing that the agent does counts before:',
          `  gradus incidents review ${id} --reason …          it happened: from then on successes count`,
          ...(view.merged ? [] : [`  gradus incidents false-positive ${id} --reason …  it did not: gives back what it took`]),
        ]
  return [head, ...(scopes.length === 0 ? [] : [table(scopes)]), ...lifts].join('\n')
}
