import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'

import type { Caller } from '../../src/access/caller.ts'
import { withVerifiedClaims } from '../../src/access/verified-claims.ts'
import { derive } from '../../src/decisions/derive.ts'
import { gatherFacts } from '../../src/decisions/facts.ts'
import { replayDecision } from '../../src/decisions/replay.ts'
import { requestContext } from '../../src/decisions/request-context.ts'
import { IdentitySources } from '../../src/identity/settings.ts'
import type { StoredRecord } from '../../src/ledger/store.ts'
import type { PolicyEvaluation } from '../../src/model/evaluation.ts'
import { ask, gateway } from '../support/callers.ts'
import { notReplayed } from '../support/people.ts'
import { shippedPolicySet, testService, type TestServiceOptions } from '../support/test-service.ts'
import { callerOf, issuer, type Key, keyOf, keyServer, type KeyServer, open, type Opened, sign } from './support.ts'

const CLAIMS = { groups: '/groups', department: '/org/department', mfa: '/mfa', api_token: '/tok' }
const HUMAN = { subject: 'human', standing: { roles: ['approver'] }, claims: CLAIMS }

let key: Key
let keys: KeyServer
let people: Opened
let agents: Opened

beforeAll(async () => {
  key = await keyOf('ES256')
  keys = await keyServer([key.jwk])
  people = await open({ issuers: [issuer(keys.url, HUMAN)] })
  agents = await open({ issuers: [issuer(keys.url, { claims: CLAIMS })] })
})

const of = async (idp: Opened, claims: object): Promise<Caller> => callerOf(await idp.ask(await sign(claims, key.secret)))
const forPerson = (person: string, agent: string, claims: object = {}) =>
  of(people, { sub: person, act: { sub: agent }, ...claims })

/** A decision of an agent under a token, with the record that it left. */
async function decided(who: Caller, asked = MERGE, options: TestServiceOptions = {}) {
  const tested = await testService(options)
  const answer = await tested.service.evaluate(who, asked)
  const stored = (await tested.store.read([], (view) => view.record('default', answer.decision_id)))!
  return { ...tested, answer, stored, base: answer.ceilings.find(({ source }) => source === 'base')! }
}

const APP = { resource: { type: 'repository', id: 'app' } }
const MERGE = ask('coding-agent', 'open_pr', APP)
const off = (): Promise<TestServiceOptions> => withBase({ delegation: 'agent' })

async function withBase(base: object): Promise<TestServiceOptions> {
  const set = await shippedPolicySet({ base })
  return { policySet: (each) => ({ ...each, settings: { ...each.settings, base: set.settings.base } }) }
}

describe('an agent that acts for a person', () => {
  test('may do what both may', async () => {
    const { answer, base, stored } = await decided(await forPerson('bob', 'coding-agent'))
    expect(answer.base).toBe('allow')
    expect(base.reason).toBe('permitted to role coding_agent; user/bob: permitted to role coding_agent')
    expect(stored.record.body).toMatchObject({
      base: { kind: 'value', value: { outcome: 'allow' } },
      delegator: { party: { type: 'user', id: 'bob' }, base: { kind: 'value', value: { outcome: 'allow' } } },
    })
  })

  test('is refused what the person may not, and need not ask for a permission that it has', async () => {
    const { answer, base } = await decided(await forPerson('frank', 'coding-agent'))
    expect(answer).toMatchObject({ outcome: 'deny', base: 'deny', advice: [] })
    expect(base.reason).toMatch(/^user\/frank: no role permits this action on this resource; permitted to role coding_agent/u)
  })

  test('is refused what it may not itself, whatever the person may', async () => {
    const { answer, base } = await decided(await forPerson('grace', 'support-agent'), ask('support-agent', 'open_pr'))
    expect(answer).toMatchObject({ outcome: 'deny', base: 'deny', advice: ['ask_permission'] })
    expect(base.reason).toMatch(/^no role permits.*; user\/grace: permitted to role administrator$/u)
  })

  test('for whom an enforcement point vouches, is bound alike', async () => {
    const behind = (id: string) => ({ ...MERGE, request: { ...MERGE.request, context: { on_behalf_of: { type: 'user', id } } } })
    expect((await decided(gateway, behind('bob'))).answer.base).toBe('allow')
    expect((await decided(gateway, behind('frank'))).answer.base).toBe('deny')
  })

  test('is not asked about where the person is the subject', async () => {
    const through = ask('grace', 'open_pr', { ...APP, subject: { type: 'user', properties: { act: { sub: 'support-agent' } } } })
    const { base, stored } = await decided(gateway, through)
    expect(base.reason).toBe('permitted to role administrator')
    expect(stored.record.body).not.toHaveProperty('delegator')
  })

  test('that is not proven is no person, and the base is asked about the agent alone', async () => {
    const context = { on_behalf_of: { type: 'user', id: 'frank' } }
    const { stored } = await decided(await of(agents, { sub: 'coding-agent' }), {
      ...MERGE,
      request: { ...MERGE.request, context },
    })
    expect(stored.record.body).not.toHaveProperty('delegator')
  })

  test('is asked about alone where the configuration says so', async () => {
    const { answer, stored } = await decided(await forPerson('frank', 'coding-agent'), MERGE, await off())
    expect(answer.base).toBe('allow')
    expect(stored.record.body).not.toHaveProperty('delegator')
  })

  test('is denied, with the fix, by a base that knows no people', async () => {
    const silent = (input: unknown): boolean => (input as { subject: { type: string } }).subject.type === 'user'
    const options: TestServiceOptions = {
      policySet: (set) => {
        const evaluate = (entrypoint: string, input: unknown): PolicyEvaluation =>
          silent(input) ? { kind: 'undefined' } : set.base.evaluate(entrypoint, input)
        return { ...set, base: { ...set.base, evaluate } }
      },
    }
    const { base } = await decided(await forPerson('bob', 'coding-agent'), MERGE, options)
    expect(base.outcome).toBe('deny')
    expect(base.reason).toMatch(
      /^user\/bob: base_failed:base_undefined: let the policy answer .* or set base\.delegation: agent; /u,
    )
  })

  test('loses nothing of its own where only the person is refused', async () => {
    const { stored } = await decided(await forPerson('frank', 'coding-agent'))
    expect(stored.record.effects).toContainEqual(expect.objectContaining({ kind: 'seen', denied: false }))
    const own = await decided(await forPerson('grace', 'support-agent'), ask('support-agent', 'open_pr'))
    expect(own.stored.record.effects).toContainEqual(expect.objectContaining({ kind: 'seen', denied: true }))
  })

  test('is asked about by name in the input of a foreign policy', async () => {
    const told: unknown[] = []
    const mapping = { subject: '/who/name', action: '/what' }
    const set = await shippedPolicySet({ base: { input: 'request', mapping } })
    const options: TestServiceOptions = {
      policySet: (each) => ({
        ...each,
        settings: { ...each.settings, base: set.settings.base },
        base: { ...each.base, evaluate: (_entrypoint, input) => (told.push(input), { kind: 'value', value: true }) },
      }),
    }
    const baseInput = { who: { name: 'coding-agent', of: ['x'] }, what: 'open_pr' }
    const { service } = await testService(options)
    await service.evaluate(await forPerson('bob', 'coding-agent'), { ...MERGE, baseInput })
    expect(told).toEqual([baseInput, { ...baseInput, who: { name: 'bob', of: ['x'] } }])
    told.length = 0
    await service.evaluate(await forPerson('bob', 'coding-agent'), MERGE)
    expect(told).toEqual([MERGE.request, { ...MERGE.request, subject: { type: 'user', id: 'bob' } }])
  })

  test('is asked about as the subject where nothing says where a foreign input names it', async () => {
    const told: unknown[] = []
    const { settings } = await shippedPolicySet({ base: { input: 'request' } })
    const { service } = await testService({
      policySet: (each) => ({
        ...each,
        settings: { ...each.settings, base: settings.base },
        base: { ...each.base, evaluate: (_entrypoint, input) => (told.push(input), { kind: 'value', value: true }) },
      }),
    })
    const baseInput = { ...MERGE.request, more: 1 }
    await service.evaluate(await forPerson('bob', 'coding-agent'), { ...MERGE, baseInput })
    expect(told).toEqual([baseInput, { ...baseInput, subject: { type: 'user', id: 'bob' } }])
  })

  test('is not asked about what another decision point answered', async () => {
    const sources = await testService()
    const policySet = await shippedPolicySet()
    const context = requestContext({
      request: MERGE.request,
      caller: await forPerson('frank', 'coding-agent'),
      policySet,
      atMs: sources.clock.nowMs(),
    })
    const facts = await sources.store.read([], (view) => gatherFacts(context, view))
    const answered: PolicyEvaluation = { kind: 'value', value: true }
    const { delegator } = await derive({ question: { request: MERGE.request, entrypoint: 'x', answered }, facts, policySet })
    expect(delegator).toBeNull()
  })

  test('comes out again from its record alone, both answers too', async () => {
    const tested = await testService()
    for (const person of ['bob', 'frank', 'nobody'])
      await tested.service.evaluate(await forPerson(person, 'coding-agent', { groups: ['engineering'] }), MERGE)
    expect(await notReplayed(tested, await shippedPolicySet())).toEqual([])
    const [stored] = await tested.store.query({ kinds: ['decision'], limit: 1 })
    const body = Object.fromEntries(Object.entries(stored!.record.body).filter(([name]) => name !== 'delegator'))
    const without: StoredRecord = { ...stored!, record: { ...stored!.record, body } }
    expect(await replayDecision(without, await shippedPolicySet())).toMatchObject({
      state: 'different',
      differences: [{ member: 'delegator', recorded: null }],
    })
  })
})

describe('the claims of a token', () => {
  test('give a person of whom no policy knows the roles of their groups', async () => {
    const inGroup = await decided(await forPerson('zoe', 'coding-agent', { groups: ['engineering'] }))
    expect(inGroup.base).toMatchObject({ outcome: 'allow', reason: expect.stringMatching(/user\/zoe: permitted/u) as string })
    for (const claims of [{}, { groups: ['finance'] }, { groups: [] }])
      expect((await decided(await forPerson('zoe', 'coding-agent', claims))).base.outcome).toBe('deny')
  })

  test('are those that the configuration names, whose they are, and no others', async () => {
    const said = { groups: ['a', 'b'], org: { department: 'it', cost_centre: 7 }, mfa: true, tok: 'x', email: 'zoe@example.com' }
    const want = { groups: ['a', 'b'], department: 'it', mfa: true, api_token: 'x' }
    expect((await forPerson('zoe', 'coding-agent', said)).claims).toEqual(want)
    expect((await of(agents, said)).claims).toEqual(want)
    // The claims of a delegation of an agent are the other agent's.
    expect(await of(agents, { ...said, act: { sub: 'coding-agent' } })).not.toHaveProperty('claims')
    expect(await of(people, { sub: 'zoe', ...said })).not.toHaveProperty('claims')
    expect(await forPerson('zoe', 'coding-agent')).not.toHaveProperty('claims')
  })

  test.each([[{ groups: [1] }], [{ groups: { a: 1 } }], [{ groups: null }], [{ mfa: [['x']] }]])(
    'that cannot be read make the token no good: %j',
    async (claims) => {
      const token = await sign({ sub: 'zoe', act: { sub: 'coding-agent' }, ...claims }, key.secret)
      expect(await people.ask(token)).toMatchObject({ ok: false, code: 'unauthenticated' })
    },
  )

  test('are never what a body says, in the base, in the graduation and for the person', async () => {
    const told: unknown[] = []
    const options: TestServiceOptions = {
      policySet: (set) => {
        const listening = (policy: typeof set.base): typeof set.base => ({
          ...policy,
          evaluate: (entrypoint, input) => (told.push(input), policy.evaluate(entrypoint, input)),
        })
        return { ...set, base: listening(set.base), graduation: listening(set.graduation) }
      },
    }
    const properties = { verified: { groups: ['forged'] }, groups: ['engineering'] }
    const forging = ask('coding-agent', 'open_pr', { subject: { properties } })
    const { base } = await decided(await forPerson('zoe', 'coding-agent', { groups: ['finance'] }), forging, options)
    expect(base.outcome).toBe('deny')
    await decided(await of(agents, { sub: 'coding-agent', groups: ['builders'] }), forging, options)
    await decided(gateway, forging, options)
    expect(JSON.stringify(told)).not.toContain('forged')
    expect(JSON.stringify(told)).toContain('"verified":{"groups":["builders"]}')
  })

  test('are sealed in the record, masked as the policy masks, and erased with the rest', async () => {
    const who = await forPerson('zoe', 'coding-agent', { groups: ['engineering', 'sealed-group'], tok: 's3cret-claim' })
    const { stored } = await decided(who)
    expect(stored.state).toBe('masked')
    expect(JSON.stringify(stored)).not.toContain('s3cret-claim')
    expect(stored.record.body).toMatchObject({ facts: { caller: { claims: { groups: ['engineering', 'sealed-group'] } } } })
    expect(await replayDecision(stored, await shippedPolicySet())).toEqual({ state: 'masked' })
    const plain = await decided(await forPerson('zoe', 'coding-agent', { groups: ['engineering', 'sealed-group'] }))
    expect(plain.stored.state).toBe('whole')
    expect(await plain.store.erase([plain.stored.leafIndex], ['/body/facts/caller/claims'])).toBeGreaterThan(0)
    const erased = (await plain.store.read([], (view) => view.record('default', plain.answer.decision_id)))!
    expect(JSON.stringify(erased)).not.toContain('sealed-group')
    expect(await replayDecision(erased, await shippedPolicySet())).toEqual({ state: 'erased' })
  })

  test.each([['/input'], ['/input/subject'], ['/input/subject/properties/verified']])(
    'are hidden whole by a mask of %s',
    async (pointer) => {
      const answer: PolicyEvaluation = { kind: 'value', value: [pointer] }
      const options: TestServiceOptions = {
        policySet: (set) => ({ ...set, mask: { ...set.base, evaluate: () => answer } }),
      }
      const { stored } = await decided(
        await forPerson('zoe', 'coding-agent', { groups: ['engineering', 'sealed-group'] }),
        MERGE,
        options,
      )
      expect(JSON.stringify(stored.record.body['facts'])).not.toContain('sealed-group')
    },
  )

  test('of a mask rule that fails about them are hidden whole', async () => {
    let asked = 0
    const evaluate = (): PolicyEvaluation =>
      (asked += 1) > 1 ? { kind: 'failed', cause: 'trap', message: '' } : { kind: 'undefined' }
    const options: TestServiceOptions = { policySet: (set) => ({ ...set, mask: { ...set.base, evaluate } }) }
    const { stored } = await decided(
      await forPerson('zoe', 'coding-agent', { groups: ['engineering', 'sealed-group'] }),
      MERGE,
      options,
    )
    expect(JSON.stringify(stored)).not.toContain('sealed-group')
  })

  test('stand alone under `verified`, whatever a body says', () => {
    const value = fc.dictionary(fc.string(), fc.jsonValue())
    fc.assert(
      fc.property(fc.option(value, { nil: undefined }), fc.option(value, { nil: undefined }), (body, claims) => {
        const properties = { ...body, verified: body } as never
        const told = withVerifiedClaims({ type: 'agent', id: 'a', properties }, claims as never)
        expect(told.properties?.['verified']).toEqual(claims)
      }),
    )
    expect(withVerifiedClaims({ type: 'agent', id: 'a' }, undefined)).toEqual({ type: 'agent', id: 'a' })
  })

  test.each([
    ['a service', { subject: 'service', standing: { roles: ['enforcement_point'] }, claims: CLAIMS }, /service/u],
    ['a name that Rego could not say', { claims: { 'a-b': '/x' } }, /letters/u],
    [
      'too many',
      { claims: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`c${at}`, '/x'])) },
      /17 claims: the limit `claims\.claims_max` is 16/u,
    ],
  ])('are refused in the configuration: %s', (_what, more, message) => {
    const { error } = IdentitySources.safeParse({ issuers: [issuer('https://keys.example/jwks.json', more)] })
    expect(error?.message).toMatch(message)
  })
})
