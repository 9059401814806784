import type { Command } from 'commander'

import { ServiceError } from '../../format/error.ts'
import { escapeLine } from '../../format/terminal-text.ts'
import { DemotionAnswer } from '../../ladder/wire.ts'
import { Level } from '../../model/level.ts'
import { parseScopeKey } from '../support/option-values.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { OPERATOR_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { reasonedOptions } from '../support/options.ts'
import { jsonText, painter } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'

/** Options of `gradus trust demote`. */
export type DemoteOptions = PeopleOptions & {
  readonly agent: string
  readonly scope: string
  readonly to: string
  readonly reason: string
}

/** Adds `gradus trust demote`. */
export function addTrustDemote(trust: Command, cli: Cli): void {
  const command = reasonedOptions(trust.command('demote'))
    .description('takes the rungs above a level away, as the person of the token')
    .argument('<agent>', 'id of the agent')
    .argument('<scope>', 'such as crm:full')
    .requiredOption('--to <level>', 'the highest level that stays, such as L1')
  const exits = {
    ...OPERATOR_EXITS,
    ok: 'it stands at that level',
    failed: 'it stands lower already, or the configuration is wrong',
  }
  examples(command, 'gradus trust demote support-agent email:light --to L1 --reason "new duties"')
  runs(command, cli, exits, (agent: string, scope: string, options: Omit<DemoteOptions, 'agent' | 'scope'>) =>
    trustDemote(cli.deps, { ...options, agent, scope }),
  )
}

/** Takes the rungs of an agent in a scope above a level away. */
async function trustDemote(deps: CliDeps, options: DemoteOptions): Promise<ExitCode> {
  const { agent, reason } = options
  const scope = parseScopeKey(options.scope)
  const level = Level.safeParse(/^L?[0-4]$/iu.test(options.to) ? Number(options.to.slice(-1)) : undefined)
  if (!level.success)
    throw new ServiceError('usage', `"${options.to}" is not a level`, { fix: 'write L0, L1, L2 or L3, or only the digit' })
  const server = await requireServer(deps, options)
  const path = `/api/v1/agents/${encodeURIComponent(agent)}/scopes/${encodeURIComponent(scope)}/demotion`
  const answer = await sendRequest(deps, server, { method: 'POST', path, body: { level: level.data, reason } }, DemotionAnswer)
  if (options.json) deps.stdout(`${jsonText(answer)}\n`)
  else {
    const { demoted, level_before, level_after } = answer
    const head = demoted
      ? painter(deps)('yellow', `demoted from L${level_before} to L${level_after}`)
      : `stands at L${level_after} already`
    deps.stdout(`${escapeLine(agent)} in ${scope}: ${head}\n`)
  }
  return EXIT_CODES.ok
}
