import type { Command } from 'commander'

import { ServiceError } from '../../format/error.ts'
import { escapeLine } from '../../format/terminal-text.ts'
import { LogReviewAnswer } from '../../reports/wire.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, locateDataDir } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { localPerson } from '../support/local-person.ts'
import { dataDirOptions, serverOptions } from '../support/options.ts'
import { painter, printAnswer } from '../support/output.ts'
import { findServer, sendRequest, type ServerOptions } from '../support/server-client.ts'

/** Options of `gradus audit review`. */
export type AuditReviewOptions = DataDirOptions &
  ServerOptions & {
    readonly id: string
    readonly tenant: string
    readonly as: string | undefined
    readonly notes: string
    readonly json: boolean
  }

/** Adds `gradus audit review`. */
export function addAuditReview(audit: Command, cli: Cli): void {
  const command = dataDirOptions(audit.command('review'))
    .description('record that a person looked through the log')
    .argument('<id>', 'id of the review, as the configuration names it')
    .requiredOption('--notes <text>', 'what was looked at and found; kept in the record')
  serverOptions(command, 'the person')
    .option('--tenant <tenant>', 'tenant of the review, where no server runs', 'default')
    .option('--as <name>', 'the person who reviews, where no server runs')
    .option('--json', 'as JSON', false)
  const exits = {
    ...LOG_EXITS,
    ok: 'recorded',
    not_found: 'no such review',
    refused: 'the token is missing, or names no person who may review',
    unavailable: 'the server does not answer, or the data directory is locked',
  }
  examples(command, 'gradus audit review weekly --notes "looked through the denials and the overrides"')
  runs(command, cli, exits, (id: string, options: Omit<AuditReviewOptions, 'id'>) => auditReview(cli.deps, { ...options, id }))
}

/** Records that a person looked through the log: through the running server, or, where none runs, under the lock of the data directory. */
async function auditReview(deps: CliDeps, options: AuditReviewOptions): Promise<ExitCode> {
  if (options.notes.trim() === '')
    throw new ServiceError('usage', '--notes says nothing', { fix: 'say what was looked at, and what was found' })
  const answer = await reviewed(deps, options)
  printAnswer(
    deps,
    options.json,
    answer,
    () =>
      `${painter(deps)('green', 'reviewed')} ${escapeLine(answer.id)} (record ${answer.leaf_index}), due again ${answer.due}\n`,
  )
  return EXIT_CODES.ok
}

async function reviewed(deps: CliDeps, options: AuditReviewOptions): Promise<LogReviewAnswer> {
  const { loaded, dir } = await locateDataDir(deps, options)
  const report = { review: options.id, notes: options.notes }
  const server = await findServer(deps, options, dir)
  if (server !== undefined) {
    if (options.as !== undefined)
      throw new ServiceError('usage', 'through a server, the token says who reviews', {
        fix: 'leave --as out, or stop the server',
      })
    return sendRequest(deps, server, { method: 'POST', path: '/api/v1/audit/reviews', body: report }, LogReviewAnswer)
  }
  const person = localPerson(deps, options, 'auditor', 'a review is signed')
  const service = await deps.openService(loaded, dir)
  try {
    return await service.reviewLog(person, report)
  } finally {
    await service.close()
  }
}
