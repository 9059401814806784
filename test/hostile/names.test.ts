import { beforeAll, describe, expect, it } from 'vitest'

import type { Caller } from '../../src/access/caller.ts'
import { Config } from '../../src/config/config.ts'
import { IdentitySources } from '../../src/identity/settings.ts'
import { caller, gateway } from '../support/callers.ts'
import { asking, categorise, retry } from '../support/people.ts'
import { testService } from '../support/test-service.ts'
import { callerOf, issuer, type Key, keyOf, keyServer, type KeyServer, open, sign } from '../identity/support.ts'

let key: Key
let keys: KeyServer
beforeAll(async () => {
  key = await keyOf('ES256')
  keys = await keyServer([key.jwk])
})

const PEOPLE = { subject: 'human', standing: { roles: ['enforcement_point', 'approver'] } }
/** Names that mean somebody else: gradus itself, who shows no credential, a configured credential, a holder of a token. */
const TAKEN = [
  'system',
  'anonymous',
  'command-line',
  'listener:http',
  'listener:',
  'person:ann',
  'credential:gateway',
  'gradus:x',
  'gateway',
  'idp:ann',
  'idp#a1',
]

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
  it.each(['system', 'anonymous', 'command-line', 'listener:http', 'person:ann', 'credential:x', 'gradus:x'])(
    'is neither called %j, nor is its person',
    (name) => {
      expect(Config.safeParse({ credentials: [{ ...credential, id: name }] }).success).toBe(false)
      expect(Config.safeParse({ credentials: [{ ...credential, person: name }] }).success).toBe(false)
      expect(Config.safeParse({ credentials: [{ ...credential, person: `${name}x`.replace(':', '-') }] }).success).toBe(true)
    },
  )
})

describe('a person who is called like a credential or like gradus, wherever the name came from', () => {
  const namesake = (name: string) =>
    caller(`idp:${name}`, { person: name, roles: ['enforcement_point', 'approver', 'auditor', 'operator'] })
  it('is not the one who asked: reports nothing on those decisions, and neither redeems nor withdraws those approvals', async () => {
    const { service } = await asking()
    const { decision_id } = await service.evaluate(gateway, categorise())
    const person: Caller = { ...gateway, credential: 'idp:gateway', person: 'gateway' }
    await expect(service.reportOutcome(person, { decision_id, class: 'succeeded' })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(service.withdrawApproval(person, decision_id, {})).rejects.toMatchObject({ code: 'forbidden' })
    const ann = caller('ann', { person: 'ann', roles: ['approver'] })
    await service.decideApproval(ann, decision_id, { verdict: 'approve', reason: 'looked at it' })
    const again = retry(categorise(), decision_id)
    expect(await service.evaluate(person, again)).toMatchObject({
      decision: false,
      reasons: expect.arrayContaining(['approval_unavailable:other_requester']) as unknown,
    })
    expect(await service.evaluate(gateway, again)).toMatchObject({ decision: true })
  })

  it('is written as a person in every record', async () => {
    const { service, store } = await testService()
    for (const name of ['system', 'gateway', 'anonymous']) {
      await service.evaluate(namesake(name), categorise())
      await service.contain(namesake(name), { target: { kind: 'agent', agent: 'coding-agent' }, reason: name })
    }
    const actors = (await store.query({ kinds: ['decision', 'operator'], limit: 100 })).map(({ record }) => record.actor)
    expect(new Set(actors)).toEqual(new Set(['person:system', 'person:gateway', 'person:anonymous']))
  })
})
