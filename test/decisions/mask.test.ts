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

describe('many masks', () => {
  const rows = (count: number) => Array.from({ length: count }, (_, index) => ({ pin: 's3cret', index }))
  const pins = (count: number) =>
    Array.from({ length: count }, (_, index) => `/input/action/properties/arguments/rows/${index}/pin`)

  it('hide exactly what they name up to 1,024 of them', async () => {
    const kept = await keptOf(masks(...pins(1_024)), { rows: rows(1_024), other: 'travel' })
    expect(kept).toMatchObject({ arguments: { rows: rows(1_024).map(({ index }) => ({ index })), other: 'travel' } })
  })

  it('beyond that are refused with the limit, and nothing is recorded', async () => {
    const tested = await masking(masks(...pins(1_025)))
    const asked = ask('finance-agent', 'categorise_expense', { arguments: { rows: rows(1_025) } })
    await expect(tested.service.evaluate(gateway, asked)).rejects.toMatchObject({
      code: 'too_large',
      message: expect.stringContaining('1025 values: the limit `masks.values_max` is 1024'),
    })
    expect(await tested.store.query({ kinds: ['decision'], limit: 1 })).toEqual([])
  })

  it('whose places are too long together are refused', async () => {
    const names = Array.from({ length: 300 }, (_, index) => `${'k'.repeat(900)}${index}`)
    const tested = await masking(masks(...names.map((name) => `/input/context/${name}`)))
    const context = Object.fromEntries(names.map((name) => [name, 1]))
    await expect(tested.service.evaluate(gateway, ask('finance-agent', 'categorise_expense', { context }))).rejects.toMatchObject(
      {
        code: 'too_large',
        message: expect.stringContaining('the limit `masks.place_chars_max` is 262144'),
      },
    )
  })

  it('that name nothing there cost nothing', async () => {
    const given = { pin: 's3cret', other: 'travel' }
    const nowhere = Array.from({ length: 2_000 }, (_, index) => `/input/context/nothing/${index}`)
    const kept = await keptOf(masks(...nowhere, '/input/action/properties/arguments/pin'), given, { session: 'kept' })
    expect(kept).toEqual({ arguments: { other: 'travel' }, context: { session: 'kept' } })
  })

  it('leave all the members beside them, however many', async () => {
    const wide = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`field${index}`, index]))
    const kept = await keptOf(masks('/input/action/properties/arguments/wide/pin'), { wide: { ...wide, pin: 's3cret' } })
    expect(kept).toMatchObject({ arguments: { wide } })
    expect(JSON.stringify(kept)).not.toContain('s3cret')
  })

  it('of a name with __proto__ inside hide it alone', async () => {
    const given = { inner: { my__proto__key: 's3cret', beside: 1 }, other: 'travel' }
    const kept = await keptOf(masks('/input/action/properties/arguments/inner/my__proto__key'), given)
    expect(kept).toMatchObject({ arguments: { inner: { beside: 1 }, other: 'travel' } })
    expect(JSON.stringify(kept)).not.toContain('s3cret')
  })
})

describe('what is masked is told by name and type', () => {
  it('in the record, and erased with the rest', async () => {
    const given = { password: { old: 's3cret', tries: [1, null, true] }, category: 'travel' }
    const tested = await masking(masks('/input/action/properties/arguments/password'))
    await tested.service.evaluate(gateway, ask('finance-agent', 'categorise_expense', { arguments: given }))
    const stored = async () => (await tested.store.query({ kinds: ['decision'], limit: 1 }))[0]!
    expect((await stored()).record.body['masked']).toEqual({
      '/request/action/properties/arguments/password': { old: 'string', tries: ['number', 'null', 'boolean'] },
    })
    await tested.store.erase([(await stored()).leafIndex], SENSITIVE_POINTERS.decision)
    expect(JSON.stringify((await stored()).record.body)).not.toContain('tries')
  })

  it('where the mask rule fails, for everything that is hidden then', async () => {
    const { found } = await stored(masks(7))
    expect(found.record.body['masked']).toMatchObject({
      '/request/action/properties': { arguments: { password: 'string', category: 'string' } },
      '/request/context': { purpose: 'string', session: 'string' },
    })
  })

  it('in a mapped input, whose copy in the arguments is hidden at the same place and nowhere else', async () => {
    const answer = masks('/input/call/args/pin', '/input/pin')
    const tested = await testService({
      policySet: (policySet) => ({
        ...policySet,
        mask: { ...policySet.base, evaluate: () => answer },
        settings: {
          ...policySet.settings,
          base: {
            ...policySet.settings.base,
            mapping: {
              subject: '/who',
              subject_type: 'agent',
              action: '/what',
              resource_type: 'resource',
              arguments: '/call/args',
            },
          },
        },
      }),
    })
    const args = { pin: 's3cret-argument', path: '/etc/passwd' }
    const copied = ask('finance-agent', 'categorise_expense', { arguments: args })
    const baseInput = { who: 'finance-agent', what: 'categorise_expense', pin: 's3cret-other', call: { args } }
    await tested.service.evaluate(gateway, { ...copied, baseInput, protocol: 'opa' })
    const [found] = await tested.store.query({ kinds: ['decision'], limit: 1 })
    expect(JSON.stringify(found)).not.toContain('s3cret')
    expect(found!.record.body).toMatchObject({
      request: { action: { properties: { arguments: { path: '/etc/passwd' } } } },
      base_input: { call: { args: { path: '/etc/passwd' } } },
      masked: { '/base_input/call/args/pin': 'string', '/base_input/pin': 'string' },
    })
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
