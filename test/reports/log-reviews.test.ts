import { describe, expect, it } from 'vitest'

import { Config } from '../../src/config/config.ts'
import { eventsOf } from '../../src/events/events-of-record.ts'
import { DAY_MS } from '../../src/format/time.ts'
import { auditor, inTenant, operator } from '../support/callers.ts'
import { testService } from '../support/test-service.ts'

const weekly = { id: 'weekly-log', owner: 'security', every_days: 7, what: 'denials and overrides of the week' }
const anna = { ...auditor, person: 'anna' }
const scene = () => testService({ config: { audit: { reviews: [weekly, { ...weekly, id: 'acme', tenant: 'acme' }] } } })

describe('a review of the log', () => {
  it('is due so many days after the log began, and then after it was last done', async () => {
    const { service, clock } = await scene()
    const [before] = (await service.logReviews(anna)).reviews
    expect(before).toMatchObject({ ...weekly, last: null, overdue: false })
    clock.advance(6 * DAY_MS)
    const done = await service.reviewLog(anna, { review: 'weekly-log', notes: 'nothing unusual' })
    expect(Date.parse(done.due) - clock.nowMs()).toBe(7 * DAY_MS)
    expect(done.last).toMatchObject({ at: new Date(clock.nowMs()).toISOString(), by: 'person:anna' })
    clock.advance(7 * DAY_MS)
    expect((await service.logReviews(anna)).reviews[0]).toMatchObject({ overdue: false })
    clock.advance(1)
    expect((await service.logReviews(anna)).reviews[0]).toMatchObject({
      overdue: true,
      last: { record_id: done.last?.record_id },
    })
  })

  it('is a record of a person and what they saw', async () => {
    const { service, store } = await scene()
    const { leaf_index } = await service.reviewLog(anna, { review: 'weekly-log', notes: 'two overrides, both explained' })
    const [stored] = await store.query({ from: leaf_index, limit: 1 })
    expect(stored?.record).toMatchObject({
      ...{ kind: 'operator', user: 'anna', action: 'review_log', outcome: 'weekly-log', effects: [] },
      body: { verb: 'review_log', detail: { review: 'weekly-log', notes: 'two overrides, both explained' } },
    })
  })

  it('is refused without a person, by another role, and for a review or a tenant that has none; nothing is written', async () => {
    const { service, store } = await scene()
    const size = store.size()
    const report = { review: 'weekly-log', notes: 'x' }
    await expect(service.reviewLog(auditor, report)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('person'),
    })
    await expect(service.reviewLog(operator, report)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(service.reviewLog({ ...anna, agent: 'bot' }, report)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(service.reviewLog(anna, { ...report, review: 'acme' })).rejects.toMatchObject({
      code: 'not_found',
      fix: 'one of weekly-log',
    })
    await expect(service.reviewLog(inTenant(anna, 'other'), report)).rejects.toMatchObject({
      code: 'not_found',
      fix: expect.stringContaining('audit.reviews'),
    })
    expect(store.size()).toBe(size)
    expect((await service.logReviews(inTenant(anna, 'acme'))).reviews.map(({ id }) => id)).toEqual(['acme'])
  })
})

describe('an overdue review', () => {
  it('alerts once for each time it becomes so, and again for the next period', async () => {
    const { service, clock, store, observations } = await scene()
    expect(await service.alertOverdueReviews()).toBe(0)
    clock.advance(8 * DAY_MS)
    expect(await service.alertOverdueReviews()).toBe(1)
    clock.advance(DAY_MS)
    expect(await service.alertOverdueReviews()).toBe(0)
    const [stored] = await store.query({ kinds: ['alert'], limit: 10 })
    expect(eventsOf(stored!)).toMatchObject([
      { type: 'log_review.overdue', data: { alert: { rule: 'weekly-log', group: 'security' } } },
    ])
    expect(observations).toContainEqual({ kind: 'review_overdue', review: 'weekly-log', overdue: true })

    await service.reviewLog(anna, { review: 'weekly-log', notes: 'late' })
    expect(observations.at(-1)).toEqual({ kind: 'review_overdue', review: 'weekly-log', overdue: false })
    expect(await service.alertOverdueReviews()).toBe(0)
    clock.advance(8 * DAY_MS)
    expect(await service.alertOverdueReviews()).toBe(1)
    expect(service.readiness()).toEqual([])
  })

  it('of a tenant whose log has not begun is not overdue', async () => {
    const { service, clock } = await scene()
    clock.advance(30 * DAY_MS)
    expect((await service.logReviews(inTenant(anna, 'acme'))).reviews[0]).toMatchObject({ overdue: false })
  })
})

describe('the configuration of reviews', () => {
  it.each([
    [[weekly, weekly], 'is taken'],
    [[{ ...weekly, every_days: 0 }], 'every_days'],
    [[{ ...weekly, owner: ' ' }], 'owner'],
    [[{ ...weekly, id: 'Weekly' }], 'lower-case'],
  ])('%j is refused', (reviews, message) => {
    expect(Config.safeParse({ audit: { reviews } }).error?.message).toContain(message)
  })
})
