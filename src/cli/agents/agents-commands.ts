import type { Command } from 'commander'

import { type Cli, examples } from '../support/command.ts'
import { addAgentsList } from './list.ts'
import { addAgentsPause } from './pause.ts'
import { addAgentsResume } from './resume.ts'
import { addAgentsRevoke } from './revoke.ts'

/** Commands that take an agent out of service and back. */
export function addAgentsCommands(program: Command, cli: Cli): void {
  const agents = program.command('agents').description('list the agents; steer one: pause, resume, revoke')
  examples(agents, 'gradus agents list', 'gradus agents pause support-agent --reason "looking into it"')
  addAgentsList(agents, cli)
  addAgentsPause(agents, cli)
  addAgentsResume(agents, cli)
  addAgentsRevoke(agents, cli)
}
