import type { Command } from 'commander'

import { type Cli, examples } from '../support/command.ts'
import { addContainAdd } from './add.ts'
import { addContainLift } from './lift.ts'
import { addContainList } from './list.ts'

/** Commands about what is out of service. */
export function addContainCommands(program: Command, cli: Cli): void {
  const contain = program.command('contain').description('what is out of service: list, add, lift')
  examples(contain, 'gradus contain list')
  addContainList(contain, cli)
  addContainAdd(contain, cli)
  addContainLift(contain, cli)
}
