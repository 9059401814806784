import { type Command, Option } from 'commander'

import { IncidentsAnswer, IncidentStage } from '../../incidents/wire.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { PEOPLE_LIST_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { table, printAnswer } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'
import { INCIDENTS_PATH } from './incident-answer.ts'

/** Options of `gradus incidents list`. */
export type IncidentListOptions = PeopleOptions & { readonly agent: string | undefined; readonly state: string | undefined }

/** Adds `gradus incidents list`. */
export function addIncidentsList(incidents: Command, cli: Cli): void {
  const command = peopleOptions(incidents.command('list'))
    .description('incidents that still bound an agent, what waits for a person first')
    .option('--agent <agent>', 'only those of this agent')
    .addOption(new Option('--state <state>', 'waits for a review, or recovers').choices(IncidentStage.options))
  examples(command, 'gradus incidents list --state open', 'gradus incidents list --agent support-agent')
  runs(command, cli, { ...PEOPLE_LIST_EXITS, ok: 'listed' }, (options: IncidentListOptions) => incidentsList(cli.deps, options))
}

/** Lists incidents that still bound an agent, what waits for a person first. */
async function incidentsList(deps: CliDeps, options: IncidentListOptions): Promise<ExitCode> {
  const query = new URLSearchParams()
  if (options.agent !== undefined) query.set('agent', options.agent)
  if (options.state !== undefined) query.set('state', options.state)
  const server = await requireServer(deps, options)
  const path = query.size === 0 ? INCIDENTS_PATH : `${INCIDENTS_PATH}?${query.toString()}`
  const answer = await sendRequest(deps, server, { method: 'GET', path }, IncidentsAnswer)
  printAnswer(deps, options.json, answer, () => listText(answer))
  return EXIT_CODES.ok
}

function listText({ incidents, total }: IncidentsAnswer): string {
  if (total === 0) return 'no incident bounds an agent'
  const rows = table([
    ['INCIDENT', 'STATE', 'AGENT', 'CLASS', 'REACH', 'CAP', 'SINCE', 'NEEDS'],
    ...incidents.map((each) => [
      each.incident_id,
      each.state,
      each.agent,
      each.class,
      each.scope ?? 'agent',
      each.cap.toFixed(4),
      each.since,
      each.needs === 'review' ? 'a review' : 'verified successes',
    ]),
  ])
  return total === incidents.length ? rows : `${rows}\n… ${total - incidents.length} more; name one agent with --agent`
}
