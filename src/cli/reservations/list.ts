import type { Command } from 'commander'

import { ReservationsAnswer } from '../../approvals/wire.ts'
import { rollbackText } from '../../evidence/rollback-view.ts'
import { pausedText } from '../approvals/approval-answer.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { PEOPLE_LIST_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { printAnswer, table } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'

/** Adds `gradus reservations list`. */
export function addReservationsList(reservations: Command, cli: Cli): void {
  const command = peopleOptions(reservations.command('list'))
    .description('what an agent was let run and nobody has verified yet, with what paused it')
    .argument('<agent>', 'id of the agent')
  examples(command, 'gradus reservations list finance-agent')
  runs(command, cli, { ...PEOPLE_LIST_EXITS, ok: 'listed' }, (agent: string, options: PeopleOptions) =>
    reservationsList(cli.deps, agent, options),
  )
}

async function reservationsList(deps: CliDeps, agent: string, options: PeopleOptions): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const path = `/api/v1/agents/${encodeURIComponent(agent)}/reservations`
  const answer = await sendRequest(deps, server, { method: 'GET', path }, ReservationsAnswer)
  printAnswer(deps, options.json, answer, () => listText(answer))
  return EXIT_CODES.ok
}

function listText({ reservations, total }: ReservationsAnswer): string {
  if (total === 0) return 'nothing is outstanding'
  const rows = reservations.map((each) => [
    each.decision_id,
    each.agent ?? '-',
    each.action,
    each.scope,
    each.at,
    each.verify_by,
    pausedText(each),
    rollbackText(each.rollback),
  ])
  const rest = total > reservations.length ? `\nand ${total - reservations.length} more` : ''
  return `${table([['DECISION', 'AGENT', 'ACTION', 'SCOPE', 'SINCE', 'VERIFY BY', 'PAUSED', 'UNDO'], ...rows])}${rest}`
}
