import type { Command } from 'commander'

import { IncidentAnswer } from '../../incidents/wire.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { OPERATOR_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { reasonedOptions } from '../support/options.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'
import { INCIDENTS_PATH, fetchIncident, printIncident } from './incident-answer.ts'

type ReviewOptions = PeopleOptions & { readonly reason: string }

/** Adds `gradus incidents review`. */
export function addIncidentsReview(incidents: Command, cli: Cli): void {
  const command = reasonedOptions(incidents.command('review'))
    .description('it happened, and a person looked: from now on the agent earns again')
    .argument('<incident>', 'id of the incident')
  examples(
    command,
    'gradus incidents review 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10 --reason "the rule that let it through is mended"',
  )
  runs(command, cli, { ...OPERATOR_EXITS, ok: 'reviewed' }, (id: string, options: ReviewOptions) =>
    incidentsReview(cli.deps, id, { ...options, falsePositive: false }),
  )
}

/** Adds `gradus incidents false-positive`. */
export function addIncidentsFalsePositive(incidents: Command, cli: Cli): void {
  const command = reasonedOptions(incidents.command('false-positive'))
    .description('it did not happen: gives back what the incident took')
    .argument('<incident>', 'id of the incident')
  examples(
    command,
    'gradus incidents false-positive 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10 --reason "the mail quoted our own help page"',
  )
  runs(command, cli, { ...OPERATOR_EXITS, ok: 'taken back' }, (id: string, options: ReviewOptions) =>
    incidentsReview(cli.deps, id, { ...options, falsePositive: true }),
  )
}

/** Reviews an incident: it happened, or it was a false positive, which gives back what it took. */
async function incidentsReview(
  deps: CliDeps,
  id: string,
  options: PeopleOptions & { readonly reason: string; readonly falsePositive: boolean },
): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const { agent } = await fetchIncident(deps, server, id)
  const report = { agent, false_positive: options.falsePositive, note: options.reason }
  const answer = await sendRequest(
    deps,
    server,
    { method: 'POST', path: `${INCIDENTS_PATH}/${encodeURIComponent(id)}/reviews`, body: report },
    IncidentAnswer,
  )
  printIncident(deps, answer, options.falsePositive ? 'a false positive' : 'reviewed', options.json)
  return EXIT_CODES.ok
}
