import type { Command } from 'commander'

import type { Cli } from '../support/command.ts'
import { addAgentsPause } from './pause.ts'
import { addAgentsResume } from './resume.ts'
import { addAgentsRevoke } from './revoke.ts'

/** Commands that take an agent out of service and back. */
export function addAgentsCommands(program: Command, cli: Cli): void {
  const agents = program.command('agents').description('steer an agent: pause, resume, revoke')
  addAgentsPause(agents, cli)
  addAgentsResume(agents, cli)
  addAgentsRevoke(agents, cli)
}
