import type { Command } from 'commander'

import { AgentTrustAnswer } from '../../ladder/wire.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { OPERATOR_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { table, printAnswer } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'

/** Adds `gradus trust holds`. */
export function addTrustHolds(trust: Command, cli: Cli): void {
  const command = peopleOptions(trust.command('holds'))
    .description('what waits for a person about an agent')
    .argument('<agent>', 'id of the agent')
  const exits = { ...OPERATOR_EXITS, ok: 'listed', failed: 'the configuration is wrong' }
  examples(command, 'gradus trust holds support-agent')
  runs(command, cli, exits, (agent: string, options: PeopleOptions) => trustHolds(cli.deps, agent, options))
}

/** Lists what waits for a person about an agent. */
async function trustHolds(deps: CliDeps, agent: string, options: PeopleOptions): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const path = `/api/v1/agents/${encodeURIComponent(agent)}/trust`
  const { holds } = await sendRequest(deps, server, { method: 'GET', path }, AgentTrustAnswer)
  printAnswer(deps, options.json, { agent, holds }, () => holdsText(holds))
  return EXIT_CODES.ok
}

function holdsText(holds: AgentTrustAnswer['holds']): string {
  if (holds.length === 0) return 'nothing waits'
  return table([
    ['HOLD', 'REASON', 'SCOPE', 'SOURCE', 'UNITS', 'CAP', 'SINCE'],
    ...holds.map(({ id, reason, scope, source, units, cap, since }) => [
      id,
      reason,
      scope ?? 'all',
      source,
      units.toFixed(1),
      cap === null ? '-' : String(cap),
      since,
    ]),
  ])
}
