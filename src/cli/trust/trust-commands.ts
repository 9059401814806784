import type { Command } from 'commander'

import { type Cli, examples } from '../support/command.ts'
import { addTrustDemote } from './demote.ts'
import { addTrustHolds } from './holds.ts'
import { addTrustImport } from './import.ts'
import { addTrustPromote } from './promote.ts'
import { addTrustRebuild } from './rebuild.ts'
import { addTrustReplay } from './replay.ts'
import { addTrustReport } from './report.ts'
import { addTrustResolve } from './resolve.ts'
import { addTrustShow } from './show.ts'
import { addTrustWhy } from './why.ts'

/** Commands about the trust of agents. */
export function addTrustCommands(program: Command, cli: Cli): void {
  const trust = program.command('trust').description('trust of agents: show, say why, replay a history, promote, rebuild')
  examples(trust, 'gradus trust show support-agent', 'gradus trust why support-agent email:light')
  addTrustShow(trust, cli)
  addTrustWhy(trust, cli)
  addTrustReport(trust, cli)
  addTrustRebuild(trust, cli)
  addTrustReplay(trust, cli)
  addTrustImport(trust, cli)
  addTrustPromote(trust, cli)
  addTrustDemote(trust, cli)
  addTrustHolds(trust, cli)
  addTrustResolve(trust, cli)
}
