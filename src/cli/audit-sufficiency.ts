import { resolve } from 'node:path'

import { matricesOf } from '../decisions/ask-policies.ts'
import { policySetOf } from '../decisions/replay.ts'
import { ServiceError } from '../format/error.ts'
import type { Store } from '../ledger/store.ts'
import { LAYERS } from '../model/layer.ts'
import { closePolicies } from '../policy/activation.ts'
import {
  BASES,
  createSufficiencyFold,
  insufficientIn,
  SUFFICIENCIES,
  type SufficiencyRow,
  type SufficiencyTerms,
  type SufficiencyTotals,
} from '../reports/sufficiency.ts'
import { type DataDirOptions, reading } from './data-dir.ts'
import type { CliDeps } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { timeOf } from './given.ts'
import { openOut } from './out-file.ts'
import { escapeLine, jsonText, painter, progress, table } from './output.ts'
import { sinceOf } from './simulate.ts'

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

/** Actions that the text lists one by one; JSON and CSV hold all. */
const LISTED_MAX = 50
/** Policy sets whose thresholds are kept at a time. */
const TERMS_MAX = 64

/**
 * For every action that an agent executed: the trust it had, layer by layer, and the threshold it had to meet. 0: none ran by trust with
 * less than that; 1: one did. Records are read one after the other, and rows are written as they come.
 */
export async function auditSufficiency(deps: CliDeps, options: AuditSufficiencyOptions): Promise<ExitCode> {
  if (options.csv && options.json)
    throw new ServiceError('usage', '--csv and --json exclude each other', { fix: 'leave one of them out' })
  const since = new Date(sinceOf(options.since, deps.nowMs())).toISOString()
  const until = options.until === undefined ? undefined : timeOf(options.until)
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

/** How rows become text. */
type Form = {
  readonly begin: string
  readonly row: (row: SufficiencyRow, index: number) => string
  readonly end: (totals: SufficiencyTotals) => string
}
type Walk = {
  readonly since: string
  readonly until: string | undefined
  readonly form: Form
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
  await reading(deps, options, async (store) => {
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

type Span = { readonly since: string; readonly until: string | undefined }

function formOf(deps: CliDeps, options: AuditSufficiencyOptions, span: Span): Form {
  if (options.csv) return CSV
  return options.json ? jsonForm(span) : textForm(deps, options, span)
}

/** One object; its actions are written as they come. */
function jsonForm({ since, until }: Span): Form {
  return {
    begin: `{"since":${JSON.stringify(since)},"until":${JSON.stringify(until ?? null)},"actions":[`,
    row: (row, index) => `${index === 0 ? '' : ','}\n${jsonText(row, 0)}`,
    end: (totals) => `\n],"insufficient":${insufficientIn(totals)},"totals":${jsonText(totals, 0)}}\n`,
  }
}

const COLUMNS = {
  at: (row) => row.at,
  tenant: (row) => row.tenant,
  agent: (row) => row.agent,
  action: (row) => row.action,
  scope: (row) => row.scope,
  outcome: (row) => row.outcome,
  risk: (row) => row.band,
  basis: (row) => row.basis,
  verdict: (row) => row.verdict,
  level_needed: (row) => row.level_needed,
  threshold: (row) => row.threshold,
  level_effective: (row) => row.level_effective,
  score: (row) => row.score,
  identity: (row) => row.layers.identity,
  behaviour: (row) => row.layers.behaviour,
  context: (row) => row.layers.context,
  outcome_layer: (row) => row.layers.outcome,
  bottleneck_layer: (row) => row.bottleneck_layer,
  why: (row) => row.why.join('; '),
  decision_id: (row) => row.decision_id,
  leaf_index: (row) => row.leaf_index,
} as const satisfies Readonly<Record<string, (row: SufficiencyRow) => string | number | null>>

/** RFC 4180 with line feeds, without totals. */
const CSV: Form = {
  begin: `${Object.keys(COLUMNS).join(',')}\n`,
  row: (row) =>
    `${Object.values(COLUMNS)
      .map((column) => cell(column(row)))
      .join(',')}\n`,
  end: () => '',
}

/** What begins like a formula is written as text, so that no spreadsheet runs what an agent called itself. */
function cell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const text = escapeLine(/^[=+\-@]/u.test(value) ? `'${value}` : value)
  return /[",\s]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function textForm(deps: CliDeps, { out }: AuditSufficiencyOptions, { since, until }: Span): Form {
  const paint = out === undefined ? painter(deps) : (_style: unknown, text: string): string => text
  let listed = 0
  return {
    begin: `executed actions of agents since ${since}${until === undefined ? '' : `, before ${until}`}\n`,
    row: (row) => {
      if (row.verdict === 'sufficient' || row.basis === 'approval' || row.basis === 'override') return ''
      listed += 1
      if (listed > LISTED_MAX) return listed === LISTED_MAX + 1 ? '  … more; --json and --csv hold all\n' : ''
      const layers = LAYERS.map((layer) => `${layer} ${row.layers[layer] ?? '-'}`).join(', ')
      return [
        `${paint(row.verdict === 'insufficient' ? 'red' : 'yellow', row.verdict)} ${escapeLine(`${row.at} ${row.agent} ${row.action}: ${row.outcome} at ${row.band ?? 'unknown'} risk`)}`,
        `  ${escapeLine(row.why.join('; '))}`,
        `  ${layers}; decision ${escapeLine(row.decision_id)} (record ${row.leaf_index})`,
        '',
      ].join('\n')
    },
    end: (totals) => {
      const rows = BASES.map((basis) => [basis, ...SUFFICIENCIES.map((verdict) => String(totals.counts[basis][verdict]))])
      const bad = insufficientIn(totals)
      const unknown = totals.counts.trust.unknown + totals.counts.observed.unknown
      const verdict =
        bad > 0
          ? paint('red', `${bad} ran without the trust they needed`)
          : paint(
              unknown > 0 ? 'yellow' : 'green',
              unknown > 0 ? `${unknown} cannot be told` : 'every one had the trust it needed',
            )
      return `${table([['RAN BY', ...SUFFICIENCIES.map((each) => each.toUpperCase())], ...rows])}\n${totals.executed} executed of ${totals.decisions} decisions: ${verdict}\n`
    },
  }
}
