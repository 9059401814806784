import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { prefersText } from '../../src/http/accept.ts'
import { bearer, get, start } from './support.ts'

const told = { answer: { outcome: 'deny', remedies: [] }, text: 'trust  nobody\n' }
const path = '/api/v1/decisions/d%2F1/explanation'

describe('GET …/explanation', () => {
  test.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['application/json', 'application/json'],
    ['text/plain', 'text/plain; charset=utf-8'],
    ['text/plain;q=0.2, application/json', 'application/json'],
  ])('Accept %s is answered with %s', async (accept, type) => {
    const { url, calls } = await start({ answers: { explain: () => told } })
    const answer = await get(`${url}${path}`, { ...bearer('auditor'), ...(accept === undefined ? {} : { accept }) })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type])
    if (type === 'application/json') expect(answer.body).toEqual(told.answer)
    else expect(answer.text).toBe(told.text)
    expect(calls).toMatchObject([{ verb: 'explain', caller: { credential: 'auditor' }, args: ['d/1'] }])
  })

  test('is charged to the reports of the credential', async () => {
    const { url } = await start({
      answers: { explain: () => told },
      config: { rates: { reports: { per_second: 0.001, burst: 1 } } },
    })
    expect((await get(`${url}${path}`, bearer('auditor'))).status).toBe(200)
    expect((await get(`${url}${path}`, bearer('auditor'))).status).toBe(429)
  })
})

describe('which of text and JSON is preferred', () => {
  test.each([
    ['text/*', true],
    ['TEXT/PLAIN', true],
    ['text/plain, */*', true],
    ['text/html, text/plain;q=0.9, */*;q=0.8', true],
    ['text/*;q=0.5, application/json;q=0.4', true],
    ['text/plain, application/json', false],
    ['application/*, text/*', false],
    ['text/plain;q=0', false],
    ['text/plain;q=0, application/json;q=0', false],
    ['text/plain;q=2', false],
    ['text/plain;q=', false],
    ['image/png', false],
    ['', false],
    [',;q=,', false],
  ])('%j: text %s', (accept, text) => {
    expect(prefersText({ accept })).toBe(text)
  })

  test('any header has an answer', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (accept) => {
        expect(typeof prefersText({ accept })).toBe('boolean')
      }),
    )
  })
})
