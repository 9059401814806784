import { escapeLine } from '../../format/terminal-text.ts'
import { LAYERS } from '../../model/layer.ts'
import { BASES, insufficientIn, SUFFICIENCIES, type SufficiencyRow, type SufficiencyTotals } from '../../reports/sufficiency.ts'
import type { CliDeps } from '../support/deps.ts'
import { jsonText, painter, table } from '../support/output.ts'

/** Actions that the text lists one by one; JSON and CSV hold all. */
const LISTED_MAX = 50

/** How rows become text. */
export type SufficiencyForm = {
  readonly begin: string
  readonly row: (row: SufficiencyRow, index: number) => string
  readonly end: (totals: SufficiencyTotals) => string
}

/** What of the options decides the form. */
type FormOptions = { readonly csv: boolean; readonly json: boolean; readonly out: string | undefined }
type Span = { readonly since: string; readonly until: string | undefined }

/** How the options want rows as text: CSV, JSON or a list for people. */
export function formOf(deps: CliDeps, options: FormOptions, span: Span): SufficiencyForm {
  if (options.csv) return CSV
  return options.json ? jsonForm(span) : textForm(deps, options, span)
}

/** One object; its actions are written as they come. */
function jsonForm({ since, until }: Span): SufficiencyForm {
  return {
    begin: `{"since":${JSON.stringify(since)},"until":${JSON.stringify(until ?? null)},"actions":[`,
    row: (row, index) => `${index === 0 ? '' : ','}\n${jsonText(row, 0)}`,
    end: (totals) => `\n],"insufficient":${insufficientIn(totals)},"totals":${jsonText(totals, 0)}}\n`,
  }
}

function textForm(deps: CliDeps, { out }: FormOptions, { since, until }: Span): SufficiencyForm {
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
      const { approval, override } = totals.counts
      const helped = approval.insufficient + approval.unknown + override.insufficient + override.unknown
      const enough =
        helped === 0
          ? 'every one had the trust it needed'
          : `none ran by itself without the trust it needed, ${helped} by people's word`
      const unknown = totals.counts.trust.unknown + totals.counts.observed.unknown
      const verdict =
        bad > 0
          ? paint('red', `${bad} ran without the trust they needed`)
          : paint(unknown > 0 ? 'yellow' : 'green', unknown > 0 ? `${unknown} cannot be told` : enough)
      return `${table([['RAN BY', ...SUFFICIENCIES.map((each) => each.toUpperCase())], ...rows])}\n${totals.executed} executed of ${totals.decisions} decisions: ${verdict}\n`
    },
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
const CSV: SufficiencyForm = {
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
