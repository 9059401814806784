import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'

import { agentByTemplate, templateProblem } from '../../src/access/agent-template.ts'
import { parseSpiffeId } from '../../src/access/spiffe-id.ts'
import { agentOf, credentialName, workloadOf } from '../../src/identity/agent-names.ts'
import { callerOf, CLAIMS, forge, issuer, type Key, keyOf, keyServer, type KeyServer, KID, NOW, open, sign } from './support.ts'

const TRUST_DOMAIN_CHARS = 'abcdefghijklmnopqrstuvwxyz0123456789.-_'
const SEGMENT_CHARS = `${TRUST_DOMAIN_CHARS}ABCDEFGHIJKLMNOPQRSTUVWXYZ`

describe('a SPIFFE ID', () => {
  test.each([
    ['spiffe://trustdomain', 'trustdomain', []],
    ['spiffe://trustdomain/path', 'trustdomain', ['path']],
    ['spiffe://domain.test/path/element', 'domain.test', ['path', 'element']],
    ['spiffe://staging.example.com/payments/web-fe', 'staging.example.com', ['payments', 'web-fe']],
    ['spiffe://k8s-west.example.com/ns/staging/sa/default', 'k8s-west.example.com', ['ns', 'staging', 'sa', 'default']],
    ['spiffe://example.com/9eebccd2-12bf-40a6-b262-65fe0487d453', 'example.com', ['9eebccd2-12bf-40a6-b262-65fe0487d453']],
    ['spiffe://trustdomain/.a', 'trustdomain', ['.a']],
    ['spiffe://trustdomain/a.', 'trustdomain', ['a.']],
    ['spiffe://trustdomain/.a.', 'trustdomain', ['.a.']],
    ['spiffe://trustdomain/...', 'trustdomain', ['...']],
    ['spiffe://1.2.3.4/service', '1.2.3.4', ['service']],
  ])('%s is read', (text, trustDomain, segments) => {
    expect(parseSpiffeId(text)).toEqual({ ok: true, id: { trustDomain, segments } })
  })

  test.each([
    ['', 'scheme'],
    ['s', 'scheme'],
    ['spiffe:/', 'scheme'],
    ['spiffe:path/element', 'scheme'],
    ['spiffe:/path/element', 'scheme'],
    ['Spiffe://trustdomain/path', 'scheme'],
    ['SPIFFE://path/element', 'scheme'],
    ['http://domain.test/path/element', 'scheme'],
    ['192.168.2.2:6688', 'scheme'],
    [' spiffe://trustdomain/path', 'scheme'],
    ['spiffe://', 'no_trust_domain'],
    ['spiffe:///path/element', 'no_trust_domain'],
    ['spiffe://domain.test:8080/path/element', 'trust_domain'],
    ['spiffe://domain.test:/path/element', 'trust_domain'],
    ['spiffe://user:password@test.org/path/element', 'trust_domain'],
    ['spiffe://Domain.Test/path', 'trust_domain'],
    ['spiffe://domain%2etest/path', 'trust_domain'],
    ['spiffe://xn--domäne/path', 'trust_domain'],
    ['spiffe://[::1]/path', 'trust_domain'],
    ['spiffe://domain.test?query', 'trust_domain'],
    ['spiffe://trustdomain/', 'trailing_slash'],
    ['spiffe://trustdomain/path/', 'trailing_slash'],
    ['spiffe://trustdomain//path', 'empty_segment'],
    ['spiffe://trustdomain/path//element', 'empty_segment'],
    ['spiffe://trustdomain/.', 'dot_segment'],
    ['spiffe://trustdomain/./other', 'dot_segment'],
    ['spiffe://trustdomain/..', 'dot_segment'],
    ['spiffe://trustdomain/../other', 'dot_segment'],
    ['spiffe://trustdomain/a/../b', 'dot_segment'],
    ['spiffe://domain.test/path/element?query=1', 'segment'],
    ['spiffe://domain.test/path/element?#fragment-1', 'segment'],
    ['spiffe://domain.test/path/elem%5uent', 'segment'],
    ['spiffe://domain.test/path/%61', 'segment'],
    ['spiffe://domain.test/pa:th/elem@ent', 'segment'],
    ['spiffe://domain.test/path/élement', 'segment'],
    ['spiffe://domain.test/path element', 'segment'],
    ['spiffe://domain.test/path\n', 'segment'],
    [`spiffe://${'a'.repeat(256)}/path`, 'too_long'],
    [`spiffe://a/${'a'.repeat(2_038)}`, 'too_long'],
  ])('%j is refused: %s', (text, fault) => {
    expect(parseSpiffeId(text)).toEqual({ ok: false, fault })
  })

  test('may be as long as the standard says', () => {
    expect(parseSpiffeId(`spiffe://${'a'.repeat(255)}/path`).ok).toBe(true)
    expect(parseSpiffeId(`spiffe://a/${'a'.repeat(2_037)}`).ok).toBe(true)
  })

  test('holds the characters of the standard and no other, of the first 256', () => {
    for (let code = 0; code < 256; code += 1) {
      const char = String.fromCharCode(code)
      if (char === '/') continue
      expect(parseSpiffeId(`spiffe://trustdomain${char}/path`).ok, `trust domain ${String(code)}`).toBe(
        TRUST_DOMAIN_CHARS.includes(char),
      )
      expect(parseSpiffeId(`spiffe://trustdomain/path${char}`).ok, `path ${String(code)}`).toBe(SEGMENT_CHARS.includes(char))
    }
  })

  test('is written in one way only', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^spiffe:\/\/[a-z./A%-]{1,20}$/u), (text) => {
        const read = parseSpiffeId(text)
        if (read.ok) expect(['spiffe:/', read.id.trustDomain, ...read.id.segments].join('/')).toBe(text)
      }),
    )
  })
})

describe('a template of agents', () => {
  const sa = { path: '/ns/{ns}/sa/{name}', agent: '{ns}/{name}' }

  test.each([
    [sa, 'spiffe://a/ns/prod/sa/billing', 'prod/billing'],
    [sa, 'spiffe://a/ns/prod/sa', undefined],
    [sa, 'spiffe://a/ns/prod/sa/billing/x', undefined],
    [sa, 'spiffe://a/NS/prod/sa/billing', undefined],
    [{ path: '/agents/{name}', agent: '{name}' }, 'spiffe://a/agents/billing', 'billing'],
    [{ path: '/*/{name}', agent: 'w:{name}:{name}' }, 'spiffe://a/x/b', 'w:b:b'],
    [{ path: '/one', agent: 'billing-agent' }, 'spiffe://a/one', 'billing-agent'],
  ])('%j makes of %s the agent %s', (template, text, agent) => {
    const read = parseSpiffeId(text)
    expect(templateProblem(template)).toBeUndefined()
    expect(read.ok && agentByTemplate(template, read.id)).toBe(agent)
  })

  test.each([
    ['no slash in front', { path: 'a', agent: 'a' }, /starts with/u],
    ['a slash at the end', { path: '/a/', agent: 'a' }, /segment ""/u],
    ['a dot segment', { path: '/../{a}', agent: '{a}' }, /segment "\.\."/u],
    ['a placeholder in a segment', { path: '/x-{a}', agent: '{a}' }, /segment "x-\{a\}"/u],
    ['a placeholder twice', { path: '/{a}/{a}', agent: '{a}' }, /twice/u],
    ['a placeholder that the path has not', { path: '/{a}', agent: '{a}/{b}' }, /\{b\}, which the path has not/u],
    ['a placeholder that is lost', { path: '/{a}/{b}', agent: '{b}' }, /several workloads would be one agent/u],
    ['a placeholder in capitals', { path: '/{a}', agent: '{a}/{B}' }, /lower case/u],
    ['two placeholders beside each other', { path: '/{a}/{b}', agent: '{a}{b}' }, /between two placeholders/u],
    ['two placeholders with a dash between', { path: '/{a}/{b}', agent: '{a}-{b}' }, /between two placeholders/u],
  ])('with %s is refused', (_name, template, why) => {
    expect(templateProblem(template)).toMatch(why)
  })

  test('gives two workloads two names', () => {
    const segment = fc.stringMatching(/^[a-zA-Z0-9._-]{1,6}$/u).filter((text) => text !== '.' && text !== '..')
    const pair = fc.tuple(segment, segment)
    fc.assert(
      fc.property(pair, pair, fc.constantFrom('{ns}/{name}', 'x:{name}:{ns}', '{ns} of {name}'), (a, b, agent) => {
        const template = { path: '/ns/{ns}/sa/{name}', agent }
        const nameOf = ([ns, name]: [string, string]) =>
          agentByTemplate(template, { trustDomain: 'a', segments: ['ns', ns, 'sa', name] })
        expect(nameOf(a) === nameOf(b)).toBe(a[0] === b[0] && a[1] === b[1])
      }),
    )
  })
})

describe('names', () => {
  test('of another trust domain, of the trust domain itself and of a path without template are nobody’s', () => {
    const spiffe = { trust_domain: 'prod.example', paths: [{ path: '/agents/{name}', agent: '{name}' }] }
    expect(workloadOf('spiffe://prod.example/agents/a', spiffe)).toBe('a')
    for (const name of ['spiffe://test.example/agents/a', 'spiffe://prod.example', 'spiffe://prod.example/other/a', 'a'])
      expect(workloadOf(name, spiffe)).toBeUndefined()
    expect(workloadOf('spiffe://prod.example/any/path', { ...spiffe, paths: [] })).toBe('spiffe://prod.example/any/path')
  })

  test('of a table are those of the table and no other', () => {
    const agents = { '0oa3f': 'support-agent' }
    expect(agentOf('0oa3f', { agents })).toBe('support-agent')
    for (const name of ['support-agent', 'toString', '__proto__', '']) expect(agentOf(name, { agents })).toBeUndefined()
  })

  test('in records are different for different holders, short or long', () => {
    expect(credentialName('idp', 'a')).toBe('idp:a')
    const long = credentialName('idp', 'a'.repeat(200))
    expect(long).toMatch(/^idp#[0-9a-f]{64}$/u)
    expect(credentialName('idp', 'a'.repeat(201))).not.toBe(long)
    expect(credentialName('idp', long.slice('idp#'.length))).not.toBe(long)
  })
})

describe('a JWT-SVID', () => {
  const SUB = 'spiffe://prod.example/agents/support-agent'
  const spiffe = { trust_domain: 'prod.example', paths: [{ path: '/agents/{name}', agent: '{name}' }] }
  let key: Key
  let keys: KeyServer
  const svid = { iss: undefined, iat: undefined, sub: SUB }
  const source = (more: object = {}): object => issuer(keys.url, { issuer: undefined, spiffe, ...more })

  beforeAll(async () => {
    key = await keyOf('ES256', KID, { use: 'jwt-svid' })
    keys = await keyServer([key.jwk])
  })

  test('needs no issuer, no time of issue and no type', async () => {
    const spire = await open({ issuers: [source({ attested: true })] })
    for (const typ of [undefined, 'JWT', 'JOSE']) {
      const token = await sign(svid, key.secret, { header: typ === undefined ? { typ: undefined } : { typ } })
      expect(callerOf(await spire.ask(token))).toMatchObject({
        credential: `idp:${SUB}`,
        agent: 'support-agent',
        posture: { attested: { ok: true, until_ms: (NOW + 300) * 1_000 } },
      })
    }
  })

  test.each([
    ['another trust domain', { ...svid, sub: 'spiffe://test.example/agents/support-agent' }],
    ['the trust domain itself', { ...svid, sub: 'spiffe://prod.example' }],
    ['a path without template', { ...svid, sub: 'spiffe://prod.example/other/support-agent' }],
    ['a name of a person', { ...svid, sub: 'support-agent' }],
    ['a scheme in capitals', { ...svid, sub: 'SPIFFE://prod.example/agents/support-agent' }],
    ['no audience', { ...svid, aud: undefined }],
    ['another audience', { ...svid, aud: 'spiffe://prod.example/other' }],
    ['no end', { ...svid, exp: undefined }],
    ['an end too far away', { ...svid, exp: NOW + 90_000 }],
    ['an end in the past', { ...svid, exp: NOW - 31 }],
  ])('with %s is refused', async (_name, claims) => {
    const spire = await open({ issuers: [source()] })
    expect(await spire.ask(await sign(claims, key.secret))).toMatchObject({ ok: false, code: 'unauthenticated' })
  })

  test('with more in its header than the standard allows is refused', async () => {
    const spire = await open({ issuers: [source()] })
    for (const more of [{ jku: 'https://evil.example' }, { jwk: key.jwk }, { x5c: ['AA'] }, { typ: 'at+jwt' }])
      expect(await spire.ask(forge({ alg: 'ES256', kid: KID, ...more }, { ...CLAIMS, ...svid }))).toMatchObject({ ok: false })
  })

  test('of a source with an issuer has to be that issuer’s', async () => {
    const spire = await open({ issuers: [source({ issuer: 'https://spire.example' })] })
    expect(await spire.ask(await sign({ ...svid, iss: 'https://spire.example' }, key.secret))).toMatchObject({ ok: true })
    expect(await spire.ask(await sign(svid, key.secret))).toMatchObject({ ok: false })
    expect(await spire.ask(await sign({ ...svid, iss: 'https://other.example' }, key.secret))).toMatchObject({ ok: false })
  })

  test('beside another issuer is taken for its trust domain only', async () => {
    const spire = await open({ issuers: [source(), issuer(keys.url, { id: 'plain' })] })
    expect(callerOf(await spire.ask(await sign({ sub: SUB }, key.secret))).credential).toBe(`idp:${SUB}`)
    expect(callerOf(await spire.ask(await sign({}, key.secret))).credential).toBe('plain:support-agent')
  })

  test('of a service makes that service the caller', async () => {
    const gateway = { subject: 'service', standing: { roles: ['enforcement_point'], human_subject_types: ['user'] } }
    const spire = await open({ issuers: [source(gateway)] })
    const caller = callerOf(await spire.ask(await sign(svid, key.secret)))
    expect(caller).toMatchObject({ roles: ['enforcement_point'], human_subject_types: ['user'], credential: `idp:${SUB}` })
    expect(caller).not.toHaveProperty('agent')
    expect(caller).not.toHaveProperty('posture')
    expect(await spire.ask(await sign({ ...svid, sub: 'spiffe://prod.example/other' }, key.secret))).toMatchObject({ ok: false })
  })
})
