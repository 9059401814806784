import type { Command } from 'commander'

import { ServiceError } from '../../format/error.ts'
import type { StoredRecord } from '../../ledger/store.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, withStore } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { dataDirOptions } from '../support/options.ts'
import { jsonText, table } from '../support/output.ts'
import { recordQuery, recordFilterOptions, type RecordFilter } from './record-filter.ts'

/** Options of `gradus audit query`. */
export type AuditQueryOptions = DataDirOptions &
  RecordFilter & { readonly limit: string; readonly newest: boolean; readonly json: boolean }

/** Adds `gradus audit query`. */
export function addAuditQuery(audit: Command, cli: Cli): void {
  const command = recordFilterOptions(dataDirOptions(audit.command('query')))
    .description('list records')
    .option('--limit <count>', 'at most so many', '100')
    .option('--newest', 'newest first', false)
    .option('--json', 'as JSON', false)
  examples(
    command,
    'gradus audit query --agent support-agent --since 7d --newest',
    'gradus audit query --kind incident --kind review --limit 20',
  )
  runs(command, cli, { ...LOG_EXITS, ok: 'listed' }, (options: AuditQueryOptions) => auditQuery(cli.deps, options))
}

/** Lists records by agent, user, action, outcome and time. */
async function auditQuery(deps: CliDeps, options: AuditQueryOptions): Promise<ExitCode> {
  const limit = Number(options.limit)
  if (!(Number.isInteger(limit) && limit > 0))
    throw new ServiceError('usage', `--limit ${options.limit} is not a count`, { fix: 'give a whole number from 1' })
  const query = { ...recordQuery(options, deps.nowMs()), newestFirst: options.newest, limit }
  const found = await withStore(deps, options, async (store) => {
    const records: StoredRecord[] = []
    for await (const stored of deps.walkRecords(store, query)) records.push(stored)
    return records
  })
  if (options.json)
    deps.stdout(`${jsonText(found.map(({ leafIndex, record, state }) => ({ leaf_index: leafIndex, state, record })))}\n`)
  else if (found.length === 0) deps.stderr('no such record\n')
  else
    deps.stdout(`${table([['RECORD', 'TIME', 'KIND', 'AGENT', 'USER', 'ACTION', 'OUTCOME', 'MODE', 'ID'], ...found.map(row)])}\n`)
  return EXIT_CODES.ok
}

function row({ leafIndex, record, state }: StoredRecord): readonly string[] {
  const mark = state === 'whole' ? '' : ` (${state})`
  return [
    `${leafIndex}${mark}`,
    record.at,
    record.kind,
    record.agent ?? '-',
    record.user ?? '-',
    record.action ?? '-',
    record.outcome ?? '-',
    modeText(record.body),
    record.id,
  ]
}

/** How a decision came to its outcome: enforced, or with something only observed, and then what would have been answered. */
function modeText(body: Readonly<Record<string, unknown>>): string {
  const { facts, would } = body as {
    readonly facts?: { readonly mode?: { readonly mode?: string } }
    readonly would?: { readonly decision?: { readonly outcome?: string } } | null
  }
  const mode = facts?.mode?.mode
  if (mode === undefined) return '-'
  const outcome = would?.decision?.outcome
  return outcome === undefined ? mode : `${mode === 'observe' ? mode : 'partly'}, would ${outcome}`
}
