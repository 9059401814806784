import { resolve } from 'node:path'

import type { Command } from 'commander'

import { escapeJson } from '../../format/terminal-text.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, withStore } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { dataDirOptions } from '../support/options.ts'
import { openOut } from '../support/out-file.ts'
import { progress } from '../support/output.ts'
import { recordQuery, recordFilterOptions, type RecordFilter } from './record-filter.ts'

/** Options of `gradus audit export`. */
export type AuditExportOptions = DataDirOptions & RecordFilter & { readonly out: string | undefined }

/** Adds `gradus audit export`. */
export function addAuditExport(audit: Command, cli: Cli): void {
  const command = recordFilterOptions(dataDirOptions(audit.command('export')))
    .description('write records as JSON lines')
    .option('-o, --out <file>', 'file to write; standard output when absent')
    .option('--json', 'JSON lines, as always', false)
  examples(command, 'gradus audit export --since 30d -o log.jsonl')
  runs(command, cli, { ...LOG_EXITS, ok: 'written' }, (options: AuditExportOptions) => auditExport(cli.deps, options))
}

/** Writes records as JSON lines, to a file or standard output; equal logs give equal bytes. */
async function auditExport(deps: CliDeps, options: AuditExportOptions): Promise<ExitCode> {
  const bar = progress(deps, options.out === undefined)
  const query = recordQuery(options, deps.nowMs())
  const file = options.out === undefined ? undefined : await openOut(resolve(deps.cwd, options.out))
  let written = 0
  try {
    await withStore(deps, options, async (store) => {
      for await (const stored of deps.walkRecords(store, query)) {
        const line = `${deps.exportLine(stored)}\n`
        // A terminal must not be steered by what was recorded; a pipe or a file gets the bytes as they are.
        if (file === undefined) deps.stdout(deps.stdoutIsTty ? escapeJson(line) : line)
        else await file.write(line)
        written += 1
        bar.show(`exported ${written} records`)
      }
    })
    await file?.sync()
  } finally {
    await file?.close()
  }
  bar.end()
  if (options.out !== undefined) deps.stdout(`${written} records in ${options.out}\n`)
  return EXIT_CODES.ok
}
