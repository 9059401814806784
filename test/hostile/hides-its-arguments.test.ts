import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { ServiceError } from '../../src/format/error.ts'
import { ask, gateway } from '../support/callers.ts'
import { testService } from '../support/test-service.ts'

const PATH = '/etc/passwd'
const secrets = (count: number, value: unknown = 1) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}_password`, value]))

/** What is kept of the arguments with the shipped mask rule; undefined where the request was refused. */
async function keptOf(given: unknown): Promise<unknown> {
  const tested = await testService()
  try {
    await tested.service.evaluate(gateway, ask('finance-agent', 'categorise_expense', { arguments: given }))
  } catch (error) {
    expect(error).toMatchObject({ code: 'too_large' })
    if (!(error instanceof ServiceError)) throw error
    return undefined
  }
  const [found] = await tested.store.query({ kinds: ['decision'], limit: 1 })
  return (found!.record.body as { request: { action: { properties: { arguments: unknown } } } }).request.action.properties
    .arguments
}

describe('an agent that adds names of secrets to hide the rest', () => {
  it.each<readonly [string, object]>([
    ['257 of them', secrets(257)],
    ['1,024 of them', secrets(1_024)],
    ['one with a name that no member of an object has', { x__proto__password: 1 }],
    ['one beside thousands', { ...Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`f${i}`, i])), password: 1 }],
    ['in lists', { rows: Array.from({ length: 900 }, () => ({ token: 1 })) }],
  ])('has what it does with %s in the log all the same', async (_what, more) => {
    const kept = await keptOf({ path: PATH, ...more })
    expect(kept).toMatchObject({ path: PATH })
    expect(JSON.stringify(kept)).not.toMatch(/password|token/u)
  })

  it('is refused beyond the limit, and never recorded without them', async () => {
    expect(await keptOf({ path: PATH, ...secrets(1_025) })).toBeUndefined()
  })

  it('hides what it names itself and nothing else, wherever it puts it', async () => {
    const place = fc.array(fc.constantFrom('a', 'b', 'c/d', 'e~f', 'x__proto__'), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 1, max: 40 }), async (steps, count) => {
        const inside = { seen: PATH, ...secrets(count, 's3cret') }
        const kept = await keptOf(steps.reduceRight<unknown>((value, step) => ({ [step]: value, beside: step }), inside))
        const wanted = steps.reduceRight<unknown>((value, step) => ({ [step]: value, beside: step }), { seen: PATH })
        expect(kept).toEqual(wanted)
      }),
      { numRuns: 12 },
    )
  })
})
