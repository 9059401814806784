import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { ServiceError } from '../../src/format/error.ts'
import { ask, gateway } from '../support/callers.ts'
import { asking, bea, categorise } from '../support/people.ts'
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

  it('beyond the limit hides all values and no name or type where the owner takes that for a refusal, and whoever approves is told', async () => {
    const tested = await asking({ maskAllBeyondLimit: true })
    const arguments_ = { path: PATH, list: [1, null, { deep: true }], ...secrets(1_025) }
    const { outcome, decision_id } = await tested.service.evaluate(gateway, categorise({ arguments: arguments_ }))
    expect(outcome).toBe('require_approval')
    const [found] = await tested.store.query({ kinds: ['decision'], limit: 1, newestFirst: true })
    expect(JSON.stringify(found!.record)).not.toContain(PATH)
    const view = await tested.service.approval(bea, decision_id)
    expect(view.payload).toBe('masked')
    const outline = view.masked['/request/action/properties'] as { readonly arguments: Record<string, unknown> }
    expect(outline.arguments).toMatchObject({
      path: 'string',
      list: ['number', 'null', { deep: 'boolean' }],
      p0_password: 'number',
    })
    expect(Object.keys(outline.arguments)).toHaveLength(1_027)
    const said = await tested.service.decideApproval(bea, decision_id, { verdict: 'approve', reason: 'the names are as agreed' })
    expect(said.payload).toBe('masked')
    expect((await tested.service.approvalHistory(bea, {})).steps).toMatchObject([{ payload: 'masked' }])
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
