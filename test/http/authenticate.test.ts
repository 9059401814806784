import { createHash } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { AnonymousStanding, anonymousCaller, Credential, ROLES } from '../../src/access/caller.ts'
import { createAuthenticate } from '../../src/http/authenticate.ts'
import { bearer, get, post, raw, REQUEST, start, token } from './support.ts'

const decisions = '/api/v1/decisions'

describe('who is calling', () => {
  test.each(ROLES)('the token of a credential makes its caller: %s', async (role) => {
    const { url, calls } = await start()
    expect((await post(`${url}${decisions}`, REQUEST, bearer(role))).status).toBe(200)
    expect(calls).toMatchObject([{ caller: { credential: role, roles: [role], tenant: 'default' } }])
    expect(calls[0]?.caller).not.toHaveProperty('token_sha256')
  })

  test.each([
    ['an unknown token', 'Bearer nobody'],
    ['no token', 'Bearer'],
    ['another scheme', `Basic ${token('operator')}`],
    ['a raw token', token('operator')],
    ['two tokens', `Bearer ${token('operator')} ${token('auditor')}`],
    ['a digest instead of a token', `Bearer ${createHash('sha256').update(token('operator')).digest('hex')}`],
    ['a very long one', `Bearer ${'x'.repeat(5_000)}`],
  ])('%s is 401 with a challenge, and nobody is asked', async (_name, authorization) => {
    const { url, calls } = await start()
    for (const path of [decisions, '/v1/data/gradus/allow']) {
      const answer = await post(`${url}${path}`, REQUEST, { authorization })
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="gradus"'])
    }
    expect(calls).toEqual([])
  })

  test('an unknown Bearer token is not anonymous, not even where nobody is needed', async () => {
    const { url } = await start()
    expect((await get(`${url}/health`, { authorization: 'Bearer nobody' })).status).toBe(401)
  })

  test('two Authorization headers are refused, whatever they say', async () => {
    const { url } = await start()
    const header = `Authorization: Bearer ${token('auditor')}\r\n`
    const answer = await raw(url, [
      `GET /api/v1/audit/checkpoint HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${header}${header}\r\n`,
    ])
    expect(answer).toMatch(/^HTTP\/1\.1 401 /u)
  })

  test.each(['undefined', 'a-raw-api-key', token('operator'), 'Basic eDp5'])(
    'on AuthZEN paths the header "%s" counts as none',
    async (authorization) => {
      const { url, calls } = await start()
      expect((await post(`${url}/access/v1/evaluation`, REQUEST, { authorization })).status).toBe(200)
      expect(calls).toMatchObject([{ caller: { credential: 'listener:http' } }])
    },
  )

  test('on AuthZEN paths a wrong Bearer token is still 401', async () => {
    const { url } = await start()
    expect((await post(`${url}/access/v1/evaluation`, REQUEST, { authorization: 'bearer nobody' })).status).toBe(401)
    expect((await post(`${url}/access/v1/evaluation`, REQUEST, bearer('enforcement_point'))).status).toBe(200)
  })
})

describe('the anonymous standing', () => {
  test('never is more than an enforcement point, nor a person or a source of evidence', () => {
    const standing = {
      ...AnonymousStanding.parse({ vouched: true }),
      roles: [...ROLES],
      person: 'ann',
      verifier: 'human' as const,
      layers: ['outcome' as const],
      trusted_composition: true,
      human_subject_types: ['user'],
      supported_obligations: ['redact'],
      verified_facts: ['checked'],
      agent: 'a-1',
      tenant: 'acme',
    }
    expect(anonymousCaller(standing)).toEqual({
      credential: 'listener:http',
      listener: true,
      tenant: 'acme',
      agent: 'a-1',
      roles: ['enforcement_point', 'agent'],
      human_subject_types: ['user'],
      supported_obligations: ['redact'],
      verified_facts: ['checked'],
      layers: [],
      trusted_composition: false,
    })
  })

  test('the listener’s configuration reaches the service', async () => {
    const { url, calls } = await start({
      config: { anonymous: { vouched: true, human_subject_types: ['user'], roles: ['administrator', 'enforcement_point'] } },
    })
    await post(`${url}${decisions}`, REQUEST)
    expect(calls).toMatchObject([
      { caller: { credential: 'listener:http', roles: ['enforcement_point'], human_subject_types: ['user'] } },
    ])
  })

  test('where nobody is let in without a credential, only open endpoints answer without a credential', () => {
    const credential = Credential.parse({ id: 'c', token_sha256: createHash('sha256').update('t').digest('hex') })
    const authenticate = createAuthenticate([credential], anonymousCaller('deny'), { admitted: false })
    const request = (authorization?: string) => ({ headers: { authorization }, rawHeaders: [] }) as never
    expect(authenticate(request(), { lenient: false, open: false })).toMatchObject({
      ok: false,
      fault: { code: 'unauthenticated' },
    })
    expect(authenticate(request('undefined'), { lenient: true, open: false })).toMatchObject({ ok: false })
    expect(authenticate(request(), { lenient: false, open: true })).toMatchObject({ ok: true, value: { credential: null } })
    expect(authenticate(request('Bearer t'), { lenient: false, open: false })).toMatchObject({
      ok: true,
      value: { credential: 'c' },
    })
  })

  test('two credentials with one token are refused', () => {
    const token_sha256 = 'a'.repeat(64)
    const both = ['c', 'd'].map((id) => Credential.parse({ id, token_sha256 }))
    expect(() => createAuthenticate(both, anonymousCaller('deny'), { admitted: true })).toThrow(/c and d have the same token/u)
  })
})

describe('the policy set', () => {
  test.each([
    ['operator', 200],
    ['auditor', 200],
    ['administrator', 200],
    ['enforcement_point', 403],
    ['agent', 403],
    ['approver', 403],
  ])('is shown to %s: %d', async (role, status) => {
    const { url } = await start()
    expect((await get(`${url}/api/v1/policies`, bearer(role))).status).toBe(status)
  })

  test('is not shown without a credential', async () => {
    const { url } = await start()
    expect((await get(`${url}/api/v1/policies`)).status).toBe(401)
  })
})
