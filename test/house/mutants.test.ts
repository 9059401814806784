import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

import { describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const script = (name: string): Promise<unknown> => import(pathToFileURL(join(ROOT, 'scripts', name)).href)

type Change = readonly [file: string, from: string, to: string]
type Row = { readonly defence: string; readonly changes: readonly Change[]; readonly testFile: string; readonly name: string }
const { rowOf, mutated } = (await script('mutants.mjs')) as {
  readonly rowOf: (row: unknown) => Row
  readonly mutated: (source: string, file: string, changes: readonly Change[]) => string
}
const { DECIDING_MUTANTS } = (await script('mutants-deciding.mjs')) as { readonly DECIDING_MUTANTS: readonly unknown[] }
const { HOSTILE_MUTANTS } = (await script('mutants-hostile.mjs')) as { readonly HOSTILE_MUTANTS: readonly unknown[] }
const rows = [...DECIDING_MUTANTS, ...HOSTILE_MUTANTS].map(rowOf)

describe('the mutants of decisions and of a hostile world', () => {
  it('are each about another defence', () => {
    expect(new Set(rows.map(({ defence }) => defence)).size).toBe(rows.length)
    expect(DECIDING_MUTANTS.length).toBeGreaterThanOrEqual(40)
  })

  it.each(rows.map((row) => [row.defence, row] as const))('"%s" finds its text in the source, and its test', (_defence, row) => {
    for (const [file] of row.changes) expect(mutated(textOf(`src/${file}`), file, row.changes)).not.toBe(textOf(`src/${file}`))
    expect(textOf(row.testFile)).toContain(row.name === '' ? 'describe(' : `'${row.name}`)
  })
})
