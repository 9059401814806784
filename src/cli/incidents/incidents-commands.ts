import type { Command } from 'commander'

import { type Cli, examples } from '../support/command.ts'
import { addIncidentsList } from './list.ts'
import { addIncidentsRaise } from './raise.ts'
import { addIncidentsFalsePositive, addIncidentsReview } from './review.ts'
import { addIncidentsShow } from './show.ts'

/** Commands about incidents. */
export function addIncidentsCommands(program: Command, cli: Cli): void {
  const incidents = program.command('incidents').description('incidents: list, show, raise, review, false-positive')
  examples(incidents, 'gradus incidents list --state open')
  addIncidentsList(incidents, cli)
  addIncidentsShow(incidents, cli)
  addIncidentsRaise(incidents, cli)
  addIncidentsReview(incidents, cli)
  addIncidentsFalsePositive(incidents, cli)
}
