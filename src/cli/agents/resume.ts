import type { Command } from 'commander'

import { ServiceError } from '../../format/error.ts'
import { escapeLine } from '../../format/terminal-text.ts'
import { IncidentsAnswer } from '../../incidents/wire.ts'
import type { Containment, ContainmentTarget } from '../../ledger/documents/containment.ts'
import { fetchContainments, containmentTarget, liftContainment, targetText } from '../contain/containments.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { OPERATOR_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { partOptions, peopleOptions } from '../support/options.ts'
import { jsonText, painter } from '../support/output.ts'
import { requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'
import type { PartOptions } from './pause.ts'

/** Adds `gradus agents resume`. */
export function addAgentsResume(agents: Command, cli: Cli): void {
  const command = partOptions(peopleOptions(agents.command('resume')))
    .description('lifts what a person paused, and says what still holds the agent')
    .argument('<agent>', 'id of the agent')
  const exits = { ...OPERATOR_EXITS, ok: 'lifted', not_found: 'nothing of that name is paused' }
  examples(command, 'gradus agents resume support-agent')
  runs(command, cli, exits, (agent: string, options: PartOptions) => agentsResume(cli.deps, agent, options))
}

/** Lifts what a person contained under exactly this name, and says what still holds the agent. */
async function agentsResume(deps: CliDeps, agent: string, options: PartOptions): Promise<ExitCode> {
  const target = containmentTarget({ ...options, agent, tenant: false })
  const server = await requireServer(deps, options)
  const { containments } = await fetchContainments(deps, server)
  const held = containments.filter((each) => each.by === 'person' && isSame(each.target, target))
  if (held.length === 0)
    throw new ServiceError('not_found', `${targetText(target)} is not paused`, {
      fix: 'see "gradus contain list" and "gradus incidents list"; an incident is lifted by its review',
    })
  const answers = []
  for (const { id } of held) answers.push(await liftContainment(deps, server, id))
  const path = `/api/v1/incidents?state=open&agent=${encodeURIComponent(agent)}`
  const { incidents } = await sendRequest(deps, server, { method: 'GET', path }, IncidentsAnswer)
  const left = (await fetchContainments(deps, server)).containments.filter((each) => concerns(each.target, agent))
  if (options.json) {
    deps.stdout(`${jsonText({ lifted: answers, containments: left, incidents })}\n`)
    return EXIT_CODES.ok
  }
  const still = [
    ...left.map(({ target: of, reason }) => `  still out of service: ${escapeLine(`${targetText(of)} (${reason})`)}`),
    ...incidents.map(({ incident_id, class: of }) => `  incident ${escapeLine(`${of} ${incident_id}`)} waits for its review`),
  ]
  deps.stdout([`${escapeLine(targetText(target))}: ${painter(deps)('green', 'resumed')}`, ...still, ''].join('\n'))
  return EXIT_CODES.ok
}

function isSame(one: ContainmentTarget, other: ContainmentTarget): boolean {
  return JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort())
}

function concerns(target: Containment['target'], agent: string): boolean {
  return !('agent' in target) || target.agent === undefined || target.agent === agent
}
