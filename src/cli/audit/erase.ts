import type { Command } from 'commander'

import { actorOf } from '../../access/authority.ts'
import { uuidv7 } from '../../format/uuid.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, locateDataDir } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { localPerson } from '../support/local-person.ts'
import { dataDirOptions, collect } from '../support/options.ts'
import { printAnswer } from '../support/output.ts'

/** Options of `gradus audit erase`. */
export type AuditEraseOptions = DataDirOptions & {
  readonly tenant: string
  readonly agent: string | undefined
  readonly user: string | undefined
  readonly decision: string | undefined
  readonly pointer: readonly string[]
  readonly reason: string
  readonly as: string | undefined
  readonly json: boolean
}

/** Adds `gradus audit erase`. */
export function addAuditErase(audit: Command, cli: Cli): void {
  const command = dataDirOptions(audit.command('erase'))
    .description('remove sealed values of an agent, user or decision; every proof stays')
    .option('--tenant <tenant>', 'tenant of the records', 'default')
    .option('--agent <id>', 'of this agent')
    .option('--user <id>', 'of this person')
    .option('--decision <id>', 'of this decision')
    .option('--pointer <pointer>', 'only this member, a JSON Pointer; may be repeated', collect, [])
    .requiredOption('--reason <text>', 'why; kept in the record')
    .option('--as <name>', 'the person who orders it')
    .option('--json', 'as JSON', false)
  const exits = { ...LOG_EXITS, ok: 'erased', unavailable: 'the data directory is locked' }
  examples(command, 'gradus audit erase --user ann --reason "asked to be forgotten on 3 March"')
  runs(command, cli, exits, (options: AuditEraseOptions) => auditErase(cli.deps, options))
}

/** Removes the sealed values of the records selected; the log says so first, and every proof stays. Takes the lock of the data directory. */
async function auditErase(deps: CliDeps, options: AuditEraseOptions): Promise<ExitCode> {
  const { tenant, agent, user, decision: decisionId, pointer } = options
  const actor = actorOf(localPerson(deps, options, 'administrator', 'an erasure is ordered'))
  const { loaded, dir } = await locateDataDir(deps, options)
  const store = await deps.openStore(dir, 'write', loaded)
  try {
    const nowMs = deps.nowMs()
    const named = Object.fromEntries(Object.entries({ agent, user, decisionId }).filter(([, value]) => value !== undefined))
    const erasure = await deps.eraseRecords(
      store,
      { tenant, ...named, ...(pointer.length === 0 ? {} : { pointers: pointer }) },
      { newId: uuidv7(() => nowMs, deps.random), at: new Date(nowMs).toISOString(), actor, reason: options.reason },
    )
    printAnswer(
      deps,
      options.json,
      { leaf_index: erasure.leafIndex, records: erasure.records, values: erasure.values },
      () => `erased ${erasure.values} values of ${erasure.records} records; record ${erasure.leafIndex} says so\n`,
    )
    return EXIT_CODES.ok
  } finally {
    await store.close()
  }
}
