import { type Command, Option } from 'commander'

import { actorOf } from '../../access/authority.ts'
import { uuidv7 } from '../../format/uuid.ts'
import { escapeLine } from '../../format/terminal-text.ts'
import { RecordKind } from '../../ledger/record.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, locateDataDir } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { localPerson } from '../support/local-person.ts'
import { dataDirOptions } from '../support/options.ts'
import { printAnswer } from '../support/output.ts'

/** Options of `gradus audit hold`. */
export type AuditHoldOptions = DataDirOptions & {
  readonly tenant: string
  readonly kind: readonly RecordKind[]
  readonly release: string | undefined
  readonly reason: string
  readonly as: string | undefined
  readonly json: boolean
}

/** Adds `gradus audit hold`. */
export function addAuditHold(audit: Command, cli: Cli): void {
  const command = dataDirOptions(audit.command('hold'))
    .description('keep values of a tenant from being erased or expiring, until the hold is released')
    .option('--tenant <tenant>', 'tenant of the records', 'default')
    .addOption(new Option('--kind <kind...>', 'only records of these kinds').choices(RecordKind.options).default([], 'all'))
    .option('--release <id>', 'end this hold instead; "audit query --action audit.hold" lists them')
    .requiredOption('--reason <text>', 'why; kept in the record')
    .option('--as <name>', 'the person who orders it')
    .option('--json', 'as JSON', false)
  const exits = {
    ...LOG_EXITS,
    ok: 'recorded',
    not_found: 'no store there, or no such hold in force',
    unavailable: 'the data directory is locked',
  }
  examples(
    command,
    'gradus audit hold --reason "litigation 7 of 2026"',
    'gradus audit hold --kind decision outcome --reason "inquiry"',
  )
  runs(command, cli, exits, (options: AuditHoldOptions) => auditHold(cli.deps, options))
}

/** Places or releases a legal hold: a record of its own. Takes the lock of the data directory. */
async function auditHold(deps: CliDeps, options: AuditHoldOptions): Promise<ExitCode> {
  const { tenant, kind, release, reason } = options
  const actor = actorOf(localPerson(deps, options, 'administrator', 'a legal hold is ordered'))
  const { loaded, dir } = await locateDataDir(deps, options)
  const store = await deps.openStore(dir, 'write', loaded)
  try {
    const nowMs = deps.nowMs()
    const id = uuidv7(() => nowMs, deps.random)()
    const order = { id, at: new Date(nowMs).toISOString(), tenant, actor, reason }
    if (release === undefined) await deps.placeHold(store, order, kind.length === 0 ? null : kind)
    else await deps.releaseHold(store, order, release)
    const hold = release ?? id
    printAnswer(
      deps,
      options.json,
      { hold, in_force: release === undefined },
      () => `${release === undefined ? 'placed' : 'released'} the legal hold ${escapeLine(hold)}\n`,
    )
    return EXIT_CODES.ok
  } finally {
    await store.close()
  }
}
