import { relative } from 'node:path'

import type { JudgedMutation } from '../../../fixtures/mutants/mutation.ts'
import { escapeLine, type Paint } from '../../../format/terminal-text.ts'
import { jsonText } from '../../support/output.ts'

/** What came of all mutations, and how long it took on how many threads. */
export type MutantsReport = {
  readonly judged: readonly JudgedMutation[]
  readonly fixtures: number
  readonly seconds: number
  readonly threads: number
  readonly cwd: string
}

/** The mutations that no fixture notices: those of which the fixtures know nothing, sorted as the policies are. */
export function survivorsOf(judged: readonly JudgedMutation[]): readonly JudgedMutation[] {
  return judged.filter(({ verdict }) => verdict.kind === 'survived')
}

/** The whole report as text, ending in a line break. */
export function mutantsText(report: MutantsReport, paint: Paint): string {
  const { judged, fixtures, seconds, threads, cwd } = report
  const survivors = survivorsOf(judged)
  const count = countsOf(judged)
  const summary = [
    `${judged.length} mutants: ${count.noticed} noticed, ${count.survived} survived, ${count.refused} refused, ${count.equal} change nothing`,
    `${fixtures} fixtures, ${seconds.toFixed(1)} s on ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
  ].join('; ')
  return [
    ...survivors.map(
      (each) =>
        `${placeText(each, cwd)}  ${changeText(each)}  ${paint('red', 'no fixture notices')} ${paint('dim', reachText(each))}`,
    ),
    ...(survivors.length === 0 ? [] : ['']),
    paint(survivors.length === 0 ? 'green' : 'red', summary),
    '',
  ].join('\n')
}

/** The same as JSON: every mutation that was not noticed, and the counts. */
export function mutantsJson({ judged, fixtures, seconds, threads, cwd }: MutantsReport): string {
  const told = judged.filter(({ verdict }) => verdict.kind !== 'noticed')
  return `${jsonText({
    mutants: judged.length,
    ...countsOf(judged),
    fixtures,
    seconds,
    threads,
    unnoticed: told.map(({ mutation: { file, line, column, edit }, verdict }) => ({
      file: relative(cwd, file),
      line,
      column,
      path: edit.path.join('.'),
      from: edit.from,
      ...(edit.removed ? { removed: true } : { to: edit.to }),
      ...verdict,
    })),
  })}\n`
}

function countsOf(judged: readonly JudgedMutation[]) {
  const of = (kind: JudgedMutation['verdict']['kind']): number => judged.filter(({ verdict }) => verdict.kind === kind).length
  return { noticed: of('noticed'), survived: of('survived'), refused: of('refused'), equal: of('equal') }
}

function placeText({ mutation: { file, line } }: JudgedMutation, cwd: string): string {
  return escapeLine(`${relative(cwd, file)}:${line}`)
}

function changeText({ mutation: { edit } }: JudgedMutation): string {
  const to = edit.removed ? 'removed' : shortText(edit.to)
  return escapeLine(`${edit.path.join('.')}: ${shortText(edit.from)} → ${to}`)
}

/** Longest value that is shown whole, in characters. */
const VALUE_CHARS_MAX = 60

function shortText(value: unknown): string {
  const text = typeof value === 'string' && value !== '' ? value : JSON.stringify(value)
  return text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX)}…` : text
}

function reachText({ verdict }: JudgedMutation): string {
  if (verdict.kind !== 'survived') return ''
  const { reached } = verdict
  if (reached === 0) return '(none reaches it)'
  return `(${reached} ${reached === 1 ? 'reaches' : 'reach'} it, and ${reached === 1 ? 'does' : 'do'} not say what changes)`
}
