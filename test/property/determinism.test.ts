import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { replayDecision } from '../../src/decisions/replay.ts'
import { canonicalJson } from '../../src/format/canonical-json.ts'
import { newTrack, operate, operation } from '../support/operations.ts'
import { runs } from '../support/runs.ts'
import { shippedPolicySet, testService } from '../support/test-service.ts'

const steps = fc.array(operation, { minLength: 1, maxLength: 30 })

async function history(all: readonly Parameters<typeof operate>[1][]) {
  const tested = await testService()
  const track = newTrack()
  const answers: unknown[] = []
  for (const step of all) answers.push(await operate(tested, step, track, 'default'))
  return { tested, answers, records: await tested.store.query({ limit: 1_000 }) }
}

describe('the same history', () => {
  it('gives the same bytes: answers and records', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const [one, other] = [await history(all), await history(all)]
        expect(canonicalJson(one.answers)).toBe(canonicalJson(other.answers))
        expect(canonicalJson(one.records)).toBe(canonicalJson(other.records))
      }),
      runs(10),
    )
  })

  it('replays: every decision comes out again from its record', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const { records } = await history(all)
        for (const stored of records.filter(({ record }) => record.kind === 'decision'))
          expect(await replayDecision(stored, await shippedPolicySet())).toEqual({ state: 'equal' })
      }),
      runs(10),
    )
  })
})
