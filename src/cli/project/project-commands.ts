import type { Command } from 'commander'

import { type Cli, examples } from '../support/command.ts'
import { addCatalogueDraft } from './catalogue-draft.ts'
import { addFixtureFrom } from './fixture-from.ts'
import { addInit } from './init.ts'

/** Commands of a team's own repository: begin one, draft its catalogue, take fixtures from life. */
export function addProjectCommands(program: Command, cli: Cli): void {
  addInit(program, cli)
  const catalogue = program.command('catalogue').description('the action catalogue')
  examples(catalogue, 'gradus catalogue draft --since 7d')
  addCatalogueDraft(catalogue, cli)
  const fixture = program.command('fixture').description('decision fixtures')
  examples(fixture, 'gradus fixture from 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10')
  addFixtureFrom(fixture, cli)
}
