import type { Command } from 'commander'

import { actorOf } from '../../access/authority.ts'
import { ServiceError } from '../../format/error.ts'
import { uuidv7 } from '../../format/uuid.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, locateDataDir } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { localPerson } from '../support/local-person.ts'
import { dataDirOptions } from '../support/options.ts'
import { printAnswer } from '../support/output.ts'

/** Options of `gradus audit retain`. */
export type AuditRetainOptions = DataDirOptions & { readonly as: string | undefined; readonly json: boolean }

/** Adds `gradus audit retain`. */
export function addAuditRetain(audit: Command, cli: Cli): void {
  const command = dataDirOptions(audit.command('retain'))
    .description('remove sealed values that were kept as long as audit.retention says, as a server does by itself')
    .option('--as <name>', 'the person who orders it')
    .option('--json', 'as JSON', false)
  const exits = { ...LOG_EXITS, ok: 'done', unavailable: 'the data directory is locked' }
  examples(command, 'gradus audit retain -c gradus.yaml')
  runs(command, cli, exits, (options: AuditRetainOptions) => auditRetain(cli.deps, options))
}

/** Removes what expired, once; the log says so first, and every proof stays. Takes the lock of the data directory. */
async function auditRetain(deps: CliDeps, options: AuditRetainOptions): Promise<ExitCode> {
  const actor = actorOf(localPerson(deps, { tenant: 'default', as: options.as }, 'administrator', 'expiring is ordered'))
  const { loaded, dir } = await locateDataDir(deps, options)
  const rules = loaded.config.audit.retention
  if (rules.length === 0)
    throw new ServiceError('bad_request', 'The configuration has no audit.retention: values are kept for ever', {
      fix: 'say how long, as "audit: { retention: [{ days: 365 }] }"',
    })
  const store = await deps.openStore(dir, 'write', loaded)
  try {
    const { nowMs } = deps
    const retain = deps.createRetention({ store, rules, nowMs, newId: uuidv7(nowMs, deps.random), actor })
    const retained = await retain()
    const { records, values, held } = retained
    const kept = held === 0 ? '' : `; a legal hold keeps ${held} kinds of records`
    printAnswer(deps, options.json, retained, () => `removed ${values} values of ${records} records${kept}\n`)
    return EXIT_CODES.ok
  } finally {
    await store.close()
  }
}
