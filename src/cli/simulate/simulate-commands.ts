import type { Command } from 'commander'

import type { Cli } from '../support/command.ts'
import { addSimulate } from './simulate.ts'
import { addSimulateTrust } from './simulate-trust.ts'

/** Commands that try out what has not happened. */
export function addSimulateCommands(program: Command, cli: Cli): void {
  addSimulateTrust(addSimulate(program, cli), cli)
}
