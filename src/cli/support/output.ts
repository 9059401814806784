import type { ErrorPlace, ServiceError } from '../../format/error.ts'
import { escapeJson, escapeLine, escapeText, type Paint, type Style } from '../../format/terminal-text.ts'
import type { CliProcess } from './deps.ts'

/** JSON whose strings hold nothing that acts on a terminal; still the same JSON. `indent` 0: one line. */
export function jsonText(value: unknown, indent = 2): string {
  return escapeJson(JSON.stringify(value, null, indent))
}

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const satisfies Record<Style, number>

/** Colours, or none: only on a terminal, and never with `NO_COLOR` (no-color.org). */
export function painter(process: Pick<CliProcess, 'env' | 'stdoutIsTty'>): Paint {
  const plain = !process.stdoutIsTty || (process.env['NO_COLOR'] ?? '') !== '' || process.env['TERM'] === 'dumb'
  return plain ? (_style, text) => text : (style, text) => `\u001b[${STYLES[style]}m${text}\u001b[0m`
}

/** Rows as columns of equal width, two spaces apart. Cells are escaped. */
export function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(escapeLine))
  const widths = cells.reduce<number[]>((most, row) => row.map((cell, at) => Math.max(most[at] ?? 0, cell.length)), [])
  return cells
    .map((row) => row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('  '))
    .join('\n')
}

/** `file:line:column`, as far as it is known. */
function placeText(place: ErrorPlace): string {
  const position = [place.line, place.column].filter((part) => part !== undefined && part > 0)
  const pointer = position.length === 0 && place.pointer !== undefined && place.pointer !== '' ? [`at ${place.pointer}`] : []
  return [[place.file, ...position].filter((part) => part !== undefined).join(':'), ...pointer]
    .filter((part) => part !== '')
    .join(' ')
}

/**
 * One error as a person reads it: `file:line:column: message`, and the fix on its own line. Further lines of a message or fix begin
 * with a bar, so that text from elsewhere cannot pass for a line that gradus wrote.
 */
export function errorText(error: Pick<ServiceError, 'message' | 'place' | 'fix'>): string {
  const place = escapeLine(placeText(error.place))
  const head = `${place === '' ? '' : `${place}: `}${barred(error.message)}`
  return error.fix === undefined ? head : `${head}\n  fix: ${barred(error.fix)}`
}

function barred(text: string): string {
  return escapeText(text.replace(/\n+$/u, '')).replaceAll('\n', '\n  | ')
}

/** Tells on a terminal how far long work has come, on one line that it cleans up; says nothing elsewhere. */
export function progress(
  process: Pick<CliProcess, 'stderr' | 'stderrIsTty' | 'columns' | 'elapsed'>,
  quiet: boolean,
): { readonly show: (text: string) => void; readonly end: () => void } {
  if (quiet || !process.stderrIsTty) return { show: () => undefined, end: () => undefined }
  let last = -Infinity
  let shown = false
  return {
    show: (text) => {
      if (process.elapsed() - last < 0.1) return
      last = process.elapsed()
      shown = true
      process.stderr(`\r\u001b[K${escapeLine(text).slice(0, Math.max(1, process.columns - 1))}`)
    },
    end: () => {
      if (shown) process.stderr('\r\u001b[K')
    },
  }
}

/** Prints what a command answers: as JSON where that was asked for, else as text for people; either ends with one line break. */
export function printAnswer(deps: Pick<CliProcess, 'stdout'>, json: boolean, answer: unknown, text: () => string): void {
  const shown = json ? jsonText(answer) : text()
  deps.stdout(shown.endsWith('\n') ? shown : `${shown}\n`)
}
