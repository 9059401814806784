import { beforeAll, describe, expect, test } from 'vitest'

import { IdentitySources } from '../../src/identity/settings.ts'
import { callerOf, issuer, type Key, keyOf, keyServer, type KeyServer, NOW, open, sign } from './support.ts'

let key: Key
let keys: KeyServer

beforeAll(async () => {
  key = await keyOf('ES256')
  keys = await keyServer([key.jwk])
})

/** What one issuer's settings make of claims. */
const of = async (settings: object, claims: object = {}) => {
  const idp = await open({ issuers: [issuer(keys.url, settings)] })
  return idp.ask(await sign(claims, key.secret))
}

describe('people and services', () => {
  const people = {
    subject: 'human',
    roles_claim: '/realm_access/roles',
    role_map: { approvers: ['approver'], sre: ['operator', 'auditor'], __proto__x: ['auditor'] },
    standing: { roles: ['auditor'], approver_scopes: ['crm'] },
  }

  test.each([
    ['no groups', undefined, ['auditor']],
    ['groups that nobody knows', ['marketing', 'toString', '__proto__'], ['auditor']],
    ['one group', 'approvers', ['auditor', 'approver']],
    ['groups', ['approvers', 'sre', 'approvers'], ['auditor', 'approver', 'operator']],
    ['groups that are no texts', [7, null, ['sre']], ['auditor']],
    ['groups that are an object', { sre: true }, ['auditor']],
  ])('with %s have the roles of the map', async (_name, roles, expected) => {
    const caller = callerOf(await of(people, { sub: 'ann', realm_access: { roles } }))
    expect(caller).toEqual({
      credential: 'idp:ann',
      person: 'ann',
      tenant: 'default',
      roles: expected,
      approver_scopes: ['crm'],
      human_subject_types: [],
      supported_obligations: [],
      verified_facts: [],
      trusted_composition: false,
      layers: [],
    })
  })

  test('of a service have its standing, and are no person', async () => {
    const standing = {
      roles: ['enforcement_point'],
      human_subject_types: ['user'],
      verified_facts: ['ticket'],
      trusted_chain: true,
    }
    const caller = callerOf(await of({ subject: 'service', standing }, { sub: 'gateway' }))
    expect(caller).toMatchObject({ ...standing, credential: 'idp:gateway' })
    for (const member of ['person', 'agent', 'posture', 'delegation']) expect(caller).not.toHaveProperty(member)
  })

  test.each(['', 'a\u200b', 'spiffe://prod.example/a', 'x'.repeat(129)])('are not named %j', async (sub) => {
    expect(await of(people, { sub })).toMatchObject({ ok: false, code: 'unauthenticated' })
  })
})

describe('the tenant', () => {
  test('is the configured one, or that of the claim, and never a guess', async () => {
    expect(callerOf(await of({ tenant: 'acme' })).tenant).toBe('acme')
    expect(callerOf(await of({ tenant_claim: '/org/~1id' }, { org: { '/id': 'globex' } })).tenant).toBe('globex')
    for (const org of [undefined, {}, { id: 7 }, { id: '' }, { id: 'a\u200b' }, 'globex'])
      expect(await of({ tenant: 'acme', tenant_claim: '/org/id' }, { org })).toMatchObject({ ok: false })
  })
})

describe('the posture of an agent', () => {
  const postureOf = async (settings: object, claims: object = {}) => callerOf(await of(settings, claims)).posture
  const age = { credential_issued_ms: (NOW - 10) * 1_000 }

  test('has the age of the secret behind the token where the issuer says it', async () => {
    const settings = { credential_issued_claim: '/client/secret_created_at' }
    const made = (secret_created_at: unknown) => ({ client: { secret_created_at } })
    expect(await postureOf(settings, made(NOW - 86_400 * 100))).toEqual({ credential_issued_ms: (NOW - 86_400 * 100) * 1_000 })
    for (const claims of [{}, made('yesterday')]) expect(await of(settings, claims)).toMatchObject({ ok: false })
    for (const wrong of [-1, NOW + 31, NOW * 1_000]) expect(await of(settings, made(wrong))).toMatchObject({ ok: false })
  })

  test.each([
    ['nothing', {}, {}, undefined],
    ['a requirement', { attestation_required: true }, {}, { ok: false }],
    ['an issuer that attests', { attested: true }, {}, { ok: true, until_ms: (NOW + 300) * 1_000 }],
    ['a claim that is not there', { attested_claim: '/hw' }, {}, undefined],
    ['a claim that is not there and required', { attested_claim: '/hw', attestation_required: true }, {}, { ok: false }],
    ['a claim that says yes', { attested_claim: '/hw' }, { hw: true }, { ok: true, until_ms: (NOW + 300) * 1_000 }],
    ['a claim that says no', { attested_claim: '/hw' }, { hw: false }, { ok: false }],
    ['a claim that says no to an issuer that attests', { attested: true, attested_claim: '/hw' }, { hw: false }, { ok: false }],
    ['a claim that says neither', { attested_claim: '/hw' }, { hw: 'true' }, { ok: false }],
  ])('with %s says what is known of the workload', async (_name, settings, claims, attested) => {
    expect(await postureOf(settings, claims)).toEqual({ ...age, ...(attested === undefined ? {} : { attested }) })
  })
})

describe('the configuration of issuers', () => {
  const good = issuer('https://login.example.com/jwks.json') as Record<string, unknown>
  const spiffe = { trust_domain: 'prod.example' }
  const problemOf = (more: object): string =>
    IdentitySources.safeParse({ issuers: [{ ...good, ...more }] })
      .error?.issues.map(({ message }) => message)
      .join() ?? ''

  test.each([
    ['by https', { jwks_url: 'https://login.example.com/jwks.json' }],
    ['by http on this machine', { jwks_url: 'http://[::1]:8080/jwks.json' }],
    ['by http on localhost', { jwks_url: 'http://localhost/jwks.json' }],
    ['from a file', { jwks_url: undefined, jwks_file: 'jwks.json' }],
  ])('may bring keys %s', (_name, more) => {
    expect(problemOf(more)).toBe('')
  })

  test.each([
    ['a shared secret', { algorithms: ['HS256'] }, /Invalid option/u],
    ['no algorithm', { algorithms: [] }, /Too small/u],
    ['"none"', { algorithms: ['none'] }, /Invalid option/u],
    ['no audience', { audiences: [] }, /Too small/u],
    ['no keys', { jwks_url: undefined }, /either by/u],
    ['keys from two places', { jwks_file: 'jwks.json' }, /either by/u],
    ['keys by http', { jwks_url: 'http://login.example.com/jwks.json' }, /https/u],
    ['keys from a name that looks like this machine', { jwks_url: 'http://127.0.0.1.example.com/' }, /https/u],
    ['keys by another scheme', { jwks_url: 'file:///etc/jwks.json' }, /https/u],
    ['keys with a password', { jwks_url: 'https://a:b@login.example.com/' }, /password/u],
    ['keys with a fragment', { jwks_url: 'https://login.example.com/#a' }, /fragment/u],
    ['keys from a text that is no URL', { jwks_url: 'login' }, /https/u],
    ['no issuer', { issuer: undefined }, /say which/u],
    ['people of a trust domain', { spiffe, subject: 'human', standing: { roles: ['auditor'] } }, /no person/u],
    ['EdDSA of a trust domain', { spiffe, algorithms: ['EdDSA'] }, /JWT-SVID/u],
    ['a table for a trust domain', { spiffe, agents: {} }, /spiffe\.paths/u],
    ['another claim for a trust domain', { spiffe, subject_claim: '/azp' }, /SPIFFE ID/u],
    ['a trust domain in capitals', { spiffe: { trust_domain: 'Prod.example' } }, /lower-case/u],
    [
      'a template that loses a name',
      { spiffe: { ...spiffe, paths: [{ path: '/{a}/{b}', agent: '{b}' }] } },
      /several workloads/u,
    ],
    ['a table for services', { subject: 'service', agents: {}, standing: { roles: ['auditor'] } }, /no agent/u],
    ['a map without a claim', { subject: 'human', role_map: { a: ['auditor'] } }, /go together/u],
    ['a claim without a map', { subject: 'human', roles_claim: '/groups' }, /go together/u],
    ['the role agent in a map', { subject: 'human', roles_claim: '/g', role_map: { a: ['agent'] } }, /nowhere else/u],
    ['the role agent', { subject: 'service', standing: { roles: ['agent'] } }, /comes from subject/u],
    ['roles of an agent', { standing: { roles: ['operator'] } }, /an agent asks for itself/u],
    ['mapped roles of an agent', { roles_claim: '/g', role_map: { a: ['auditor'] } }, /no other/u],
    ['facts of an agent', { standing: { verified_facts: ['ticket'] } }, /an agent asks for itself/u],
    ['a verifier that is an agent', { standing: { verifier: 'human' } }, /an agent asks for itself/u],
    ['an agent that vouches', { standing: { trusted_chain: true } }, /only a service vouches/u],
    [
      'a person who vouches',
      { subject: 'human', standing: { roles: ['auditor'], human_subject_types: ['user'] } },
      /only a service/u,
    ],
    ['people without a role', { subject: 'human' }, /without a role/u],
    ['a pointer without a slash', { tenant_claim: 'org' }, /JSON Pointer/u],
    ['an id with a colon', { id: 'a:b' }, /letters, digits/u],
    ['a member nobody knows', { secret: 'x' }, /Unrecognized/u],
  ])('refuses %s', (_name, more, why) => {
    expect(problemOf(more)).toMatch(why)
  })

  test('refuses two sources that could mean one token', () => {
    const two = (more: object): boolean => IdentitySources.safeParse({ issuers: [good, { ...good, id: 'two', ...more }] }).success
    expect(two({})).toBe(false)
    expect(two({ audiences: ['other', 'gradus'] })).toBe(false)
    expect(two({ audiences: ['other'] })).toBe(true)
    expect(two({ audiences: ['other'], id: 'idp' })).toBe(false)
    expect(two({ issuer: 'https://other.example' })).toBe(true)
    expect(two({ spiffe })).toBe(true)
    const certificates = { id: 'idp', spiffe, subject: 'agent' }
    expect(IdentitySources.safeParse({ issuers: [good], certificates }).success).toBe(false)
    expect(IdentitySources.safeParse({ issuers: [good], certificates: { ...certificates, id: 'mesh' } }).success).toBe(true)
    const roles = { standing: { roles: ['auditor'] } }
    expect(IdentitySources.safeParse({ certificates: { ...certificates, ...roles } }).success).toBe(false)
  })

  test('refuses certificates that the listener does not ask for, and credentials named like holders of tokens', async () => {
    const certificates = { id: 'mesh', spiffe, subject: 'agent' }
    await expect(open({ certificates }, { asksForCertificates: false })).rejects.toMatchObject({
      code: 'bad_config',
      place: { pointer: '/identity/certificates' },
    })
    for (const id of ['mesh:a', 'mesh#a'])
      await expect(open({ certificates }, { credentialIds: ['ok', id] })).rejects.toMatchObject({ code: 'bad_config' })
    const identity = await open({ certificates }, { credentialIds: ['mesh', 'mesh-a'] })
    expect([identity.verifyToken, typeof identity.verifyCertificate]).toEqual([undefined, 'function'])
    expect(
      identity.verifyCertificate?.({
        verified: false,
        thumbprint: '',
        uris: [],
        isAuthority: false,
        notBeforeMs: 0,
        notAfterMs: 0,
      }),
    ).toMatchObject({ ok: false })
  })
})
