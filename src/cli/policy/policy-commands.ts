import type { Command } from 'commander'

import type { Cli } from '../support/command.ts'
import { addBuild } from './build.ts'
import { addCheck } from './check.ts'
import { addEval } from './eval.ts'
import { addExplain } from './explain.ts'
import { addTest } from './test.ts'

/** Commands of people who write policies. */
export function addPolicyCommands(program: Command, cli: Cli): void {
  addEval(program, cli)
  addExplain(program, cli)
  addTest(program, cli)
  addCheck(program, cli)
  addBuild(program, cli)
}
