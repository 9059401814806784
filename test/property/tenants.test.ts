import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { caller } from '../support/callers.ts'
import { documentsOf, newTrack, operate, operation, withoutPlaces } from '../support/operations.ts'
import { runs } from '../support/runs.ts'
import { testService } from '../support/test-service.ts'

const tenant = fc.constantFrom('default', 'globex')
const steps = fc.array(fc.tuple(tenant, operation), { minLength: 1, maxLength: 25 })

describe('equal ids in two tenants', () => {
  it('share nothing: one tenant sees the same whether the other is busy or not there', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const both = await testService()
        const alone = await testService()
        const tracks = { default: newTrack(), globex: newTrack(), alone: newTrack() }
        for (const [where, step] of all) {
          const answer = await operate(both, step, where === 'default' ? tracks.default : tracks.globex, where)
          // Time is everybody's; everything else of the other tenant does not happen here.
          if (where === 'default' || step.kind === 'wait') {
            const own = await operate(alone, step, tracks.alone, 'default')
            if (where === 'default') expect(withoutPlaces(answer)).toBe(withoutPlaces(own))
          }
        }
        expect(withoutPlaces(await documentsOf(both, 'default'))).toBe(withoutPlaces(await documentsOf(alone, 'default')))
        const auditor = caller('auditor', { roles: ['auditor'], tenant: 'default' })
        const { records: seen } = await both.service.records(auditor, { limit: 1_000 })
        expect(seen.every(({ record }) => record.tenant === 'default')).toBe(true)
        const { records: known } = await alone.service.records(auditor, { limit: 1_000 })
        expect(withoutPlaces(seen.map(({ record }) => record))).toBe(withoutPlaces(known.map(({ record }) => record)))
      }),
      runs(12),
    )
  })
})
