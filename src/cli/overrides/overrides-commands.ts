import type { Command } from 'commander'

import { type Cli, examples } from '../support/command.ts'
import { addOverridesConfirm } from './confirm.ts'
import { addOverridesEnd } from './end.ts'
import { addOverridesList } from './list.ts'
import { addOverridesOpen } from './open.ts'

/** Commands about emergency overrides. */
export function addOverridesCommands(program: Command, cli: Cli): void {
  const overrides = program.command('overrides').description('emergency overrides: list, open, confirm, end')
  examples(overrides, 'gradus overrides list')
  addOverridesList(overrides, cli)
  addOverridesOpen(overrides, cli)
  addOverridesConfirm(overrides, cli)
  addOverridesEnd(overrides, cli)
}
