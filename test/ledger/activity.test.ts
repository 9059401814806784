import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  countersOf,
  newActivity,
  type UsagePlace,
  type Reach,
  usageOf,
  withCharge,
  withRelease,
  withRequest,
} from '../../src/ledger/activity.ts'
import { type Activity, BUCKET_MS, REMEMBERED_NAMES_MAX, WINDOW_MS } from '../../src/ledger/documents/activity.ts'
import { HOUR_MS, START_MS } from '../support/test-service.ts'

const DAY_MS = WINDOW_MS.day
const MINUTE_MS = BUCKET_MS.hour
const scope = 'payments:full'
const place = { scope, tool: 'refund' }
const charge = (id: string, amount = 0, verifyByMs: number | null = START_MS + DAY_MS) => ({
  ...place,
  decision_id: id,
  amount,
  verify_by_ms: verifyByMs,
})
const used = (activity: Activity | undefined, nowMs: number) => usageOf(activity, 'stake', place, nowMs)
const charged = (...times: readonly number[]): Activity =>
  times.reduce((activity, atMs, index) => withCharge(activity, charge(`d${String(index)}`, 10, null), atMs), newActivity())

describe('windows of use', () => {
  it.each([
    ['at once', 0, 1, 1, 10],
    ['an hour later to the millisecond', HOUR_MS, 1, 1, 10],
    ['an hour and a bucket later', HOUR_MS + MINUTE_MS, 0, 1, 10],
    ['a day later to the millisecond', DAY_MS, 0, 1, 10],
    ['a day and a bucket later', DAY_MS + BUCKET_MS.day, 0, 0, 0],
  ])('a charge counts %s', (_when, laterMs, hour, day, amount) => {
    const usage = used(charged(START_MS), START_MS + laterMs)
    expect(usage).toEqual({ actions_last_hour: hour, actions_last_day: day, amount_last_day: amount, outstanding: 0 })
  })

  it('are never shorter than they say, and at most one bucket longer', () => {
    const times = fc.array(fc.integer({ min: 0, max: 30 * HOUR_MS }), { maxLength: 30 }).map((each) => each.sort((a, b) => a - b))
    fc.assert(
      fc.property(times, fc.integer({ min: 0, max: HOUR_MS }), (offsets, waitMs) => {
        const nowMs = START_MS + (offsets.at(-1) ?? 0) + waitMs
        const usage = used(charged(...offsets.map((offset) => START_MS + offset)), nowMs)
        const within = (ms: number): number => offsets.filter((offset) => START_MS + offset > nowMs - ms).length
        expect(usage.actions_last_hour).toBeGreaterThanOrEqual(within(HOUR_MS))
        expect(usage.actions_last_hour).toBeLessThanOrEqual(within(HOUR_MS + BUCKET_MS.hour))
        expect(usage.actions_last_day).toBeGreaterThanOrEqual(within(DAY_MS))
        expect(usage.actions_last_day).toBeLessThanOrEqual(within(DAY_MS + BUCKET_MS.day))
      }),
    )
  })

  it('count charges that arrive out of order once each', () => {
    const usage = used(charged(START_MS + 3 * MINUTE_MS, START_MS, START_MS + 3 * MINUTE_MS), START_MS + 4 * MINUTE_MS)
    expect(usage.actions_last_hour).toBe(3)
  })

  it('keep scopes apart', () => {
    expect(usageOf(charged(START_MS), 'stake', { ...place, scope: 'payments:light' }, START_MS).actions_last_hour).toBe(0)
  })

  it('of an agent without activity are empty', () => {
    expect(used(undefined, START_MS)).toEqual({
      actions_last_hour: 0,
      actions_last_day: 0,
      amount_last_day: 0,
      outstanding: 0,
    })
  })
})

describe('the reach of a budget', () => {
  const tools = ['refund', 'wire_transfer', 'constructor', null] as const
  const scopes = ['payments:full', 'payments:light', 'pay:full', 'email:light'] as const
  const done = fc.array(
    fc.record({ scope: fc.constantFrom(...scopes), tool: fc.constantFrom(...tools), amount: fc.integer({ min: 0, max: 9 }) }),
    { maxLength: 12 },
  )

  it.each([
    ['account', () => true],
    ['scope', (one, place) => one.scope.split(':')[0] === place.scope.split(':')[0]],
    ['stake', (one, place) => one.scope === place.scope],
    ['tool', (one, place) => one.tool === place.tool],
  ] as const satisfies readonly (readonly [Reach, (one: UsagePlace, place: UsagePlace) => boolean])[])(
    '"%s" sums what lies within it, and nothing else',
    (reach, isMeant: (one: UsagePlace, place: UsagePlace) => boolean) => {
      fc.assert(
        fc.property(done, fc.constantFrom(...scopes), fc.constantFrom(...tools), (charges, scope, tool) => {
          const activity = charges.reduce(
            (before, one, index) =>
              withCharge(before, { ...one, decision_id: `d${String(index)}`, verify_by_ms: START_MS + DAY_MS }, START_MS),
            newActivity(),
          )
          const meant = charges.filter((one) => isMeant(one, { scope, tool }))
          expect(usageOf(activity, reach, { scope, tool }, START_MS)).toEqual({
            actions_last_hour: meant.length,
            actions_last_day: meant.length,
            amount_last_day: meant.reduce((sum, { amount }) => sum + amount, 0),
            outstanding: meant.length,
          })
        }),
      )
    },
  )
})

describe('buckets', () => {
  it('hold all charges of one minute, and of one hour', () => {
    const activity = charged(START_MS, START_MS + 1, START_MS + MINUTE_MS - 1, START_MS + MINUTE_MS)
    expect(activity.scopes[scope]?.['refund']).toEqual({
      hour: [
        { start_ms: START_MS, count: 3, amount: 30 },
        { start_ms: START_MS + MINUTE_MS, count: 1, amount: 10 },
      ],
      day: [{ start_ms: START_MS, count: 4, amount: 40 }],
    })
  })

  it('older than their window go with the next charge', () => {
    const laterMs = START_MS + DAY_MS + BUCKET_MS.day
    expect(charged(START_MS, laterMs).scopes[scope]?.['refund']).toEqual({
      hour: [{ start_ms: laterMs, count: 1, amount: 10 }],
      day: [{ start_ms: laterMs, count: 1, amount: 10 }],
    })
  })
})

describe('tools of yesterday', () => {
  it('are forgotten with the next charge, whatever it is for', () => {
    const before = withCharge(newActivity(), { ...charge('a'), scope: 'email:light', tool: 'tag_email' }, START_MS)
    const after = withCharge(before, charge('b'), START_MS + 3 * DAY_MS)
    expect(Object.keys(after.scopes)).toEqual([scope])
  })
})

describe('outstanding slots', () => {
  it('that are due are not forgotten by a later charge: whoever counts the miss gives them back', () => {
    const then = START_MS + 20
    const after = (due: object) =>
      withCharge(withCharge(newActivity(), { ...charge('one', 0, START_MS + 10), ...due }, START_MS), charge('two'), then)
    expect(after({ due: true }).outstanding.map(({ decision_id }) => decision_id)).toEqual(['one', 'two'])
    expect(used(after({ due: true }), then).outstanding).toBe(1)
    expect(after({}).outstanding.map(({ decision_id }) => decision_id)).toEqual(['two'])
  })

  const two = withCharge(withCharge(newActivity(), charge('a'), START_MS), charge('b'), START_MS)

  it('are held until verification', () => {
    expect(used(two, START_MS).outstanding).toBe(2)
    expect(used(withRelease(two, 'a'), START_MS).outstanding).toBe(1)
  })

  it('are free at verify_by and not before', () => {
    expect(used(two, START_MS + DAY_MS - 1).outstanding).toBe(2)
    expect(used(two, START_MS + DAY_MS).outstanding).toBe(0)
  })

  it('leave volume and money charged when they are released', () => {
    const usage = used(withRelease(withCharge(newActivity(), charge('a', 25), START_MS), 'a'), START_MS)
    expect(usage).toMatchObject({ actions_last_day: 1, amount_last_day: 25, outstanding: 0 })
  })

  it('of an unknown decision change nothing when released', () => {
    expect(withRelease(two, 'c')).toEqual(two)
  })

  it('that ran out are forgotten with the next charge', () => {
    const later = withCharge(two, charge('c', 0, START_MS + 3 * DAY_MS), START_MS + 2 * DAY_MS)
    expect(later.outstanding.map(({ decision_id }) => decision_id)).toEqual(['c'])
  })
})

describe('counters for risk facts', () => {
  const seen = (action: string | null, denied = false, domains: readonly string[] = []) => ({ action, denied, domains })

  it('count requests and refusals of the last hour', () => {
    let activity = withRequest(newActivity(), seen('read'), START_MS)
    activity = withRequest(activity, seen('read', true), START_MS + 1)
    activity = withRequest(activity, seen('read', true), START_MS + MINUTE_MS)
    expect(countersOf(activity, 'read', START_MS + MINUTE_MS)).toEqual({
      actions_last_hour: 3,
      denials_last_hour: 2,
      first_use: false,
    })
    expect(countersOf(activity, 'read', START_MS + HOUR_MS + 2 * MINUTE_MS)).toMatchObject({
      actions_last_hour: 0,
      denials_last_hour: 0,
    })
  })

  it('call an action new until it ran', () => {
    const activity = withRequest(withRequest(newActivity(), seen('read'), START_MS), seen(null), START_MS)
    expect(countersOf(activity, 'write', START_MS).first_use).toBe(true)
    expect(countersOf(activity, 'read', START_MS).first_use).toBe(false)
    expect(countersOf(undefined, 'read', START_MS).first_use).toBe(true)
  })

  it('remember no more names than the limit, the newest', () => {
    const names = Array.from({ length: REMEMBERED_NAMES_MAX + 1 }, (_, index) => `d${String(index)}.example`)
    const activity = names.reduce((before, name) => withRequest(before, seen('send', false, [name]), START_MS), newActivity())
    expect(activity.domains).toHaveLength(REMEMBERED_NAMES_MAX)
    expect(activity.domains).not.toContain('d0.example')
    expect(activity.domains.at(-1)).toBe(names.at(-1))
  })
})
