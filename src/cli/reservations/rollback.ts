import { type Command, Option } from 'commander'

import { rollbackText } from '../../evidence/rollback-view.ts'
import { RollbackAnswer } from '../../evidence/wire.ts'
import { escapeLine } from '../../format/terminal-text.ts'
import { RollbackResult } from '../../ledger/documents/verdicts.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { OPERATOR_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { printAnswer } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'

/** Options of `gradus reservations rollback`. */
export type RollbackOptions = PeopleOptions & {
  readonly result: RollbackResult
  readonly handle: string | undefined
  readonly notes: string | undefined
}

/** Adds `gradus reservations rollback`. */
export function addReservationsRollback(reservations: Command, cli: Cli): void {
  const command = peopleOptions(reservations.command('rollback'))
    .description('records that what a decision let run was undone, or could not be; it weighs as the outcome rolled_back')
    .argument('<decision>', 'id of the decision')
    .addOption(new Option('--result <result>', 'what came of it').choices(RollbackResult.options).makeOptionMandatory())
    .option('--handle <handle>', 'the rollback handle that was reported with the outcome')
    .option('--notes <text>', 'what was done; kept in the record')
  const exits = { ...OPERATOR_EXITS, ok: 'recorded', failed: 'the configuration is wrong' }
  examples(command, 'gradus reservations rollback 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10 --result done --handle crm-4711')
  runs(command, cli, exits, (decision: string, options: RollbackOptions) => reservationsRollback(cli.deps, decision, options))
}

async function reservationsRollback(deps: CliDeps, decision: string, options: RollbackOptions): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const { result, handle, notes: detail } = options
  const body = { result, ...(handle === undefined ? {} : { handle }), ...(detail === undefined ? {} : { detail }) }
  const path = `/api/v1/decisions/${encodeURIComponent(decision)}/rollbacks`
  const answer = await sendRequest(deps, server, { method: 'POST', path, body }, RollbackAnswer)
  printAnswer(deps, options.json, answer, () => {
    const { decision_id, rollback, reason, leaf_index } = answer
    return `${escapeLine(decision_id)}: ${escapeLine(rollbackText(rollback))} ${escapeLine(reason)} (record ${leaf_index})\n`
  })
  return EXIT_CODES.ok
}
