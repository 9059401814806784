import { resolve } from 'node:path'

import type { Command } from 'commander'

import { policySetOf } from '../../decisions/replay.ts'
import { matricesOf } from '../../policy/tenant-matrices.ts'
import { ServiceError } from '../../format/error.ts'
import type { Store } from '../../ledger/store.ts'
import { closePolicies } from '../../policy/activation.ts'
import {
  createSufficiencyFold,
  insufficientIn,
  type SufficiencyTerms,
  type SufficiencyTotals,
} from '../../reports/sufficiency.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { type DataDirOptions, withStore } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { parseSince, parseTime } from '../support/option-values.ts'
import { dataDirOptions } from '../support/options.ts'
import { openOut } from '../support/out-file.ts'
import { progress } from '../support/output.ts'
import { formOf, type SufficiencyForm } from './sufficiency-forms.ts'

/** Options of `gradus audit sufficiency`. */
export type AuditSufficiencyOptions = DataDirOptions & {
  /** `30d`, or a time. */
  readonly since: string
  readonly until: string | undefined
  readonly agent: string | undefined
  readonly tenant: string | undefined
  readonly csv: boolean
  readonly out: string | undefined
  readonly json: boolean
}
/** Policy sets whose thresholds are kept at a time. */
const TERMS_MAX = 64

/** Adds `gradus audit sufficiency`. */
export function addAuditSufficiency(audit: Command, cli: Cli): void {
  const command = dataDirOptions(audit.command('sufficiency'))
    .description('every executed action of agents with the trust it had and the trust it needed; 1: one had less')
    .requiredOption('--since <time>', 'from when on: how far back, such as 30d, or a time (ISO 8601)')
    .option('--until <time>', 'before this time (ISO 8601)')
    .option('--agent <id>', 'of this agent')
    .option('--tenant <tenant>', 'of this tenant; every tenant when absent')
    .option('--csv', 'every action as a line of CSV', false)
    .option('-o, --out <file>', 'file to write; standard output when absent')
    .option('--json', 'every action, as JSON', false)
  const exits = {
    ...LOG_EXITS,
    ok: 'no action ran with less trust than it needed',
    failed: 'one ran with less trust than it needed; or the configuration is wrong',
  }
  examples(
    command,
    'gradus audit sufficiency --since 30d',
    'gradus audit sufficiency --since 30d --agent support-agent --csv -o actions.csv',
  )
  runs(command, cli, exits, (options: AuditSufficiencyOptions) => auditSufficiency(cli.deps, options))
}

/**
 * For every action that an agent executed: the trust it had, layer by layer, and the threshold it had to meet. 0: none ran by trust with
 * less than that; 1: one did. Records are read one after the other, and rows are written as they come.
 */
async function auditSufficiency(deps: CliDeps, options: AuditSufficiencyOptions): Promise<ExitCode> {
  if (options.csv && options.json)
    throw new ServiceError('usage', '--csv and --json exclude each other', { fix: 'leave one of them out' })
  const since = new Date(parseSince(options.since, deps.nowMs())).toISOString()
  const until = options.until === undefined ? undefined : parseTime(options.until)
  const file = options.out === undefined ? undefined : await openOut(resolve(deps.cwd, options.out))
  try {
    const write = async (text: string): Promise<void> => {
      if (file === undefined) deps.stdout(text)
      else await file.write(text)
    }
    const totals = await walk(deps, options, { since, until, form: formOf(deps, options, { since, until }), write })
    await file?.sync()
    if (options.out !== undefined) deps.stdout(`${totals.executed} actions in ${options.out}\n`)
    return insufficientIn(totals) === 0 ? EXIT_CODES.ok : EXIT_CODES.failed
  } finally {
    await file?.close()
  }
}
type Walk = {
  readonly since: string
  readonly until: string | undefined
  readonly form: SufficiencyForm
  readonly write: (text: string) => Promise<void>
}

async function walk(
  deps: CliDeps,
  options: AuditSufficiencyOptions,
  { since, until, form, write }: Walk,
): Promise<SufficiencyTotals> {
  const { agent, tenant } = options
  const bar = progress(deps, options.out === undefined && (options.json || options.csv))
  const fold = createSufficiencyFold()
  await write(form.begin)
  await withStore(deps, options, async (store) => {
    const termsFor = termsIn(deps, store)
    const query = {
      kinds: ['decision'] as const,
      since,
      ...(until === undefined ? {} : { until }),
      ...(agent === undefined ? {} : { agent }),
      ...(tenant === undefined ? {} : { tenant }),
    }
    let rows = 0
    for await (const stored of deps.walkRecords(store, query)) {
      const row = fold.add(stored, await termsFor(policySetOf(stored), stored.record.tenant))
      if (row !== undefined) await write(form.row(row, rows++))
      bar.show(`read ${stored.leafIndex + 1} of ${store.size()} records`)
    }
  })
  bar.end()
  await write(form.end(fold.totals()))
  return fold.totals()
}

/** Matrix and thresholds of archived policy sets; undefined where one is not there. */
function termsIn(deps: CliDeps, store: Store): (digest: string, tenant: string) => Promise<SufficiencyTerms | undefined> {
  const known = new Map<string, SufficiencyTerms | undefined>()
  return async (digest, tenant) => {
    const key = JSON.stringify([digest, tenant])
    if (known.has(key)) return known.get(key)
    const archive = await store.archived(digest)
    const terms = archive === undefined ? undefined : await termsOf(deps, archive, tenant)
    if (known.size >= TERMS_MAX) known.clear()
    known.set(key, terms)
    return terms
  }
}

async function termsOf(deps: CliDeps, archive: Uint8Array, tenant: string): Promise<SufficiencyTerms> {
  const policySet = await deps.restorePolicySet(archive)
  const terms = { matrices: matricesOf(policySet, tenant), thresholds: policySet.constants.thresholds }
  closePolicies(policySet)
  return terms
}
