import { createHash } from 'node:crypto'

import { afterEach, beforeAll, describe, expect, test } from 'vitest'

import { anonymousCaller, Credential } from '../../src/access/caller.ts'
import { Config } from '../../src/config/config.ts'
import { createAuthenticate } from '../../src/http/authenticate.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { createHttpServer, type HttpServer } from '../../src/http/server.ts'
import { type Call, fakeService, get, post, REQUEST, silence } from '../http/support.ts'
import { CLAIMS, forge, issuer, type Key, keyOf, keyServer, type KeyServer, NOW, open, type Opened, sign } from './support.ts'

let key: Key
let keys: KeyServer
let idp: Opened

beforeAll(async () => {
  key = await keyOf('ES256')
  keys = await keyServer([key.jwk])
  idp = await open({ issuers: [issuer(keys.url)] })
})

const running: HttpServer[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((http) => http.close()))
})

async function listening(identity: Opened): Promise<{ url: string; calls: readonly Call[]; log: unknown[] }> {
  const { service, calls } = fakeService()
  const log: unknown[] = []
  const config = Config.parse({ http: { listen: '127.0.0.1:0', drain_timeout_ms: 200 } })
  const { verifyToken } = identity
  const http = createHttpServer({
    service,
    identity: verifyToken === undefined ? {} : { verifyToken },
    config: config.http,
    credentials: [Credential.parse({ id: 'gateway', token_sha256: createHash('sha256').update('a.b.c').digest('hex') })],
    entrypoints: [],
    metrics: createMetrics(),
    events: silence(),
    version: '0',
    log: (entry) => log.push(entry),
  })
  running.push(http)
  return { ...(await http.listen()), calls, log }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('over HTTP', () => {
  test.each(['/api/v1/decisions', '/v1/data/gradus/allow', '/access/v1/evaluation'])(
    'a token says who calls %s',
    async (path) => {
      const { url, calls } = await listening(idp)
      const sent = path.startsWith('/v1') ? { input: REQUEST } : REQUEST
      expect((await post(`${url}${path}`, sent, bearer(await sign({}, key.secret)))).status).toBe(200)
      expect(calls).toMatchObject([{ caller: { credential: 'idp:support-agent', agent: 'support-agent' } }])
    },
  )

  test('a token that does not hold is 401 with its challenge, and nothing of it is answered or logged', async () => {
    const { url, calls, log } = await listening(idp)
    const tokens = [
      await sign({ exp: NOW - 100 }, key.secret),
      await sign({}, (await keyOf('ES256')).secret),
      forge({ alg: 'none' }, CLAIMS),
      'bm90.YSBq.d3Q',
    ]
    for (const token of tokens)
      for (const path of ['/api/v1/decisions', '/v1/data/gradus/allow', '/access/v1/evaluation']) {
        const { status, headers, text } = await post(`${url}${path}`, REQUEST, bearer(token))
        expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="gradus", error="invalid_token"'])
        for (const part of [...token.split('.'), 'support-agent', 'login.example'])
          expect(text + JSON.stringify(log)).not.toContain(part)
      }
    expect(calls).toEqual([])
    expect((await get(`${url}/health`, bearer(tokens[0] ?? ''))).status).toBe(401)
  })

  test('keys that cannot be had are 503, so that a good token is not thrown away', async () => {
    const down = await open({ issuers: [issuer('http://127.0.0.1:9/jwks.json')] })
    const { url, calls } = await listening(down)
    const answer = await post(`${url}/api/v1/decisions`, REQUEST, bearer(await sign({}, key.secret)))
    expect([answer.status, answer.body.code]).toEqual([503, 'not_ready'])
    expect(calls).toEqual([])
  })

  test('a configured token comes first, whatever it looks like', async () => {
    const { url, calls } = await listening(idp)
    expect((await post(`${url}/api/v1/decisions`, REQUEST, bearer('a.b.c'))).status).toBe(200)
    expect(calls).toMatchObject([{ caller: { credential: 'gateway' } }])
  })

  test('what has not the form of a JWT is no token of an issuer', async () => {
    const { url } = await listening(idp)
    for (const token of ['nobody', 'a.b', 'a..b', 'a.b.c.d', 'a.b.']) {
      const { status, headers } = await post(`${url}/api/v1/decisions`, REQUEST, bearer(token))
      expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="gradus"'])
    }
  })

  test('a token as long as is looked at is verified, a longer one is not', async () => {
    const { url } = await listening(idp)
    const filled = async (chars: number) => sign({ more: 'x'.repeat(chars) }, key.secret)
    const long = await filled(5_700)
    expect(long.length).toBeGreaterThan(7_500)
    expect((await post(`${url}/api/v1/decisions`, REQUEST, bearer(long))).status).toBe(200)
    expect((await post(`${url}/api/v1/decisions`, REQUEST, bearer(await filled(6_500)))).status).toBe(401)
  })
})

describe('a configured credential of an agent', () => {
  const callerBy = (more: object) => {
    const credential = Credential.parse({ id: 'c', token_sha256: createHash('sha256').update('t').digest('hex'), ...more })
    const authenticate = createAuthenticate([credential], anonymousCaller('deny'), { admitted: false })
    const request = { headers: { authorization: 'Bearer t' }, rawHeaders: [], socket: {} } as never
    const answer = authenticate(request, { lenient: false, open: false })
    if (answer instanceof Promise || !answer.ok) throw new Error('the token is configured')
    return answer.value
  }

  test('says how old it is where the configuration knows, and another says nothing', () => {
    const agent = { roles: ['agent'], agent: 'support-agent' }
    expect(callerBy({ ...agent, issued_on: '2026-01-31' }).posture).toEqual({ credential_issued_ms: Date.UTC(2026, 0, 31) })
    expect(callerBy(agent)).not.toHaveProperty('posture')
    const gateway = callerBy({ issued_on: '2026-01-31' })
    expect(gateway).not.toHaveProperty('posture')
    expect(gateway).not.toHaveProperty('issued_on')
    expect(() => callerBy({ issued_on: 'yesterday' })).toThrow()
  })
})
