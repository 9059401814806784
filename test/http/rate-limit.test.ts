import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { createRateLimit } from '../../src/http/rate-limit.ts'
import { ANSWER, bearer, get, post, REQUEST, start } from './support.ts'

const outcome = { decision_id: 'd-1', class: 'validated' }
const tight = { rates: { reports: { per_second: 0.01, burst: 2 }, decisions: { per_second: 0.01, burst: 3 } } }

describe('a bucket', () => {
  test('never lets more through than its burst and its rate together', () => {
    const steps = fc.array(fc.record({ waitMs: fc.integer({ min: 0, max: 3_000 }), count: fc.integer({ min: 1, max: 4 }) }), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 5 }), (taken, burst, per_second) => {
        let nowMs = 0
        const take = createRateLimit({ per_second, burst }, () => nowMs)
        let through = 0
        for (const { waitMs, count } of taken) {
          nowMs += waitMs
          if (take('one', count) === undefined) through += count
          expect(through).toBeLessThanOrEqual(burst + (nowMs / 1_000) * per_second + 1e-6)
        }
      }),
    )
  })

  test('says after how many seconds it has enough again, and then has', () => {
    let nowMs = 0
    const take = createRateLimit({ per_second: 2, burst: 4 }, () => nowMs)
    expect([take('one', 4), take('one', 1), take('one', 4)]).toEqual([undefined, 1, 2])
    nowMs = 500
    expect([take('one', 2), take('one', 1), take('one', 1)]).toEqual([1, undefined, 1])
  })

  test('of a credential that is full again may be forgotten, one that is not never', () => {
    let nowMs = 0
    const take = createRateLimit({ per_second: 1, burst: 2 }, () => nowMs)
    for (let holder = 0; holder < 10_000; holder += 1) take(`holder-${holder}`, 1)
    nowMs = 1_000
    expect(take('spent', 2)).toBeUndefined()
    expect([take('one more', 1), take('spent', 1), take('holder-1', 2)]).toEqual([undefined, 1, undefined])
  })

  test('is one for each credential', () => {
    const take = createRateLimit({ per_second: 1, burst: 1 }, () => 0)
    expect([take('one', 1), take('other', 1), take('one', 1)]).toEqual([undefined, undefined, 1])
  })
})

describe('records', () => {
  test('of one credential are limited, others go on, and what is refused is not written', async () => {
    const { url, calls } = await start({ config: tight })
    const report = (who: string) => post(`${url}/api/v1/outcomes`, outcome, bearer(who))
    expect([(await report('verifier')).status, (await report('verifier')).status]).toEqual([200, 200])
    const refused = await report('verifier')
    expect([refused.status, refused.headers.get('retry-after'), refused.body.code]).toEqual([429, '100', 'rate_limited'])
    expect(refused.body).toMatchObject({
      detail:
        'The credential verifier sent more than 2 reports at once: the limit `http.rates.reports.burst` is 2, and 0.01 more each second (`http.rates.reports.per_second`).',
      fix: expect.stringContaining('`http.rates.reports`') as string,
    })
    expect((await report('operator')).status).toBe(200)
    expect(calls).toHaveLength(3)
  })

  test('reading the audit is one too, a decision and a plain reading are none', async () => {
    const { url } = await start({ config: { rates: { reports: { per_second: 0.01, burst: 1 } } } })
    const records = () => get(`${url}/api/v1/audit/records`, bearer('operator'))
    expect([(await records()).status, (await records()).status]).toEqual([200, 429])
    expect((await get(`${url}/api/v1/agents/a/trust`, bearer('operator'))).status).toBe(200)
    for (let count = 0; count < 20; count += 1) expect((await post(`${url}/api/v1/decisions`, REQUEST)).status).toBe(200)
  })
})

describe('decisions', () => {
  test.each([
    ['/api/v1/decisions', REQUEST, { code: 'rate_limited' }],
    ['/v1/data/gradus/allow', { input: REQUEST }, { code: 'internal_error' }],
    ['/access/v1/evaluation', REQUEST, undefined],
  ])('on %s are limited where it is configured, in the form of the protocol', async (path, body, form) => {
    const { url, calls } = await start({ config: tight })
    const statuses: number[] = []
    for (let count = 0; count < 3; count += 1) statuses.push((await post(`${url}${path}`, body)).status)
    const refused = await post(`${url}${path}`, body)
    expect([statuses, refused.status, refused.headers.get('retry-after'), calls.length]).toEqual([[200, 200, 200], 429, '100', 3])
    if (form !== undefined) expect(refused.body).toMatchObject(form)
  })

  test('of a batch count one by one, and it is refused whole', async () => {
    const { url, calls } = await start({ config: tight, answers: { evaluate: () => ANSWER } })
    const batch = (items: number) => post(`${url}/access/v1/evaluations`, { ...REQUEST, evaluations: Array(items).fill({}) })
    // More than the bucket ever holds: no waiting would help.
    expect([(await batch(4)).status, calls.length]).toEqual([413, 0])
    expect([(await batch(2)).status, calls.length]).toEqual([200, 2])
    expect([(await batch(2)).status, calls.length]).toEqual([429, 2])
  })
})
