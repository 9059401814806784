import type { Command } from 'commander'

import { ServiceError } from '../../format/error.ts'
import { escapeLine } from '../../format/terminal-text.ts'
import { HoldAnswer } from '../../incidents/wire.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { OPERATOR_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { jsonText, painter } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'

/** Options of `gradus trust resolve`. */
export type ResolveOptions = PeopleOptions & {
  readonly agent: string
  readonly hold: string
  readonly accept: boolean
  readonly dismiss: boolean
  readonly note: string | undefined
}

/** Adds `gradus trust resolve`. */
export function addTrustResolve(trust: Command, cli: Cli): void {
  const command = peopleOptions(trust.command('resolve'))
    .description('says whether what waited is true, as the person of the token')
    .argument('<agent>', 'id of the agent')
    .argument('<hold>', 'id of what waits')
    .option('--accept', 'it is true, and weighs as of its own time', false)
    .option('--dismiss', 'it is not, and never weighs', false)
    .option('--note <text>', 'why; kept in the record')
  const exits = { ...OPERATOR_EXITS, ok: 'accepted or dismissed', failed: 'the configuration is wrong' }
  examples(
    command,
    'gradus trust resolve support-agent 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10 --dismiss --note "the reports quote each other"',
  )
  runs(command, cli, exits, (agent: string, hold: string, options: Omit<ResolveOptions, 'agent' | 'hold'>) =>
    trustResolve(cli.deps, { ...options, agent, hold }),
  )
}

/** Says whether what waited about an agent is true. */
async function trustResolve(deps: CliDeps, options: ResolveOptions): Promise<ExitCode> {
  const { agent, hold, accept, dismiss, note } = options
  if (accept === dismiss)
    throw new ServiceError('usage', 'say whether it is true', { fix: 'add --accept or --dismiss, and only one of them' })
  const server = await requireServer(deps, options)
  const path = `/api/v1/agents/${encodeURIComponent(agent)}/holds/${encodeURIComponent(hold)}`
  const report = { resolution: accept ? 'accept' : 'dismiss', ...(note === undefined ? {} : { note }) }
  const answer = await sendRequest(deps, server, { method: 'POST', path, body: report }, HoldAnswer)
  if (options.json) deps.stdout(`${jsonText(answer)}\n`)
  else {
    const { resolution, weighed } = answer
    const said = resolution === 'accept' ? `accepted; ${weighed} reports weigh now, as of their own time` : 'dismissed'
    deps.stdout(`${escapeLine(answer.hold_id)}: ${painter(deps)(resolution === 'accept' ? 'yellow' : 'green', said)}\n`)
  }
  return EXIT_CODES.ok
}
