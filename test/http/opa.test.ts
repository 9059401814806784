import { createHash } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { ServiceError } from '../../src/format/error.ts'
import { ANSWER, bearer, DENIED, get, post, REQUEST, start, token, withBase } from './support.ts'

const input = REQUEST

describe('gradus/allow and gradus/decision', () => {
  test('allow is a strict boolean with its decision id, a newline at the end', async () => {
    const { url, calls } = await start()
    const { status, text } = await post(`${url}/v1/data/gradus/allow`, { input, surplus: true })
    expect(status).toBe(200)
    expect(text).toBe(`{"decision_id":"${ANSWER.decision_id}","result":true}\n`)
    expect(calls).toMatchObject([{ verb: 'evaluate', args: [{ request: REQUEST, protocol: 'opa' }] }])
    expect(calls[0]?.args[0]).not.toHaveProperty('entrypoint')
    expect(calls[0]?.args[0]).not.toHaveProperty('baseInput')
  })

  test('a refusal is false, never a graded value', async () => {
    const { url } = await start({ answers: { evaluate: () => ({ ...DENIED, outcome: 'require_approval' }) } })
    expect((await post(`${url}/v1/data/gradus/allow`, { input })).body.result).toBe(false)
    const { result } = (await post(`${url}/v1/data/gradus/decision`, { input })).body
    expect([result.allow, result.allowed, result.decision, result.outcome]).toEqual([false, false, false, 'require_approval'])
  })

  test('decision is the whole answer, keys sorted, HTML escaped as OPA does', async () => {
    const { url } = await start()
    const { text, body } = await post(`${url}/v1/data/gradus/decision`, { input })
    expect(body.result).toEqual({ ...ANSWER, allow: true, allowed: true })
    expect(Object.keys(body.result)).toEqual(Object.keys(body.result).sort())
    expect(text).toContain('a \\u003c b \\u0026 c \\u003e d')
    expect(text).not.toMatch(/[<>&]/u)
  })

  test('a path may point inside the result', async () => {
    const { url } = await start()
    expect((await post(`${url}/v1/data/gradus/decision/ceilings/0/source`, { input })).body.result).toBe('base')
    expect((await post(`${url}/v1/data/gradus/decision/ceilings/7`, { input })).body).not.toHaveProperty('result')
    expect((await post(`${url}/v1/data/gradus/decision/toString`, { input })).body).not.toHaveProperty('result')
  })
})

describe('what is undefined', () => {
  test.each([{}, { input: null }, ''])('without input (%j) there is a warning and no decision', async (body) => {
    const { url, calls } = await start()
    const { status, body: answer } = await post(`${url}/v1/data/gradus/allow`, body)
    expect([status, answer]).toEqual([
      200,
      { warning: { code: 'api_usage_warning', message: "'input' key missing from the request" } },
    ])
    expect(calls).toEqual([])
  })

  test.each(['', '/', '/gradus', '/gradus/other', '/rbac/decision', '/gradus%2Fallow'])('data%s has no result', async (path) => {
    const { url, calls } = await start()
    const { body } = await post(`${url}/v1/data${path}`, { input })
    expect([body, calls]).toEqual([{}, []])
  })

  test('version 0 answers 404 for it', async () => {
    const { url } = await start()
    const { status, body } = await post(`${url}/v0/data/some/thing`, input)
    expect([status, body]).toEqual([404, { code: 'undefined_document', message: 'document missing: data.some.thing' }])
  })
})

describe('version 0 and GET', () => {
  test('the body of version 0 is the input and the answer is bare', async () => {
    const { url } = await start()
    expect((await post(`${url}/v0/data/gradus/allow`, input)).text).toBe('true\n')
  })

  test('GET takes the input from the query, the last one counts, and warns of nothing', async () => {
    const { url, calls } = await start()
    const query = `input=1&input=${encodeURIComponent(JSON.stringify(input))}`
    expect((await get(`${url}/v1/data/gradus/allow?${query}`)).body.result).toBe(true)
    expect(calls).toHaveLength(1)
    expect((await get(`${url}/v1/data/gradus/allow`)).body).toEqual({})
    const wrong = await get(`${url}/v1/data/gradus/allow?input=%7B`)
    expect([wrong.status, wrong.body.code]).toEqual([400, 'invalid_parameter'])
    expect(wrong.body.message).toMatch(/^parameter contains malformed input document: /u)
  })

  test('empty segments are ignored and pretty prints', async () => {
    const { url } = await start()
    expect((await post(`${url}/v1/data//gradus//allow/?pretty`, { input })).text).toBe(
      `{\n  "decision_id": "${ANSWER.decision_id}",\n  "result": true\n}\n`,
    )
    expect((await post(`${url}/v1/data/gradus/allow?pretty=1`, { input })).text).not.toContain('\n ')
  })
})

describe('configured entrypoints', () => {
  const setup = (base: Parameters<typeof withBase>[1], answer = ANSWER) =>
    start({ entrypoints: ['authz/allow', 'authz'], answers: { evaluate: withBase(answer, base) } })

  test('a boolean base is answered by a boolean, that of the graduated decision', async () => {
    const { url, calls } = await setup({ kind: 'value', value: true }, DENIED)
    expect((await post(`${url}/v1/data/authz/allow`, { input })).body.result).toBe(false)
    expect(calls[0]?.args[0]).toMatchObject({ entrypoint: 'authz/allow' })
  })

  test('an object base is answered by an object of strict booleans, without what the base said', async () => {
    const { url } = await setup({ kind: 'value', value: { allow: true, headers: { x: '1' } } }, DENIED)
    const { result } = (await post(`${url}/v1/data/authz/allow`, { input })).body
    expect(result).toMatchObject({ allow: false, allowed: false, decision_id: ANSWER.decision_id, outcome: 'deny' })
    expect(result).not.toHaveProperty('headers')
    expect((await post(`${url}/v1/data/authz/allow/allow`, { input })).body.result).toBe(false)
  })

  test('an undefined base stays undefined, a failed one is false', async () => {
    const undefinedBase = await setup({ kind: 'undefined' }, DENIED)
    expect((await post(`${undefinedBase.url}/v1/data/authz/allow`, { input })).body).toEqual({ decision_id: ANSWER.decision_id })
    const failed = await setup({ kind: 'failed', cause: 'trap', message: 'x' }, DENIED)
    expect((await post(`${failed.url}/v1/data/authz/allow`, { input })).body.result).toBe(false)
  })

  test('the longest entrypoint wins', async () => {
    const { url, calls } = await setup({ kind: 'value', value: { allow: true } })
    await post(`${url}/v1/data/authz/allow`, { input })
    await post(`${url}/v1/data/authz/other`, { input })
    expect(calls.map(({ args }) => (args[0] as { entrypoint: string }).entrypoint)).toEqual(['authz/allow', 'authz'])
  })
})

describe('a foreign input', () => {
  const mapping = {
    subject: '/user',
    subject_type: 'agent',
    action: '/attributes/method',
    resource: '/attributes/a~1b',
    resource_type: 'route',
    arguments: '/body',
  }
  const foreign = { user: 'support-agent', attributes: { method: 'GET', 'a/b': '/orders/1' }, body: { n: 1 }, roles: ['x'] }

  test('is mapped to a request and reaches the base untouched', async () => {
    const { url, calls } = await start({ entrypoints: ['authz/allow'], base: { mapping } })
    expect((await post(`${url}/v1/data/authz/allow`, { input: foreign })).body.result).toBe(true)
    expect(calls[0]?.args[0]).toMatchObject({
      request: {
        subject: { type: 'agent', id: 'support-agent' },
        action: { name: 'GET', properties: { arguments: { n: 1 } } },
        resource: { type: 'route', id: '/orders/1' },
      },
      baseInput: foreign,
      entrypoint: 'authz/allow',
    })
  })

  test('gradus/decision takes a request all the same', async () => {
    const { url, calls } = await start({ entrypoints: ['authz/allow'], base: { mapping } })
    await post(`${url}/v1/data/gradus/decision`, { input })
    expect(calls[0]?.args[0]).toMatchObject({ request: REQUEST })
    expect((await post(`${url}/v1/data/gradus/decision`, { input: foreign })).status).toBe(400)
  })

  test.each([{}, { user: 1 }, { user: null }, { user: ['a'] }, { user: 'a' }])(
    'without agent or action (%j) it is refused with the place',
    async (given) => {
      const { url, calls } = await start({ entrypoints: ['authz/allow'], base: { mapping } })
      const { status, body } = await post(`${url}/v1/data/authz/allow`, { input: given })
      expect([status, body.code, calls]).toEqual([400, 'invalid_parameter', []])
      expect(body.errors[0].location.pointer).toMatch(/^\/input\/(user|attributes)/u)
    },
  )
})

describe('refusals have OPA’s form', () => {
  test.each([
    ['no JSON', '{', 'body contains malformed input document'],
    ['no object', '[1]', 'body contains malformed input document'],
    ['no request', '{"input":{"subject":1}}', '/input/subject'],
  ])('%s', async (_name, sent, message) => {
    const { url } = await start()
    const { status, body, text } = await post(`${url}/v1/data/gradus/allow`, sent, { 'content-type': 'text/plain' })
    expect([status, body.code]).toEqual([400, 'invalid_parameter'])
    expect(body.message).toContain(message)
    expect(text).toMatch(/^\{\n {2}"code"/u)
  })

  test('a service error has OPA’s code', async () => {
    const { url } = await start({
      answers: {
        evaluate: () => {
          throw new ServiceError('forbidden', 'not you')
        },
      },
    })
    const { status, body } = await post(`${url}/v1/data/gradus/allow`, { input })
    expect([status, body]).toEqual([403, { code: 'unauthorized', message: 'not you' }])
  })

  test('a wrong method is 405 without a body, HEAD too', async () => {
    const { url } = await start()
    for (const method of ['PUT', 'DELETE', 'HEAD']) {
      const { status, text } = await get(`${url}/v1/data/gradus/allow`, {}, method)
      expect([method, status, text]).toEqual([method, 405, ''])
    }
  })

  test('a quotation mark or a bad escape in the path is refused', async () => {
    const { url } = await start()
    expect((await post(`${url}/v1/data/a%22b`, { input })).status).toBe(400)
    expect((await post(`${url}/v1/data/a%ff`, { input })).status).toBe(400)
  })
})

describe('diagnostics', () => {
  const path = '/v1/diagnostics/base/rbac/decision'

  test.each([
    [{ kind: 'value', value: { b: 1, a: [] } }, 200, { result: { a: [], b: 1 } }],
    [{ kind: 'undefined' }, 200, {}],
    [
      { kind: 'failed', cause: 'conflict', message: 'two' },
      500,
      { code: 'internal_error', errors: [{ code: 'eval_conflict_error', message: 'two' }] },
    ],
  ] as const)('the raw base %j', async (evaluation, status, body) => {
    const { url, calls } = await start({ answers: { diagnoseBase: () => evaluation } })
    const answer = await post(`${url}${path}`, { input }, bearer('auditor'))
    expect(answer.status).toBe(status)
    expect(answer.body).toMatchObject(body)
    expect(calls).toMatchObject([
      { verb: 'diagnoseBase', caller: { credential: 'auditor' }, args: [{ request: input, entrypoint: 'rbac/decision' }] },
    ])
  })

  test('an entrypoint that is not there is 404', async () => {
    const missing = { kind: 'failed', cause: 'entrypoint', message: 'no entrypoint no/such; there are: rbac/allow' }
    const { url } = await start({ answers: { diagnoseBase: () => missing } })
    const { status, body } = await post(`${url}/v1/diagnostics/base/no/such`, { input }, bearer('auditor'))
    expect([status, body]).toEqual([404, { code: 'resource_not_found', message: missing.message }])
  })

  test('an input that no decision could be asked with is refused at its place', async () => {
    const { url, calls } = await start()
    const { status, body } = await post(`${url}${path}`, { input: { ...input, subject: 7 } }, bearer('auditor'))
    expect([status, body.code, calls]).toEqual([400, 'invalid_parameter', []])
    expect(body.errors).toMatchObject([{ location: { pointer: '/input/subject' } }])
  })

  test('without an input nothing is asked, with a warning', async () => {
    const { url, calls } = await start()
    const { status, body } = await post(`${url}${path}`, {}, bearer('auditor'))
    expect([status, body, calls]).toEqual([200, { warning: { code: 'api_usage_warning', message: expect.any(String) } }, []])
  })

  test('a foreign input is mapped for the entrypoints that get one, as it is for their decisions', async () => {
    const mapping = { subject: '/who', action: '/what' }
    const { url, calls } = await start({ base: { mapping }, entrypoints: ['theirs/allow'] })
    const foreign = { who: 'support-agent', what: 'orders.read', more: 1 }
    await post(`${url}/v1/diagnostics/base/theirs/allow`, { input: foreign }, bearer('auditor'))
    await post(`${url}${path}`, { input }, bearer('auditor'))
    expect(calls).toMatchObject([
      { args: [{ entrypoint: 'theirs/allow', baseInput: foreign, request: { subject: { id: 'support-agent' } } }] },
      { args: [{ entrypoint: 'rbac/decision', request: input }] },
    ])
    expect(calls[1]?.args[0]).not.toHaveProperty('baseInput')
  })
})

describe('health and metrics', () => {
  test.each(['', '?bundles', '?plugins', '?bundles=true&plugins'])(
    'health%s is empty when ready and says why not',
    async (query) => {
      const ready = await start()
      expect(await get(`${ready.url}/health${query}`)).toMatchObject({ status: 200, text: '{}\n' })
      const red = await start({ answers: { readiness: () => ['no policy', 'no store'] } })
      expect(await get(`${red.url}/health${query}`)).toMatchObject({ status: 500, body: { error: 'no policy; no store' } })
    },
  )

  test('health tells details only to those who operate it', async () => {
    const { url } = await start({
      answers: { readiness: () => ['the store is fenced: /var/lib/gradus/gradus.db is full'] },
      credentials: [
        {
          id: 'agent-operator',
          roles: ['agent', 'operator'],
          agent: 'a',
          token_sha256: createHash('sha256').update(token('agent-operator')).digest('hex'),
        },
      ],
    })
    for (const headers of [{}, bearer('enforcement_point'), bearer('agent'), bearer('agent-operator')]) {
      const { status, body } = await get(`${url}/health`, headers)
      expect([status, body]).toEqual([500, { error: 'the store is fenced' }])
    }
    for (const role of ['operator', 'auditor', 'administrator'])
      expect((await get(`${url}/health`, bearer(role))).body.error).toContain('/var/lib/gradus/gradus.db')
  })

  test('metrics are Prometheus text with the requests that were served, and name no path', async () => {
    const { url } = await start()
    await post(`${url}/v1/data/gradus/allow`, { input })
    await get(`${url}/secret-path`)
    const { headers, text } = await get(`${url}/metrics`)
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/u)
    expect(text).toContain('http_request_duration_seconds_count{handler="queryData",method="POST",code="200"} 1')
    expect(text).toContain('http_request_duration_seconds_count{handler="none",method="GET",code="404"} 1')
    expect(text).toContain('process_cpu_seconds_total')
    expect(text).not.toMatch(/secret-path|support-agent/u)
  })
})
