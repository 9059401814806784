import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

import { describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const rowsOf = (document: string): readonly string[] =>
  textOf(document)
    .split('\n')
    .filter((line) => line.startsWith('| '))

type Change = readonly [file: string, from: string, to: string]
type Row = { readonly defence: string; readonly changes: readonly Change[]; readonly testFile: string; readonly name: string }
type Mutants = {
  readonly MUTANTS: readonly unknown[]
  readonly rowOf: (row: unknown) => Row
  readonly mutated: (source: string, file: string, changes: readonly Change[]) => string
}
const { MUTANTS, rowOf, mutated } = (await import(pathToFileURL(join(ROOT, 'scripts/mutants.mjs')).href)) as Mutants
const mutants = MUTANTS.map(rowOf)

describe('the laws of trust', () => {
  it.each(Array.from({ length: 26 }, (_, index) => `P${String(index + 1)}`))(
    '%s is in the documents, with the test that is named so',
    (law) => {
      const rows = rowsOf('docs/trust-model.md').filter((row) => row.startsWith(`| ${law} |`))
      expect(rows).toHaveLength(1)
      const [, what, file] = /^\| P\d+ \| (.+) \| `(test\/.+\.test\.ts)` \|$/u.exec(rows[0] ?? '') ?? []
      expect(textOf(file ?? '')).toContain(`'${law} ${what ?? ''}'`)
    },
  )
})

describe('the attacks', () => {
  it('name only tests that are there', () => {
    const tables = textOf('docs/trust-attacks.md').split('## With the defence taken away')[0] ?? ''
    const named = [...tables.matchAll(/`(test\/[\w/-]+\.test\.ts)`, "([^"]+)"/gu)]
    expect(named.length).toBeGreaterThan(25)
    for (const [, file, name] of named) expect([file, name, textOf(file!).includes(`'${name!}`)]).toEqual([file, name, true])
  })

  it.each(mutants.map((row) => [row.defence, row] as const))(
    'the mutation of "%s" finds its text, and is in the documents as killed',
    (defence, row) => {
      for (const [file] of row.changes) expect(mutated(textOf(`src/${file}`), file, row.changes)).not.toBe(textOf(`src/${file}`))
      const told = rowsOf('docs/trust-attacks.md').filter((line) => line.startsWith(`| ${defence} |`))
      expect(told).toHaveLength(1)
      expect(told[0]).toContain(`\`${row.testFile}\`, "${row.name}"`)
    },
  )
})
