import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { isWithoutPerformer, PDP_DUTY_IDS, performerFix } from '../../src/lattice/pdp-duties.ts'

const DOCS = join(import.meta.dirname, '../../docs/duties.md')

describe('the duties that the decision point performs', () => {
  it('are those of the documentation', () => {
    const rows = [
      ...readFileSync(DOCS, 'utf8')
        .split('\n## ', 1)
        .join('')
        .matchAll(/^\| `([a-z_]+)` \|/gmu),
    ].map(([, id]) => id)
    expect(rows.sort()).toEqual(PDP_DUTY_IDS)
  })

  it.each([
    ['a duty of the table', { id: 'alert_soc', performer: 'pdp' }, false],
    ['a duty of the enforcement point of that name', { id: 'alert_soc', performer: 'pep' }, false],
    ['any duty of the enforcement point', { id: 'no_such', performer: 'pep' }, false],
    ['a duty that is not in the table', { id: 'no_such', performer: 'pdp' }, true],
    ['the name of a member of every object', { id: 'toString', performer: 'pdp' }, true],
  ] as const)('%s: %#', (_what, duty, without) => {
    expect(isWithoutPerformer(duty)).toBe(without)
  })

  it('are named where one is refused, with what else to do', () => {
    expect(performerFix('no_such')).toMatch(/alert_soc, audit, .*"performer: pep".*"no_such"/u)
  })
})
