import type { Command } from 'commander'

import { type Cli, examples } from '../support/command.ts'
import { addPermissionRequestsClose } from './close.ts'
import { addPermissionRequestsList } from './list.ts'
import { addPermissionRequestsPatch } from './patch.ts'

/** Commands about permissions that agents ask for. */
export function addPermissionRequestsCommands(program: Command, cli: Cli): void {
  const requests = program
    .command('permission-requests')
    .description('permissions that agents ask for: list, patch, done, refuse; none of them grants anything')
  examples(requests, 'gradus permission-requests list')
  addPermissionRequestsList(requests, cli)
  addPermissionRequestsPatch(requests, cli)
  addPermissionRequestsClose(requests, cli, { name: 'done', verdict: 'done', description: 'closes one that was granted' })
  addPermissionRequestsClose(requests, cli, { name: 'refuse', verdict: 'refused', description: 'closes one that is refused' })
}
