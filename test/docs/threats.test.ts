import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { REPOSITORY, sectionOf, tableRows, textOf } from './markdown.ts'

/** The rows of the table of threats: who, what they can try, what stops it, and the cell with its tests. */
const rows = tableRows(sectionOf('SECURITY.md', 'Threats'))
const TEST = /`(test\/[\w/-]+\.test\.ts)`, "((?:[^"\\]|\\.)+)"/gu

/** The tests that a cell names: file, and beginning of the test's name. */
function testsIn(cell: string): readonly (readonly [string, string])[] {
  return [...cell.matchAll(TEST)].map(([, file, name]) => [file ?? '', (name ?? '').replaceAll('\\"', '"')] as const)
}

describe('the threats of SECURITY.md', () => {
  it.each(rows.map((row) => [row[1] ?? '', row] as const))(
    '"%s" says what stops it, and names tests that are there',
    (_try, row) => {
      expect(row).toHaveLength(4)
      expect(row[2]).toMatch(/\S/u)
      const tests = testsIn(row[3] ?? '')
      expect(tests.length).toBeGreaterThan(0)
      expect((row[3] ?? '').replace(TEST, '').replaceAll('; ', '').trim()).toBe('')
      for (const [file, name] of tests) {
        expect(existsSync(join(REPOSITORY, file)), file).toBe(true)
        expect([file, name, ["'", '"', '`'].some((quote) => textOf(file).includes(quote + name))]).toEqual([file, name, true])
      }
    },
  )

  it('name each attack that has a test of its own', () => {
    const named = new Set(rows.flatMap((row) => testsIn(row[3] ?? '')).map(([file]) => file))
    const attacks = readdirSync(join(REPOSITORY, 'test/hostile')).filter((file) => file.endsWith('.test.ts'))
    expect(attacks.filter((file) => !named.has(`test/hostile/${file}`))).toEqual([])
  })
})
