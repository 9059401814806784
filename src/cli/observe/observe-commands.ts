import type { Command } from 'commander'

import { type Cli, examples } from '../support/command.ts'
import { addObserveReady } from './ready.ts'
import { addObserveReport } from './report.ts'

/** Commands about what is only observed. */
export function addObserveCommands(program: Command, cli: Cli): void {
  const observe = program
    .command('observe')
    .description('what is only observed: what enforcing would change, whether it is time to')
  examples(observe, 'gradus observe report --since 7d')
  addObserveReport(observe, cli)
  addObserveReady(observe, cli)
}
