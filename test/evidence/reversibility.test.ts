import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { reversibilityAt } from '../../src/evidence/rules/reversibility.ts'
import type { Rollback } from '../../src/ledger/documents/verdicts.ts'
import { LAYERS } from '../../src/model/layer.ts'

const kept = { handle: 'crm-4711' }
const tried = (result: 'failed' | 'partly' | 'done'): Rollback => ({
  attempt: { result, by: 'checks', at_ms: 1, within_deadline: true },
})
const handle = { reversibility: 1, way_back: { handle_required: true, until_ms: null } }
const deadline = { reversibility: 1, way_back: { handle_required: false, until_ms: 100 } }
const both = { reversibility: 1, way_back: { handle_required: true, until_ms: 100 } }
const by = (at_ms: number, layer: 'outcome' | 'behaviour' | null = null) => ({ at_ms, layer })

describe('the reversibility of an action', () => {
  it.each([
    ['that depends on nothing is that of the catalogue', { reversibility: 1 }, undefined, by(0), 1],
    ['is that of the catalogue until an outcome is known', handle, undefined, by(0), 1],
    ['is that of the catalogue for a detector that looks before', handle, {}, by(0, 'behaviour'), 1],
    ['is 2 for a verdict on the outcome that knows no handle', handle, undefined, by(0, 'outcome'), 2],
    ['is 2 for everybody once an outcome came without one', handle, { kept: null }, by(0), 2],
    ['is that of the catalogue with its handle', handle, { kept }, by(0, 'outcome'), 1],
    ['is that of the catalogue up to the deadline', deadline, undefined, by(100, 'outcome'), 1],
    ['is 2 after the deadline', deadline, undefined, by(101), 2],
    ['is 2 after the deadline, handle or not', both, { kept }, by(101), 2],
    ['is 2 once a rollback failed', handle, { kept, ...tried('failed') }, by(0), 2],
    ['is 2 once it was undone in part', { reversibility: 0 }, tried('partly'), by(0), 2],
    ['is that of the catalogue once it was undone, however late it is asked', both, { kept, ...tried('done') }, by(101), 1],
  ])('%s', (_what, judged, rollback, ask, found) => {
    expect(reversibilityAt(judged, rollback, ask)).toBe(found)
  })

  it('is never less than the catalogue says, and does not fall with time', () => {
    const anyKept = fc.constantFrom<Rollback>({}, { kept: null }, { kept }, tried('failed'), { kept, ...tried('done') })
    const wayBack = fc.record({ handle_required: fc.boolean(), until_ms: fc.option(fc.nat(50)) })
    const layer = fc.constantFrom(null, ...LAYERS)
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 }),
        wayBack,
        anyKept,
        layer,
        fc.nat(50),
        fc.nat(50),
        (of, back, known, who, at, more) => {
          const judged = { reversibility: of, way_back: back }
          const now = reversibilityAt(judged, known, { at_ms: at, layer: who })
          expect(now).toBeGreaterThanOrEqual(of)
          expect(reversibilityAt(judged, known, { at_ms: at + more, layer: who })).toBeGreaterThanOrEqual(now)
        },
      ),
    )
  })
})
