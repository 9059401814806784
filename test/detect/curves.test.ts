import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { DETECTORS } from '../../src/detect/finding.ts'
import { curves, curveTable } from './curves.ts'
import { settingsTable } from './settings-table.ts'

const doc = readFileSync('docs/detectors.md', 'utf8')

describe('the operating curves in docs/detectors.md', () => {
  it('are those that the detectors have', () => {
    const table = curveTable(curves())
    expect(doc, `the table should be:\n${table}`).toContain(table)
  })

  it('stand beside a section on each detector', () => {
    for (const detector of DETECTORS) expect(doc).toContain(`\`${detector}\``)
  })
})

describe('the settings in docs/detectors.md', () => {
  it('are all of them, with defaults and ranges', () => {
    const table = settingsTable()
    expect(doc, `the table should be:\n${table}`).toContain(table)
  })
})
