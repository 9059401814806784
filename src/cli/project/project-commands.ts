import type { Command } from 'commander'

import type { Cli } from '../support/command.ts'
import { addCatalogueDraft } from './catalogue-draft.ts'
import { addFixtureFrom } from './fixture-from.ts'
import { addInit } from './init.ts'

/** Commands of a team's own repository: begin one, draft its catalogue, take fixtures from life. */
export function addProjectCommands(program: Command, cli: Cli): void {
  addInit(program, cli)
  addCatalogueDraft(program.command('catalogue').description('the action catalogue'), cli)
  addFixtureFrom(program.command('fixture').description('decision fixtures'), cli)
}
