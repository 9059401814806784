import type { Command } from 'commander'

import { type Cli, examples } from '../support/command.ts'
import { addRatersList } from './list.ts'
import { addRatersSeed } from './seed.ts'
import { addRatersShow } from './show.ts'

/** Commands about those who judge. */
export function addRatersCommands(program: Command, cli: Cli): void {
  const raters = program.command('raters').description('those who judge: list, show, seed')
  examples(raters, 'gradus raters list')
  addRatersList(raters, cli)
  addRatersShow(raters, cli)
  addRatersSeed(raters, cli)
}
