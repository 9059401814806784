import { describe, expect, it } from 'vitest'

import { SENSITIVE_POINTERS } from '../../src/ledger/record.ts'
import type { PolicyEvaluation } from '../../src/model/evaluation.ts'
import { ask, gateway } from '../support/callers.ts'
import { testService, type TestServiceOptions } from '../support/test-service.ts'

/** A service whose mask rule answers this. */
const masking = (answer: PolicyEvaluation, more: TestServiceOptions = {}) =>
  testService({
    ...more,
    policySet: (policySet) => ({ ...policySet, mask: { ...policySet.base, evaluate: () => answer } }),
  })
const masks = (...value: unknown[]): PolicyEvaluation => ({ kind: 'value', value })

/** An ask with something to hide in every place. */
const hiding = () =>
  ask('finance-agent', 'categorise_expense', {
    subject: { properties: { note: 's3cret-subject' } },
    arguments: { password: 's3cret-argument', category: 'travel' },
    resource: { type: 'expense', id: 'one', properties: { owner: 's3cret-resource' } },
    context: { purpose: 's3cret-purpose', session: 's3cret-session' },
  })

async function stored(answer: PolicyEvaluation, more: TestServiceOptions = {}) {
  const tested = await masking(answer, more)
  const decision = await tested.service.evaluate(gateway, hiding())
  const [found] = await tested.store.query({ kinds: ['decision'], limit: 1 })
  return { ...tested, decision, found: found!, text: JSON.stringify(found) }
}

describe('a mask', () => {
  it('takes the named value out of what is stored, and nothing else', async () => {
    const { found, text, decision } = await stored(masks('/input/action/properties/arguments/password'))
    expect(decision.recorded).toBe(true)
    expect(found.state).toBe('masked')
    expect(text).not.toContain('s3cret-argument')
    expect(text).toContain('travel')
    expect(text).toContain('s3cret-purpose')
  })

  it.each(['/input/context/purpose', '/input/context', '/input'])(
    'of %s reaches the copy among the goals of the record',
    async (pointer) => {
      const { text } = await stored(masks(pointer))
      expect(text).not.toContain('s3cret-purpose')
    },
  )

  it('in the form of an object hides alike', async () => {
    const { text } = await stored(masks({ op: 'remove', path: '/input/action/properties/arguments/password' }))
    expect(text).not.toContain('s3cret-argument')
  })

  it('of something that is not there changes nothing', async () => {
    const { found, decision } = await stored(masks('/input/context/nothing', '/result', '/inputs'))
    expect(decision.recorded).toBe(true)
    expect(found.state).toBe('whole')
  })

  it('of the shipped rule hides secrets by their name', async () => {
    const tested = await testService()
    await tested.service.evaluate(gateway, hiding())
    const [found] = await tested.store.query({ kinds: ['decision'], limit: 1 })
    expect(JSON.stringify(found)).not.toContain('s3cret-argument')
    expect(JSON.stringify(found)).toContain('travel')
  })

  it('can be switched off', async () => {
    const tested = await testService({ mask: false })
    await tested.service.evaluate(gateway, hiding())
    const [found] = await tested.store.query({ kinds: ['decision'], limit: 1 })
    expect(found?.state).toBe('whole')
    expect(JSON.stringify(found)).toContain('s3cret-argument')
  })

  it('of a foreign input also hides the copies that its mapping made', async () => {
    const evaluate = (): PolicyEvaluation => masks('/input/pin')
    const tested = await testService({ policySet: (policySet) => ({ ...policySet, mask: { ...policySet.base, evaluate } }) })
    const copied = ask('finance-agent', 'categorise_expense', {
      arguments: { pin: 's3cret-argument' },
      context: { purpose: 's3cret-purpose' },
    })
    await tested.service.evaluate(gateway, { ...copied, baseInput: { pin: 's3cret-argument' }, protocol: 'opa' })
    const [found] = await tested.store.query({ kinds: ['decision'], limit: 1 })
    expect(JSON.stringify(found)).not.toContain('s3cret')
  })
})

/** What is kept of the arguments, when a mask rule answers this. */
async function keptOf(answer: PolicyEvaluation, given: unknown, more: object = {}): Promise<unknown> {
  const tested = await masking(answer)
  await tested.service.evaluate(gateway, ask('finance-agent', 'categorise_expense', { arguments: given, context: more }))
  const [found] = await tested.store.query({ kinds: ['decision'], limit: 1 })
  const { request } = found!.record.body as { request: { action: { properties?: { arguments?: unknown } }; context?: unknown } }
  return { arguments: request.action.properties?.arguments, context: request.context }
}

describe('masks beyond what is sealed one by one', () => {
  const rows = (count: number) => Array.from({ length: count }, (_, index) => ({ pin: 's3cret', index }))
  const pins = (count: number) =>
    Array.from({ length: count }, (_, index) => `/input/action/properties/arguments/rows/${index}/pin`)

  it('hide exactly what they name up to 256 of them', async () => {
    const kept = await keptOf(masks(...pins(256)), { rows: rows(256), other: 'travel' })
    expect(kept).toMatchObject({ arguments: { rows: rows(256).map(({ index }) => ({ index })), other: 'travel' } })
  })

  it('hide what holds what they name, and nothing beside it', async () => {
    const kept = await keptOf(masks(...pins(257)), { rows: rows(257), other: 'travel' }, { session: 'kept' })
    expect(kept).toEqual({ arguments: { other: 'travel' }, context: { session: 'kept' } })
  })

  it('never hide more than the member of the request that holds them', async () => {
    const facts = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`pin${index}`, 's3cret']))
    const named = Object.keys(facts).map((key) => `/input/context/${key}`)
    expect(await keptOf(masks(...named), { other: 'travel' }, facts)).toEqual({
      arguments: { other: 'travel' },
      context: undefined,
    })
  })

  it('that name nothing there cost nothing', async () => {
    const given = { pin: 's3cret', other: 'travel' }
    const nowhere = Array.from({ length: 1_000 }, (_, index) => `/input/context/nothing/${index}`)
    const kept = await keptOf(masks(...nowhere, '/input/action/properties/arguments/pin'), given, { session: 'kept' })
    expect(kept).toEqual({ arguments: { other: 'travel' }, context: { session: 'kept' } })
  })

  it('hide the object whose other members are too many to be sealed one by one', async () => {
    const wide = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`field${index}`, index]))
    const kept = await keptOf(masks('/input/action/properties/arguments/wide/pin'), {
      wide: { ...wide, pin: 's3cret' },
      other: 'travel',
    })
    expect(kept).toMatchObject({ arguments: { other: 'travel' } })
    expect(JSON.stringify(kept)).not.toContain('field0')
  })

  it('of a name that no pointer of the log may hold hide its object', async () => {
    const given = { inner: { my__proto__key: 's3cret', beside: 1 }, other: 'travel' }
    const kept = await keptOf(masks('/input/action/properties/arguments/inner/my__proto__key'), given)
    expect(kept).toMatchObject({ arguments: { other: 'travel' } })
    expect(JSON.stringify(kept)).not.toContain('s3cret')
  })
})

describe('a mask rule that fails', () => {
  it.each<readonly [string, PolicyEvaluation]>([
    ['does not answer', { kind: 'failed', cause: 'trap', message: 'unreachable executed' }],
    ['answers no list', { kind: 'value', value: true }],
    ['answers null', { kind: 'value', value: null }],
    ['answers something else than pointers', masks('/input/context', 7)],
    ['answers an object without a path', masks({ op: 'remove' })],
  ])('because it %s masks everything sensitive', async (_why, answer) => {
    const { found, text, observations, decision } = await stored(answer)
    expect(decision.recorded).toBe(true)
    expect(found.state).toBe('masked')
    expect(text).not.toContain('s3cret')
    expect(observations).toContainEqual({ kind: 'degraded', cause: 'mask' })
    expect(SENSITIVE_POINTERS.decision).toContain('/body/request/context')
  })

  it.each(['/input/~2', '/input/a~', '/input/__proto__'])(
    'because it names %s, which points nowhere that a request may have, leaves nothing unmasked',
    async (pointer) => {
      const { found, text, decision } = await stored(masks(pointer))
      expect({ recorded: decision.recorded, state: found.state }).toEqual({ recorded: true, state: 'masked' })
      expect(text).not.toContain('s3cret')
    },
  )
})
