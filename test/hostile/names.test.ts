import { beforeAll, describe, expect, it } from 'vitest'

import { Config } from '../../src/config/config.ts'
import { IdentitySources } from '../../src/identity/settings.ts'
import { callerOf, issuer, type Key, keyOf, keyServer, type KeyServer, open, sign } from '../identity/support.ts'

let key: Key
let keys: KeyServer
beforeAll(async () => {
  key = await keyOf('ES256')
  keys = await keyServer([key.jwk])
})

const PEOPLE = { subject: 'human', standing: { roles: ['enforcement_point', 'approver'] } }
/** Names that mean somebody else: gradus itself, who shows no credential, a configured credential, a holder of a token. */
const TAKEN = ['system', 'anonymous', 'command-line', 'listener:http', 'listener:', 'gateway', 'idp:ann', 'idp#a1']

describe('an identity provider that calls somebody like one who is known already', () => {
  it.each(TAKEN)('gains nothing by the name %j: the token is refused, whether they decide or delegate', async (sub) => {
    const idp = await open({ issuers: [issuer(keys.url, PEOPLE)] }, { credentialIds: ['gateway', 'checks'] })
    for (const claims of [{ sub }, { sub, act: { sub: 'finance-agent' } }])
      expect(await idp.ask(await sign(claims, key.secret))).toMatchObject({
        ok: false,
        code: 'unauthenticated',
        message: expect.stringContaining('has the name of a credential, or of gradus itself') as unknown,
      })
  })

  it('has its people otherwise, also where their names look alike', async () => {
    const idp = await open({ issuers: [issuer(keys.url, PEOPLE)] }, { credentialIds: ['gateway'] })
    for (const sub of ['ann', 'systems', 'gateway-2', 'anonymous@example.com', 'other:ann'])
      expect(callerOf(await idp.ask(await sign({ sub }, key.secret)))).toMatchObject({ person: sub, credential: `idp:${sub}` })
  })
})

describe('trust in one issuer', () => {
  const one = issuer('https://login.example.com/jwks.json', { ...PEOPLE, id: 'one', audiences: ['one'] })
  const two = { ...one, id: 'two', audiences: ['two'] }
  const problem = (more: object): string =>
    IdentitySources.safeParse(more)
      .error?.issues.map(({ message }) => message)
      .join() ?? ''

  it.each<readonly [string, object, boolean]>([
    ['of the same tenant', two, true],
    ['of a tenant in a claim', { ...two, tenant: 'other', tenant_claim: '/tenant' }, true],
    ['of another tenant', { ...two, tenant: 'other' }, false],
    ['of agents', { ...two, subject: 'agent', standing: {} }, false],
    ['of services', { ...two, subject: 'service', standing: { roles: ['auditor'] } }, false],
  ])('is no trust in the people of another one %s, unless somebody says that they are the same', (_what, other, isRefused) => {
    expect(problem({ issuers: [one, other] }).includes('people_shared')).toBe(isRefused)
    expect(problem({ issuers: [one, other], people_shared: true })).toBe('')
  })
})

describe('a configured credential', () => {
  const credential = { id: 'c', token_sha256: 'a'.repeat(64) }
  it.each(['system', 'anonymous', 'command-line', 'listener:http'])('is neither called %j, nor is its person', (name) => {
    expect(Config.safeParse({ credentials: [{ ...credential, id: name }] }).success).toBe(false)
    expect(Config.safeParse({ credentials: [{ ...credential, person: name }] }).success).toBe(false)
    expect(Config.safeParse({ credentials: [{ ...credential, person: `${name}x`.replace(':', '-') }] }).success).toBe(true)
  })
})
