import { describe, expect, test } from 'vitest'

import { ServiceError } from '../../src/format/error.ts'
import { ANSWER, bearer, get, post, raw, REQUEST, start, token } from './support.ts'

const api = '/api/v1'

describe('decisions', () => {
  test('the request reaches the service with the anonymous standing, and its answer comes back whole and uncached', async () => {
    const { url, calls } = await start()
    const answer = await post(`${url}${api}/decisions`, REQUEST)
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual(ANSWER)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('x-powered-by')).toBeNull()
    expect(answer.headers.get('etag')).toBeNull()
    expect(calls).toMatchObject([
      {
        verb: 'evaluate',
        caller: { credential: 'listener:http', roles: ['enforcement_point'] },
        args: [{ request: REQUEST, protocol: 'native' }],
      },
    ])
  })

  test.each([
    ['/api/v1/decisions', REQUEST],
    ['/access/v1/evaluation', REQUEST],
    ['/v1/data/gradus/allow', { input: REQUEST }],
  ])('by %s come with where they were sent from, and so much of the user agent as a record keeps', async (path, body) => {
    const { url, calls } = await start()
    await post(`${url}${path}`, body, { 'user-agent': 'a'.repeat(300) })
    expect(calls).toMatchObject([{ args: [{ network: { address: '127.0.0.1', user_agent: 'a'.repeat(256) } }] }])
  })

  test('what is wrong is named by JSON Pointer, as problem details', async () => {
    const { url, calls } = await start()
    const { status, headers, body } = await post(`${url}${api}/decisions`, {
      ...REQUEST,
      subject: { type: 'agent', id: '' },
      surplus: 1,
    })
    expect(status).toBe(400)
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(body).toMatchObject({ type: 'urn:gradus:problem:bad_request', status: 400, code: 'bad_request' })
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual(['', '/subject/id'])
    expect(calls).toEqual([])
  })

  test.each([
    ['an empty body', '', ''],
    ['no JSON', '{"subject"', '/subject'],
    ['a key twice', '{"subject":{"id":"a","id":"b"}}', '/subject/id'],
    ['__proto__', '{"subject":{"__proto__":{}}}', '/subject/__proto__'],
    ['a number beyond 2^53', '{"context":{"n":9007199254740993}}', '/context/n'],
    ['a lone surrogate', '{"context":{"n":"\\ud800"}}', '/context/n'],
    ['null', 'null', ''],
    ['bytes after the value', '{} {}', ''],
  ])('%s is refused with its place', async (_name, sent, pointer) => {
    const { url } = await start()
    const { status, body } = await post(`${url}${api}/decisions`, sent)
    expect(status).toBe(400)
    expect(body.errors[0].pointer).toBe(pointer)
  })

  test.each(['text/plain', 'application/json; charset=latin1', 'application/x-www-form-urlencoded', ''])(
    'the content type "%s" is 415',
    async (type) => {
      const { url } = await start()
      const { status, body } = await post(`${url}${api}/decisions`, JSON.stringify(REQUEST), { 'content-type': type })
      expect([status, body.code]).toEqual([415, 'unsupported_media_type'])
    },
  )

  test('a compressed body is refused, not guessed at', async () => {
    const { url } = await start()
    expect((await post(`${url}${api}/decisions`, REQUEST, { 'content-encoding': 'gzip' })).status).toBe(415)
  })
})

describe('every verb reaches the service with what was sent', () => {
  const outcome = { decision_id: 'd-1', class: 'validated' }
  const signal = { decision_id: 'd-1', layer: 'behaviour', class: 'clean' }
  const incident = { agent: 'a-1', class: 'other' }
  const target = { target: { kind: 'agent', agent: 'a-1' }, reason: 'why' }
  test.each([
    ['POST', '/outcomes', outcome, 'reportOutcome', [outcome], 200],
    [
      'POST',
      '/decisions/d%2F1/rollbacks',
      { result: 'done', handle: 'h-1' },
      'reportRollback',
      ['d/1', { result: 'done', handle: 'h-1' }],
      200,
    ],
    ['POST', '/signals', signal, 'reportSignal', [signal], 200],
    ['POST', '/incidents', incident, 'raiseIncident', [incident], 201],
    [
      'POST',
      '/incidents/i%2F1/reviews',
      { agent: 'a-1' },
      'reviewIncident',
      ['i/1', { agent: 'a-1', false_positive: false }],
      200,
    ],
    ['GET', '/agents?limit=2&after=a', undefined, 'agents', [{ limit: 2, after: 'a' }], 200],
    ['GET', '/agents', undefined, 'agents', [{ limit: 100 }], 200],
    ['GET', '/agents/a%20b/trust', undefined, 'agentTrust', ['a b'], 200],
    ['POST', '/agents/a-1/scopes/email:light/promotions', {}, 'promote', ['a-1', 'email:light', {}], 200],
    ['POST', '/containments', target, 'contain', [target], 201],
    ['DELETE', '/containments/c-1', undefined, 'lift', ['c-1'], 200],
    ['GET', '/proposals?limit=5&from=2', undefined, 'proposals', [{ from: 2, limit: 5 }], 200],
    ['GET', '/proposals', undefined, 'proposals', [{ limit: 100 }], 200],
    ['GET', '/audit/proofs/r-1', undefined, 'proof', ['r-1'], 200],
    ['POST', '/policies/reload', undefined, 'reloadPolicies', [], 200],
  ] as const)('%s %s', async (method, path, body, verb, args, status) => {
    const { url, calls } = await start()
    const answer =
      body === undefined
        ? await get(`${url}${api}${path}`, bearer('operator'), method)
        : await post(`${url}${api}${path}`, body, bearer('operator'))
    expect([answer.status, answer.body]).toEqual([status, { verb }])
    expect(calls).toMatchObject([{ verb, caller: { credential: 'operator' }, args }])
  })

  test.each([
    ['without a content type', undefined, '', 200],
    ['of no bytes', 'application/json', '', 200],
    ['of bytes without a content type', undefined, '{}', 415],
    ['of another content type', 'text/plain', '', 415],
    ['that is no JSON', 'application/json', ' ', 400],
  ])('a promotion with a body %s (%s, "%s") is %d', async (_name, type, sent, status) => {
    const { url, calls } = await start()
    const head = type === undefined ? '' : `Content-Type: ${type}\r\n`
    const answer = await raw(url, [
      `POST ${api}/agents/a/scopes/email:light/promotions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n`,
      `Authorization: Bearer ${token('operator')}\r\n${head}Content-Length: ${sent.length}\r\n\r\n${sent}`,
    ])
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `, 'u'))
    expect(calls.map(({ args }) => args)).toEqual(status === 200 ? [['a', 'email:light', {}]] : [])
  })

  test('a scope that is none is refused before the service is asked', async () => {
    const { url, calls } = await start()
    const { status, body } = await post(`${url}${api}/agents/a/scopes/email/promotions`, {}, bearer('operator'))
    expect([status, calls]).toEqual([400, []])
    expect(body.detail).toContain('{scope} in the path')
  })

  test('a path that is not percent-encoded UTF-8 is refused', async () => {
    const { url } = await start()
    const { status, body } = await get(`${url}${api}/agents/%ff/trust`)
    expect([status, body.code]).toEqual([400, 'bad_request'])
  })
})

describe('audit', () => {
  const stored = (leafIndex: number) => ({ leafIndex, state: 'whole', record: { id: `r-${leafIndex}` } })

  test('a query is translated, times become UTC, and the page says where to go on', async () => {
    const { url, calls } = await start({ answers: { records: () => ({ records: [stored(4), stored(9)], next: 10 }) } })
    const query = 'agent=a&kind=decision&kind=outcome&decision_id=d&since=2026-01-01T02:00:00%2B02:00&limit=2'
    const { body } = await get(`${url}${api}/audit/records?${query}`, bearer('auditor'))
    expect(calls[0]?.args).toEqual([
      { agent: 'a', kinds: ['decision', 'outcome'], decisionId: 'd', since: '2026-01-01T00:00:00.000Z', limit: 2 },
    ])
    expect(body).toEqual({
      records: [4, 9].map((at) => ({ leaf_index: at, state: 'whole', record: { id: `r-${at}` } })),
      next: 10,
    })
  })

  test.each(['limit=0', 'limit=1001', 'limit=x', 'limit=1&limit=2', 'agnt=a', 'since=yesterday', 'kind=nothing', 'from=-1'])(
    '?%s is refused',
    async (query) => {
      const { url, calls } = await start()
      expect((await get(`${url}${api}/audit/records?${query}`, bearer('auditor'))).status).toBe(400)
      expect(calls).toEqual([])
    },
  )

  test('the checkpoint is text as it was signed', async () => {
    const { url } = await start()
    const { headers, text } = await get(`${url}${api}/audit/checkpoint`, bearer('auditor'))
    expect([headers.get('content-type'), text]).toEqual(['text/plain; charset=utf-8', 'origin\n1\nroot\n'])
  })
})

describe('failures', () => {
  const fail = (error: unknown) => ({
    answers: {
      evaluate: () => {
        throw error
      },
    },
  })

  test('an expected failure tells its message and its fix', async () => {
    const { url, log } = await start(
      fail(new ServiceError('conflict', 'it is so', { fix: 'do that', place: { pointer: '/subject' } })),
    )
    const { status, body } = await post(`${url}${api}/decisions`, REQUEST)
    expect(status).toBe(409)
    expect(body).toMatchObject({
      code: 'conflict',
      detail: 'it is so',
      fix: 'do that',
      errors: [{ pointer: '/subject', message: 'it is so' }],
    })
    expect(log).toEqual([])
  })

  test('a bug tells nothing but an id, under which the log has the stack', async () => {
    const { url, log } = await start(fail(new TypeError('secret internals')))
    const { status, body, text } = await post(`${url}${api}/decisions`, REQUEST, { 'x-request-id': 'r-77' })
    expect([status, body.code, body.instance]).toEqual([500, 'internal', 'urn:gradus:request:r-77'])
    expect(text).not.toMatch(/secret|TypeError|\.ts/u)
    expect(log).toMatchObject([
      { level: 'error', request_id: 'r-77', message: 'secret internals', stack: expect.stringContaining('TypeError') },
    ])
  })

  test('a failing store keeps its details from the caller', async () => {
    const { url, log } = await start(fail(new ServiceError('store_fenced', 'disk /var/lib/x is full', { fix: 'free some' })))
    const { status, text } = await post(`${url}${api}/decisions`, REQUEST)
    expect(status).toBe(503)
    expect(text).not.toMatch(/disk|free some/u)
    expect(log).toHaveLength(1)
  })
})

test('an unknown path is 404 and a wrong method 405 with the right ones, as problems', async () => {
  const { url } = await start()
  expect((await get(`${url}${api}/nothing`)).body).toMatchObject({ status: 404, code: 'not_found' })
  const wrong = await get(`${url}${api}/decisions`)
  expect([wrong.status, wrong.headers.get('allow'), wrong.body.code]).toEqual([405, 'POST', 'method_not_allowed'])
  expect((await get(`${url}${api}/proposals`, bearer('auditor'), 'HEAD')).status).toBe(405)
})

describe('following a request', () => {
  test('a request id and a traceparent go in, to the record, and out', async () => {
    const { url, calls } = await start()
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const { headers } = await post(`${url}${api}/decisions`, REQUEST, { 'x-request-id': 'r-1', traceparent })
    expect([headers.get('x-request-id'), headers.get('traceparent')]).toEqual(['r-1', traceparent])
    expect(calls[0]?.args[0]).toMatchObject({ requestId: 'r-1', traceparent })
  })

  test.each([
    'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    'x',
  ])('a traceparent of %s is as none', async (traceparent) => {
    const { url, calls } = await start()
    const { headers } = await post(`${url}${api}/decisions`, REQUEST, { traceparent })
    expect([headers.get('traceparent'), calls[0]?.args[0]]).toEqual([null, expect.not.objectContaining({ traceparent })])
  })

  test.each(['', 'a b', 'x'.repeat(129)])('a request id of "%s" is replaced', async (given) => {
    const { url, calls } = await start()
    const { headers } = await post(`${url}${api}/decisions`, REQUEST, { 'x-request-id': given })
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/u)
    expect(calls[0]?.args[0]).toMatchObject({ requestId: headers.get('x-request-id') })
  })
})
