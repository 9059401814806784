import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { InvariantError } from '../../src/format/error.ts'
import { type LineEdit, unifiedDiff, withEdits } from '../../src/format/unified-diff.ts'

/** The text after git applied the diff. */
function applied(text: string, diff: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'gradus-diff-'))
  try {
    writeFileSync(join(dir, 'a.txt'), text)
    execFileSync('git', ['apply', '--unidiff-zero', '-p1'], { cwd: dir, input: diff, env: { ...process.env, GIT_DIR: '/none' } })
    return readFileSync(join(dir, 'a.txt'), 'utf8')
  } finally {
    rmSync(dir, { recursive: true })
  }
}

const line = fc.constantFrom('', 'a', 'b', '  - c', '+d', '-e', '@@ -1 +1 @@')

/** A text with changes of it that do not overlap and do something. */
const changed = fc
  .tuple(
    fc.array(line, { minLength: 1, maxLength: 40 }),
    fc.array(fc.tuple(fc.nat(9), fc.boolean()), { minLength: 1, maxLength: 4 }),
  )
  .map(([lines, steps]) => {
    let at = 0
    const edits = steps.flatMap(([step, replaces], index): LineEdit[] => {
      const edit = { at: at + step, removed: replaces ? 1 : 0, added: [`new ${String(index)}`] }
      at = edit.at + edit.removed + 1
      return edit.at + edit.removed <= lines.length ? [edit] : []
    })
    return { text: lines.map((each) => `${each}\n`).join(''), edits }
  })
  .filter(({ edits }) => edits.length > 0)

describe('a unified diff', () => {
  it('makes the changed text of the text, as git applies it', () => {
    fc.assert(
      fc.property(changed, ({ text, edits }) => {
        expect(applied(text, unifiedDiff('a.txt', text, edits))).toBe(withEdits(text, edits))
      }),
      { numRuns: 60 },
    )
  })

  it('shows three lines around a change, and changes that are near each other together', () => {
    const text = 'abcdefghijklmnopqrstuvw'.replaceAll(/./gu, '$&\n')
    const edits = [
      { at: 20, removed: 0, added: ['new'] },
      { at: 1, removed: 1, added: ['B', 'b2'] },
      { at: 5, removed: 0, added: ['e2'] },
    ]
    expect(unifiedDiff('dir/a.txt', text, edits).split('\n')).toEqual([
      ...[
        '--- a/dir/a.txt',
        '+++ b/dir/a.txt',
        '@@ -1,8 +1,10 @@',
        ' a',
        '-b',
        '+B',
        '+b2',
        ' c',
        ' d',
        ' e',
        '+e2',
        ' f',
        ' g',
        ' h',
      ],
      ...['@@ -18,6 +20,7 @@', ' r', ' s', ' t', '+new', ' u', ' v', ' w', ''],
    ])
  })

  it('is of texts whose last line ends', () => {
    expect(() => withEdits('a', [])).toThrow(InvariantError)
  })
})
