import type { Command } from 'commander'

import { escapeLine, type Paint } from '../../format/terminal-text.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, locateDataDir } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import type { Rebuilding } from '../../ledger/log-verification.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { dataDirOptions } from '../support/options.ts'
import { jsonText, painter, progress } from '../support/output.ts'

/** Options of `gradus trust rebuild`. */
export type TrustRebuildOptions = DataDirOptions & {
  /** Only compare. */
  readonly check: boolean
  readonly key: string | undefined
  readonly json: boolean
}

/** Adds `gradus trust rebuild`. */
export function addTrustRebuild(trust: Command, cli: Cli): void {
  const command = dataDirOptions(trust.command('rebuild'))
    .description('derives all state again from the log, and puts it in the place of what is stored')
    .option('--check', 'only compare, beside a running server or without one', false)
    .option('--key <text>', 'public key of the log; that of the data directory when absent')
    .option('--json', 'as JSON', false)
  const exits = {
    ok: 'rebuilt; --check: what is stored is what the records make',
    failed: '--check: what is stored is something else; or the configuration is wrong',
    not_found: 'no store there',
    unavailable: 'a server runs on the data directory; --check works beside it',
    damaged: 'the log itself is not whole, so nothing was changed',
    io: LOG_EXITS.io,
  }
  examples(command, 'gradus trust rebuild --check', 'gradus trust rebuild -d data')
  runs(command, cli, exits, (options: TrustRebuildOptions) => trustRebuild(cli.deps, options))
}

/** Derives all state again from the log. With `--check` it is compared with what is stored (1: they differ); otherwise it takes its place. */
async function trustRebuild(deps: CliDeps, options: TrustRebuildOptions): Promise<ExitCode> {
  const { loaded, dir } = await locateDataDir(deps, options)
  const bar = progress(deps, options.json)
  const report = await deps.rebuildState({
    dataDir: dir,
    loaded,
    publicKey: options.key,
    write: !options.check,
    onProgress: (done, total) => bar.show(`derived from ${done} of ${total} records`),
  })
  bar.end()
  deps.stdout(options.json ? `${jsonText(report)}\n` : plain(report, painter(deps)))
  if (report.damaged) return EXIT_CODES.damaged
  return report.written || report.ok ? EXIT_CODES.ok : EXIT_CODES.failed
}

function plain({ records, documents, findings, omitted, damaged, written }: Rebuilding, paint: Paint): string {
  const lines = findings.map(
    ({ kind, leafIndex, id, subject, message }) =>
      `${paint('red', kind)}${leafIndex === undefined ? '' : ` record ${leafIndex}`}${[id, subject].map((about) => (about === undefined ? '' : ` ${escapeLine(about)}`)).join('')}: ${escapeLine(message)}`,
  )
  const count = findings.length + omitted
  const derived = `derived from ${records} records and compared with ${documents} documents`
  return [...lines, ...(omitted === 0 ? [] : [`and ${omitted} more`]), ending(), ''].join('\n')

  function ending(): string {
    if (damaged)
      return `${paint('red', 'the log itself is not whole')}, so nothing was changed: "gradus audit verify" tells more; restore a backup`
    if (count === 0) return `${paint('green', 'the same')}: ${derived}`
    if (written) return `${paint('yellow', 'rebuilt')}: ${count} differences are gone; ${derived}`
    return `${paint('red', 'not the same')}: ${count} differences; ${derived}`
  }
}
