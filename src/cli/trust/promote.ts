import type { Command } from 'commander'

import { escapeLine } from '../../format/terminal-text.ts'
import { PromotionAnswer } from '../../ladder/wire.ts'
import { parseScopeKey } from '../support/option-values.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, locateDataDir } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { localPerson } from '../support/local-person.ts'
import { serverOptions, dataDirOptions } from '../support/options.ts'
import { jsonText, painter, table } from '../support/output.ts'
import { findServer, sendRequest, type ServerOptions } from '../support/server-client.ts'

/** Options of `gradus trust promote`. */
export type PromoteOptions = DataDirOptions &
  ServerOptions & {
    readonly agent: string
    readonly scope: string
    readonly tenant: string
    readonly note: string | undefined
    readonly as: string | undefined
    readonly json: boolean
  }

/** Adds `gradus trust promote`. */
export function addTrustPromote(trust: Command, cli: Cli): void {
  const command = serverOptions(dataDirOptions(trust.command('promote')), 'an operator')
    .description('one rung up, if every gate is passed; otherwise why not yet')
    .argument('<agent>', 'id of the agent')
    .argument('<scope>', 'such as crm:full')
    .option('--tenant <tenant>', 'tenant of the agent, where no server runs', 'default')
    .option('--as <name>', 'the person who signs, where no server runs')
    .option('--note <text>', 'kept in the record')
    .option('--json', 'as JSON', false)
  const exits = {
    ...LOG_EXITS,
    ok: 'promoted',
    failed: 'not yet, and every gate is told; or the configuration is wrong',
    not_found: 'no such agent',
    refused: 'the credential may not promote',
    unavailable: 'the server does not answer, or the data directory is locked',
  }
  examples(
    command,
    'gradus trust promote support-agent email:light',
    'gradus trust promote support-agent email:full --note "two months without a failure"',
  )
  runs(command, cli, exits, (agent: string, scope: string, options: Omit<PromoteOptions, 'agent' | 'scope'>) =>
    trustPromote(cli.deps, { ...options, agent, scope }),
  )
}

/** Asks for one rung up: of the running server, or, where none runs, under the lock of the data directory. 0: promoted; 1: not yet, with every gate. */
async function trustPromote(deps: CliDeps, options: PromoteOptions): Promise<ExitCode> {
  const scope = parseScopeKey(options.scope)
  const answer = await promotion(deps, options, scope)
  if (options.json) deps.stdout(`${jsonText(answer)}\n`)
  else {
    const paint = painter(deps)
    const head = answer.promoted
      ? paint('green', `promoted to L${answer.level_after}`)
      : paint('yellow', `not yet: stays at L${answer.level_before}`)
    deps.stdout(
      `${escapeLine(options.agent)} in ${scope}: ${head}\n${table(answer.gates.map(({ gate, passed, have, need }) => [passed ? '  ok' : '  --', gate, `have ${have}`, `need ${need}`]))}\n`,
    )
  }
  return answer.promoted ? EXIT_CODES.ok : EXIT_CODES.failed
}

async function promotion(deps: CliDeps, options: PromoteOptions, scope: string): Promise<PromotionAnswer> {
  const { loaded, dir } = await locateDataDir(deps, options)
  const report = options.note === undefined ? {} : { note: options.note }
  const server = await findServer(deps, options, dir)
  if (server !== undefined)
    return sendRequest(
      deps,
      server,
      {
        method: 'POST',
        path: `/api/v1/agents/${encodeURIComponent(options.agent)}/scopes/${encodeURIComponent(scope)}/promotions`,
        body: report,
      },
      PromotionAnswer,
    )
  const person = localPerson(deps, options, 'operator', 'a promotion is signed')
  const service = await deps.openService(loaded, dir)
  try {
    return await service.promote(person, options.agent, scope, report)
  } finally {
    await service.close()
  }
}
