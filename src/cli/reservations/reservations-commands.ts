import type { Command } from 'commander'

import { addResume } from '../approvals/resume.ts'
import { type Cli, examples } from '../support/command.ts'
import { addReservationsList } from './list.ts'
import { addReservationsRollback } from './rollback.ts'

/** Commands about what was let run and nobody has verified yet. */
export function addReservationsCommands(program: Command, cli: Cli): void {
  const reservations = program
    .command('reservations')
    .description('what was let run and is not verified yet: list, resume, rollback')
  examples(reservations, 'gradus reservations list finance-agent')
  addReservationsList(reservations, cli)
  addResume(reservations, cli, 'lets one count as going on after a pause, so that its enforcement point hears of it')
  addReservationsRollback(reservations, cli)
}
