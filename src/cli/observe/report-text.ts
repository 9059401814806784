import type { Paint } from '../../format/terminal-text.ts'
import { OUTCOMES } from '../../model/outcome.ts'
import type { NameCount, ObserveReport } from '../../reports/observe/observe-report.ts'
import { table } from '../support/output.ts'

/** Rows shown of one table; `--json` has all of them. */
const ROWS_MAX = 20

/** The report for a terminal; coverage first, because the rest says little where it is low. */
export function observeReportText(report: ObserveReport, since: string, paint: Paint): string {
  const { coverage, approvals, sessions } = report
  const head = paint('bold', `observed since ${since}`)
  if (coverage.observed === 0)
    return `${head}\n\n${coverage.decisions} decisions, none of them only observed; "modes" of the configuration says what is.\n`
  const parts = [
    head,
    section(paint, 'coverage', [
      ['decisions', String(coverage.decisions)],
      ['of them observed', count(coverage.observed, coverage.decisions)],
      [
        'about unknown actions',
        `${count(coverage.unknown_actions.decisions, coverage.observed)}${named(coverage.unknown_actions.names)}`,
      ],
      [
        'of agents outside the catalogue',
        `${count(coverage.missing_agents.decisions, coverage.observed)}${named(coverage.missing_agents.names)}`,
      ],
      ['ran, with an outcome reported', count(coverage.reported, coverage.ran)],
      ['degraded', count(coverage.degraded, coverage.observed)],
    ]),
    section(paint, 'answered × would', tableRows(report)),
    `${report.changed} of ${coverage.observed} outcomes would change; ${sessions.touched} of ${sessions.total} sessions are touched; ${approvals.total} approvals would be asked for, ${approvals.per_day} a day`,
    section(paint, 'what each term alone would change', [['TERM', 'CHANGED', 'TO', 'SUCH AS'], ...termRows(report)]),
    section(paint, 'approvals asked for', [['DAY', 'ASKED'], ...approvals.days.map(({ day, asked }) => [day, String(asked)])]),
    section(paint, 'what came of it', [['WOULD', 'RAN', 'REPORTED', 'BAD'], ...fateRows(report)]),
    section(paint, `by ${report.by}`, [
      [report.by.toUpperCase(), 'OBSERVED', 'CHANGED', 'APPROVALS', 'WOULD BLOCK', 'BAD OF RUN', 'BAD OF BLOCKED'],
      ...groupRows(report),
    ]),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function section(paint: Paint, title: string, rows: readonly (readonly string[])[]): string {
  const isHeaded = rows[0]?.[0] === rows[0]?.[0]?.toUpperCase()
  if (rows.length === 0 || (isHeaded && rows.length === 1)) return ''
  const shown = rows.slice(0, ROWS_MAX + 1)
  const more = rows.length - shown.length
  return `${paint('bold', title)}\n${table(shown)}${more > 0 ? `\n… and ${more} more, see --json` : ''}`
}

function count(part: number, whole: number): string {
  return `${part} (${whole === 0 ? '0' : ((100 * part) / whole).toFixed(1)} %)`
}

function named(names: readonly NameCount[]): string {
  if (names.length === 0) return ''
  const shown = names.slice(0, 5).map(({ name, decisions }) => `${name} ${decisions}`)
  return `: ${shown.join(', ')}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ''}`
}

function tableRows({ table: square }: ObserveReport): readonly (readonly string[])[] {
  const there = OUTCOMES.filter((answered) => OUTCOMES.some((would) => square[answered][would] > 0))
  return [
    ['ANSWERED', ...OUTCOMES.map((would) => would.toUpperCase())],
    ...there.map((answered) => [answered, ...OUTCOMES.map((would) => String(square[answered][would]))]),
  ]
}

function termRows({ terms }: ObserveReport): readonly (readonly string[])[] {
  return terms.map(({ term, changed, to, examples }) => [
    term,
    String(changed),
    Object.entries(to)
      .map(([outcome, times]) => `${outcome} ${times}`)
      .join(', '),
    examples[0] ?? '',
  ])
}

function fateRows({ outcomes: { run, ask, block } }: ObserveReport): readonly (readonly string[])[] {
  return Object.entries({ run, ask, block }).map(([fate, { ran, reported, bad }]) => [
    fate,
    String(ran),
    String(reported),
    String(bad),
  ])
}

function groupRows({ groups }: ObserveReport): readonly (readonly string[])[] {
  return groups.map(({ key, decisions, changed, approvals, fates }) =>
    [key, decisions, changed, approvals, fates.block.ran, fates.run.bad, fates.block.bad].map(String),
  )
}
