import { resolve } from 'node:path'

import { ServiceError } from '../format/error.ts'
import { RECORD_KINDS, type RecordKind } from '../ledger/record.ts'
import type { RecordQuery, StoredRecord } from '../ledger/store.ts'
import { type DataDirOptions, reading } from './data-dir.ts'
import type { CliDeps } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { timeOf } from './given.ts'
import { openOut } from './out-file.ts'
import { escapeJson, jsonText, progress, table } from './output.ts'

/** Which records; every filter given has to hold. */
export type RecordFilter = {
  readonly tenant: string | undefined
  readonly kind: readonly string[]
  readonly agent: string | undefined
  readonly user: string | undefined
  readonly action: string | undefined
  readonly outcome: string | undefined
  readonly decision: string | undefined
  readonly since: string | undefined
  readonly until: string | undefined
}

/** Options of `gradus audit query`. */
export type AuditQueryOptions = DataDirOptions &
  RecordFilter & { readonly limit: string; readonly newest: boolean; readonly json: boolean }
/** Options of `gradus audit export`. */
export type AuditExportOptions = DataDirOptions & RecordFilter & { readonly out: string | undefined }

/** Lists records by agent, user, action, outcome and time. */
export async function auditQuery(deps: CliDeps, options: AuditQueryOptions): Promise<ExitCode> {
  const limit = Number(options.limit)
  if (!(Number.isInteger(limit) && limit > 0))
    throw new ServiceError('usage', `--limit ${options.limit} is not a count`, { fix: 'give a whole number from 1' })
  const query = { ...queryOf(options), newestFirst: options.newest, limit }
  const found = await reading(deps, options, async (store) => {
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

/** Writes records as JSON lines, to a file or standard output; equal logs give equal bytes. */
export async function auditExport(deps: CliDeps, options: AuditExportOptions): Promise<ExitCode> {
  const bar = progress(deps, options.out === undefined)
  const query = queryOf(options)
  const file = options.out === undefined ? undefined : await openOut(resolve(deps.cwd, options.out))
  let written = 0
  try {
    await reading(deps, options, async (store) => {
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

/** The filter as the store takes it. Throws `usage` for a kind or time that is none. */
export function queryOf(filter: RecordFilter): Omit<RecordQuery, 'limit'> {
  const { tenant, agent, user, action, outcome, decision: decisionId } = filter
  const kinds = filter.kind.map((name): RecordKind => {
    const kind = RECORD_KINDS.find((known) => known === name)
    if (kind === undefined)
      throw new ServiceError('usage', `"${name}" is not a kind of record`, { fix: `one of ${RECORD_KINDS.join(', ')}` })
    return kind
  })
  const since = filter.since === undefined ? undefined : timeOf(filter.since)
  const until = filter.until === undefined ? undefined : timeOf(filter.until)
  const given = Object.entries({ tenant, agent, user, action, outcome, decisionId, since, until }).filter(
    ([, value]) => value !== undefined,
  )
  return { ...(Object.fromEntries(given) as Omit<RecordQuery, 'limit'>), ...(kinds.length === 0 ? {} : { kinds }) }
}
