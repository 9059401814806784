import { escapeLine, type Paint } from '../../format/terminal-text.ts'
import { table } from '../support/output.ts'
import type { SimulationReport } from './report.ts'
import { countText, type ReportPart, reportParts, type Section } from './sections.ts'

/** The report for a terminal. */
export function simulationText(report: SimulationReport, paint: Paint): string {
  const title = paint('bold', escapeLine(`simulated: ${report.candidate.changed.join('; ')}`))
  const parts = reportParts(report, 1).map((part) => partText(part, report, paint))
  return `${[title, ...parts].join('\n\n')}\n`
}

function partText({ heading, opening, sections, closing }: ReportPart, report: SimulationReport, paint: Paint): string {
  const look = report.changes.changed.loosened > 0 ? 'red' : report.changes.changed.total > 0 ? 'yellow' : 'green'
  const [first = '', ...rest] = opening.map(escapeLine)
  const head = [...(heading === null ? [] : [paint('bold', heading)]), paint(look, first), ...rest].join('\n')
  return [head, ...sections.map((section) => sectionText(section, paint)), ...closing.map(escapeLine)].join('\n\n')
}

function sectionText({ title, header, rows, more }: Section, paint: Paint): string {
  const rest = more === 0 ? '' : `\n… and ${countText(more)} more, see --json`
  return `${paint('bold', title)}\n${table([header, ...rows])}${rest}`
}

/** The report for a pull request (GitHub's Markdown). What comes from the log stands in code spans, so that it is text and nothing else. */
export function markdownOf(report: SimulationReport): string {
  const title = `### gradus simulate: ${report.candidate.changed.map(codeSpan).join(', ')}`
  return `${[title, ...reportParts(report, 3).flatMap(partMarkdown)].join('\n\n')}\n`
}

function partMarkdown({ heading, opening, sections, closing }: ReportPart): readonly string[] {
  const [first = '', ...rest] = opening.map(plainMarkdown)
  return [
    ...(heading === null ? [] : [`#### ${heading}`]),
    [`**${first}**`, ...rest].join('\n\n'),
    ...sections.map(sectionMarkdown),
    ...closing.map(plainMarkdown),
  ]
}

function sectionMarkdown({ title, header, rows, more }: Section): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const cell = (text: string): string => (/^[\d,]*$/u.test(text) ? text : codeSpan(text))
  const rest = more === 0 ? [] : ['', `… and ${countText(more)} more, see \`--json\``]
  return [
    `**${title}**`,
    '',
    row(header.map((name) => name.toLowerCase())),
    row(header.map(() => '---')),
    ...rows.map((cells) => row(cells.map(cell))),
    ...rest,
  ].join('\n')
}

/** Text in a code span that no text can end, and that is one cell of a table. */
function codeSpan(text: string): string {
  return `\`${escapeLine(text).replaceAll('`', '\u2019').replaceAll('|', '\\|')}\``
}

/** A sentence of ours; the file names in it may hold anything. */
function plainMarkdown(text: string): string {
  return escapeLine(text).replace(/[\\`*_{}[\]<>#|@]/gu, (char) => `\\${char}`)
}
