import { createHmac } from 'node:crypto'

import { type CryptoKey, exportSPKI, importJWK } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'

import { TOKEN_ALGORITHMS } from '../../src/identity/settings.ts'
import {
  AUDIENCE,
  callerOf,
  CLAIMS,
  forge,
  issuer,
  type Key,
  keyOf,
  keyServer,
  type KeyServer,
  KID,
  NOW,
  open,
  type Opened,
  sign,
} from './support.ts'

let key: Key
let other: Key
let rsa: Key
let keys: KeyServer
let idp: Opened

beforeAll(async () => {
  key = await keyOf('ES256')
  other = await keyOf('ES256')
  rsa = await keyOf('RS256', 'rsa')
  keys = await keyServer([key.jwk, rsa.jwk])
  idp = await open({ issuers: [issuer(keys.url)] })
})

/** A refusal, in which nothing of the token may stand. */
async function refusalOf(token: string, from: Opened = idp): Promise<string> {
  const verdict = await from.ask(token)
  if (verdict.ok) throw new Error('the token was accepted')
  expect(verdict.code).toBe('unauthenticated')
  for (const part of token.split('.').filter((text) => text.length > 4)) expect(verdict.message).not.toContain(part)
  expect(verdict.message).not.toMatch(/support-agent|login\.example/u)
  return verdict.message
}

describe('a token', () => {
  test('says until when its caller is known', async () => {
    const verdict = await idp.ask(await sign({ exp: NOW + 300 }, key.secret))
    expect(verdict.ok && verdict.caller.expires_ms).toBe((NOW + 300) * 1_000)
  })

  test('that holds makes its agent the caller, and nothing more', async () => {
    expect(callerOf(await idp.ask(await sign({}, key.secret)))).toEqual({
      credential: 'idp:support-agent',
      tenant: 'default',
      roles: ['agent'],
      agent: 'support-agent',
      human_subject_types: [],
      supported_obligations: [],
      verified_facts: [],
      layers: [],
      trusted_composition: false,
      posture: { credential_issued_ms: (NOW - 10) * 1_000 },
    })
  })

  test.each(TOKEN_ALGORITHMS)('is verified with %s', async (algorithm) => {
    const mine = await keyOf(algorithm)
    const server = await keyServer([mine.jwk])
    const opened = await open({ issuers: [issuer(server.url, { algorithms: [algorithm] })] })
    expect(await opened.ask(await sign({}, mine.secret, { algorithm }))).toMatchObject({ ok: true })
    const signed = await sign({}, mine.secret, { algorithm })
    const [header = '', , signature = ''] = signed.split('.')
    const claims = forge({}, { ...CLAIMS, sub: 'finance-agent' }).split('.')[1] ?? ''
    expect(await refusalOf(`${header}.${claims}.${signature}`, opened)).toMatch(/signature/u)
  })

  test('without a key id is verified where one key only fits', async () => {
    expect(await idp.ask(await sign({}, key.secret, { kid: null }))).toMatchObject({ ok: true })
    const both = await keyServer([key.jwk, { ...other.jwk, kid: 'key-2' }])
    const opened = await open({ issuers: [issuer(both.url)] })
    expect(await refusalOf(await sign({}, key.secret, { kid: null }), opened)).toMatch(/signature/u)
    expect(await opened.ask(await sign({}, key.secret))).toMatchObject({ ok: true })
  })

  test.each([
    ['a list of audiences', { aud: ['elsewhere', AUDIENCE] }],
    ['an end within the skew', { exp: NOW - 29 }],
    ['a beginning within the skew', { nbf: NOW + 29 }],
    ['parts of seconds', { iat: NOW - 10.5, exp: NOW + 0.5 }],
    ['claims that nobody reads', { scope: 'read write', jti: 'x', nested: { a: [1, 2] } }],
  ])('with %s is accepted', async (_name, claims) => {
    expect(await idp.ask(await sign(claims, key.secret))).toMatchObject({ ok: true })
  })

  test.each([
    ['another issuer', { iss: 'https://login.example.com/' }, /not issued for this service/u],
    ['no issuer', { iss: undefined }, /not issued for this service/u],
    ['a list of issuers', { iss: [CLAIMS.iss] }, /not issued for this service/u],
    ['another audience', { aud: 'gradus2' }, /not issued for this service/u],
    ['no audience', { aud: undefined }, /not issued for this service/u],
    ['an audience in a list of something else', { aud: [AUDIENCE, 7] }, /not issued for this service/u],
    ['an end in the past', { exp: NOW - 30 }, /is over/u],
    ['no end', { exp: undefined }, /when it ends/u],
    ['an end that is a text', { exp: String(NOW + 300) }, /when it ends/u],
    ['an end that is negative', { exp: -1 }, /when it ends/u],
    ['a beginning in the future', { nbf: NOW + 31 }, /not valid yet/u],
    ['a beginning that is a text', { nbf: 'now' }, /when it begins/u],
    ['no time of issue', { iat: undefined }, /when it was issued/u],
    ['an issue in the future', { iat: NOW + 31 }, /in the future/u],
    ['too long a life', { exp: NOW + 86_500 }, /`identity\.issuers\[\]\.lifetime_seconds_max` is 86400/u],
    ['no subject', { sub: undefined }, /whose it is/u],
    ['a subject that is a number', { sub: 7 }, /whose it is/u],
    ['an empty subject', { sub: '' }, /nobody who is known/u],
    ['a subject with an invisible character', { sub: 'a\u200bb' }, /nobody who is known/u],
    ['the name of a workload', { sub: 'spiffe://prod.example/a' }, /nobody who is known/u],
    ['the name of a workload in capitals', { sub: ' SPIFFE://prod.example/a' }, /nobody who is known/u],
    ['a binding to a key', { cnf: { jkt: 'x' } }, /bound to a proof/u],
    ['a binding to a key and a certificate', { cnf: { 'x5t#S256': 'x', jkt: 'x' } }, /bound to a proof/u],
    ['a binding that is a text', { cnf: 'x' }, /bound to a proof/u],
    ['a binding to a certificate that was not shown', { cnf: { 'x5t#S256': 'x' } }, /another client certificate/u],
  ])('with %s is refused', async (_name, claims, why) => {
    expect(await refusalOf(await sign(claims, key.secret))).toMatch(why)
  })

  test.each([
    ['a critical extension', { crit: ['exp'], exp: 1 }, /not supported/u],
    ['a payload that is not encoded', { b64: true }, /not supported/u],
    ['a token in it', { cty: 'JWT' }, /not supported/u],
    ['another type', { typ: 'secevent+jwt' }, /type of the token is not accepted/u],
    ['an identity of a workload that needs a proof', { typ: 'wit+jwt' }, /type of the token is not accepted/u],
    ['a type that is a number', { typ: 7 }, /type of the token cannot be read/u],
    ['a key id that is a number', { kid: 7 }, /key id/u],
    ['an empty key id', { kid: '' }, /key id/u],
    ['a very long key id', { kid: 'k'.repeat(1_025) }, /key id/u],
  ])('with %s in its header is refused', async (_name, more, why) => {
    expect(await refusalOf(forge({ alg: 'ES256', kid: KID, ...more }, CLAIMS))).toMatch(why)
  })

  test.each(['at+jwt', 'application/at+jwt', 'AT+JWT', 'jwt'])('of type %s is accepted', async (typ) => {
    expect(await idp.ask(await sign({}, key.secret, { header: { typ } }))).toMatchObject({ ok: true })
  })

  test('signed by somebody else under a known key id is refused', async () => {
    expect(await refusalOf(await sign({}, other.secret))).toMatch(/signature/u)
  })

  test.each(['none', 'None', 'NONE', 'HS256', 'HS384', 'HS512', 'ES384', 'RS256', 'dir', '', 'toString', '__proto__'])(
    'of algorithm %j is refused before any key is looked for',
    async (alg) => {
      expect(await refusalOf(forge({ alg, kid: KID }, CLAIMS))).toMatch(/algorithm/u)
    },
  )

  test('signed with a public key as a shared secret is refused', async () => {
    const pem = await exportSPKI((await importJWK(rsa.jwk, 'RS256', { extractable: true })) as CryptoKey)
    const text = forge({ alg: 'HS256', kid: 'rsa' }, CLAIMS).split('.').slice(0, 2).join('.')
    const signature = createHmac('sha256', pem).update(text).digest('base64url')
    const opened = await open({ issuers: [issuer(keys.url, { algorithms: ['RS256'] })] })
    expect(await refusalOf(`${text}.${signature}`, opened)).toMatch(/algorithm/u)
  })

  test('of one algorithm is not verified with the key of another', async () => {
    const opened = await open({ issuers: [issuer(keys.url, { algorithms: ['ES256', 'RS256', 'PS256'] })] })
    expect(await opened.ask(await sign({}, rsa.secret, { algorithm: 'RS256', kid: 'rsa' }))).toMatchObject({ ok: true })
    expect(await refusalOf(forge({ alg: 'RS256', kid: KID }, CLAIMS), opened)).toMatch(/signature/u)
    expect(await refusalOf(forge({ alg: 'ES256', kid: 'rsa' }, CLAIMS), opened)).toMatch(/signature/u)
  })

  test.each([
    ['a member twice', forge({ alg: 'ES256', kid: KID }, '{"iss":"a","iss":"b"}')],
    ['a member twice in the header', forge('{"alg":"ES256","alg":"none"}', CLAIMS)],
    ['__proto__', forge({ alg: 'ES256' }, '{"__proto__":{"sub":"x"}}')],
    ['claims that are a list', forge({ alg: 'ES256' }, '[]')],
    ['claims that are no JSON', forge({ alg: 'ES256' }, '{')],
    ['a byte order mark', forge({ alg: 'ES256' }, '\ufeff{}')],
    ['a half of a surrogate pair', forge({ alg: 'ES256' }, String.raw`{"sub":"\ud800"}`)],
    ['nesting without end', forge({ alg: 'ES256' }, `${'{"act":'.repeat(20)}{}${'}'.repeat(20)}`)],
    ['four parts', `${forge({ alg: 'ES256' }, CLAIMS)}.AAAA`],
    ['two parts', forge({ alg: 'ES256' }, CLAIMS).split('.').slice(0, 2).join('.')],
    ['an empty signature', forge({ alg: 'ES256' }, CLAIMS, '')],
    ['padding', forge({ alg: 'ES256' }, CLAIMS, 'AA==')],
    ['the other alphabet of base64', forge({ alg: 'ES256' }, CLAIMS, 'AA+/')],
    ['bits that are not used', forge({ alg: 'ES256' }, CLAIMS, 'AB')],
    ['white space', ` ${forge({ alg: 'ES256' }, CLAIMS)}`],
    ['more than is read', forge({ alg: 'ES256' }, { ...CLAIMS, more: 'x'.repeat(8_000) })],
  ])('with %s cannot be read', async (_name, token) => {
    expect(await refusalOf(token)).toBe('The token cannot be read.')
  })

  test('of two issuers with audiences of their own is that of its audience', async () => {
    const people = { id: 'people', audiences: ['gradus-people'], subject: 'human', standing: { roles: ['auditor'] } }
    const both = await open({ issuers: [issuer(keys.url), issuer(keys.url, people)] })
    expect(await both.ask(await sign({ aud: 'gradus-people', sub: 'ann' }, key.secret))).toMatchObject({
      caller: { credential: 'people:ann', person: 'ann', roles: ['auditor'] },
    })
    expect(await both.ask(await sign({}, key.secret))).toMatchObject({ caller: { agent: 'support-agent' } })
    expect(await refusalOf(await sign({ aud: [AUDIENCE, 'gradus-people'] }, key.secret), both)).toMatch(/not issued/u)
  })
})
