import type { Command } from 'commander'

import { containAdd } from '../contain/add.ts'
import { containmentTarget } from '../contain/containments.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { OPERATOR_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import type { ExitCode } from '../support/exit-codes.ts'
import { partOptions, reasonedOptions } from '../support/options.ts'
import type { PeopleOptions } from '../support/people-server.ts'

/** Which part of an agent: a scope or an action of it, or all of it. */
export type PartOptions = PeopleOptions & { readonly scope: string | undefined; readonly action: string | undefined }

/** Adds `gradus agents pause`. */
export function addAgentsPause(agents: Command, cli: Cli): void {
  const command = partOptions(reasonedOptions(agents.command('pause')))
    .description('takes an agent, or a part of it, out of service at once')
    .argument('<agent>', 'id of the agent')
  examples(
    command,
    'gradus agents pause support-agent --reason "odd replies, looking into it"',
    'gradus agents pause support-agent --action send_email --reason "too many mails"',
  )
  runs(
    command,
    cli,
    { ...OPERATOR_EXITS, ok: 'out of service' },
    (agent: string, options: PartOptions & { readonly reason: string }) => agentsPause(cli.deps, agent, options),
  )
}

/** Takes an agent, or a scope or an action of it, out of service at once. */
async function agentsPause(deps: CliDeps, agent: string, options: PartOptions & { readonly reason: string }): Promise<ExitCode> {
  return containAdd(deps, containmentTarget({ ...options, agent, tenant: false }), options)
}
