import { invariant } from './error.ts'

/** Unchanged lines that are shown before and after a change. */
const CONTEXT_LINES = 3

/** A change of a text by lines: before line `at` (from 0), `removed` lines leave and `added` ones come. */
export type LineEdit = { readonly at: number; readonly removed: number; readonly added: readonly string[] }

/** The text after changes that do not overlap. The text has to end with a line feed. */
export function withEdits(text: string, edits: readonly LineEdit[]): string {
  const lines = linesOf(text)
  for (const { at, removed, added } of inOrder(edits).toReversed()) lines.splice(at, removed, ...added)
  return lines.map((line) => `${line}\n`).join('')
}

/** The changes as a unified diff that `patch -p1` and `git apply` take; `file` is relative to where they run. The text has to end with a line feed. */
export function unifiedDiff(file: string, text: string, edits: readonly LineEdit[]): string {
  const lines = linesOf(text)
  let grown = 0
  const hunks = hunksOf(inOrder(edits)).map((hunk) => {
    const written = hunkText(lines, hunk, grown)
    grown += hunk.reduce((sum, { removed, added }) => sum + added.length - removed, 0)
    return written
  })
  return `--- a/${file}\n+++ b/${file}\n${hunks.join('')}`
}

function linesOf(text: string): string[] {
  invariant(text.endsWith('\n'), 'a text that is changed by lines ends with a line feed')
  return text.slice(0, -1).split('\n')
}

function inOrder(edits: readonly LineEdit[]): readonly LineEdit[] {
  return edits.toSorted((a, b) => a.at - b.at)
}

type Hunk = readonly [LineEdit, ...LineEdit[]]

/** Changes whose context would touch are shown together. */
function hunksOf(edits: readonly LineEdit[]): readonly Hunk[] {
  const hunks: Hunk[] = []
  for (const edit of edits) {
    const last = hunks.at(-1)
    if (last === undefined || edit.at - endOf(last) > 2 * CONTEXT_LINES) hunks.push([edit])
    else hunks[hunks.length - 1] = [...last, edit]
  }
  return hunks
}

/** The line after the last one that a hunk changes. */
function endOf(hunk: Hunk): number {
  return Math.max(...hunk.map(({ at, removed }) => at + removed))
}

function hunkText(lines: readonly string[], hunk: Hunk, grown: number): string {
  const from = Math.max(0, hunk[0].at - CONTEXT_LINES)
  const to = Math.min(lines.length, endOf(hunk) + CONTEXT_LINES)
  const body: string[] = []
  let next = from
  for (const { at, removed, added } of hunk) {
    body.push(...lines.slice(next, at).map((line) => ` ${line}`))
    body.push(...lines.slice(at, at + removed).map((line) => `-${line}`), ...added.map((line) => `+${line}`))
    next = at + removed
  }
  body.push(...lines.slice(next, to).map((line) => ` ${line}`))
  const after = body.filter((line) => !line.startsWith('-')).length
  return `@@ -${from + 1},${to - from} +${from + 1 + grown},${after} @@\n${body.map((line) => `${line}\n`).join('')}`
}
