import { beforeAll, describe, expect, test } from 'vitest'

import type { Caller } from '../../src/access/caller.ts'
import { CHAIN_DEPTH_MAX, partiesOf } from '../../src/access/parties.ts'
import { Request } from '../../src/model/request.ts'
import { callerOf as callerOfFacts } from '../../src/simulate/decide-again.ts'
import { ask } from '../support/callers.ts'
import { testService } from '../support/test-service.ts'
import { callerOf, issuer, type Key, keyOf, keyServer, type KeyServer, NOW, open, type Opened, sign } from './support.ts'

let key: Key
let keys: KeyServer
let people: Opened
let agents: Opened

const HUMAN = { subject: 'human', subject_claim: '/email', standing: { roles: ['approver'], approver_scopes: ['*'] } }

beforeAll(async () => {
  key = await keyOf('ES256')
  keys = await keyServer([key.jwk])
  people = await open({ issuers: [issuer(keys.url, HUMAN)] })
  agents = await open({ issuers: [issuer(keys.url)] })
})

const of = async (idp: Opened, claims: object): Promise<Caller> => callerOf(await idp.ask(await sign(claims, key.secret)))

/** Actors around each other, the current one first. */
function act(...[first, ...others]: readonly string[]): object {
  return first === undefined ? {} : { act: { sub: first, ...act(...others) } }
}

const ANN = { sub: 'u-17', email: 'ann@example.com' }

describe('a token of a delegation', () => {
  test('of a person makes the current actor the caller, and the person the one on whose behalf', async () => {
    const caller = await of(people, { ...ANN, ...act('support-agent', 'planner-agent') })
    expect(caller).toMatchObject({
      credential: 'idp:support-agent',
      roles: ['agent'],
      agent: 'support-agent',
      delegation: {
        human: { type: 'user', id: 'ann@example.com' },
        links: [{ party: { type: 'agent', id: 'planner-agent' }, relation: 'act' }],
      },
    })
  })

  test('gives the agent nothing of what the person may do', async () => {
    const caller = await of(people, { ...ANN, ...act('support-agent') })
    expect(caller).not.toHaveProperty('person')
    expect(caller).not.toHaveProperty('approver_scopes')
    expect(await of(people, ANN)).toMatchObject({ person: 'ann@example.com', roles: ['approver'] })
  })

  test('of an agent has that agent as the last link', async () => {
    const { agent, delegation } = await of(agents, { sub: 'planner-agent', ...act('support-agent', 'research-agent') })
    expect(agent).toBe('support-agent')
    expect(delegation).toEqual({
      human: null,
      links: [
        { party: { type: 'agent', id: 'research-agent' }, relation: 'act' },
        { party: { type: 'agent', id: 'planner-agent' }, relation: 'on_behalf_of' },
      ],
    })
  })

  test.each<[string, object]>([
    ['an actor that is a text', { act: 'support-agent' }],
    ['an actor that is null', { act: null }],
    ['an actor that is a list', { act: [{ sub: 'support-agent' }] }],
    ['an actor without a name', { act: { sub: 7 } }],
    ['an earlier actor that cannot be read', { act: { sub: 'support-agent', act: {} } }],
    ['an actor of another issuer', { act: { sub: 'support-agent', iss: 'https://other.example' } }],
    ['an actor with an invisible character', { act: { sub: 'a\u200b' } }],
    ['an earlier actor with an invisible character', { act: { sub: 'support-agent', act: { sub: 'a\u200b' } } }],
    ['an actor that would be a workload', { act: { sub: 'spiffe://prod.example/a' } }],
    ['no name of the person', { email: undefined, act: { sub: 'support-agent' } }],
  ])('with %s is refused', async (_name, claims) => {
    expect(await people.ask(await sign({ ...ANN, ...claims }, key.secret))).toMatchObject({ ok: false, code: 'unauthenticated' })
  })

  test('with actors of the same issuer, by name or not, is accepted', async () => {
    const iss = 'https://login.example.com'
    expect(await of(people, { ...ANN, act: { sub: 'support-agent', iss } })).toMatchObject({ agent: 'support-agent' })
  })

  test('is not accepted of a service', async () => {
    const services = await open({
      issuers: [issuer(keys.url, { subject: 'service', standing: { roles: ['enforcement_point'] } })],
    })
    expect(await services.ask(await sign({ sub: 'gateway' }, key.secret))).toMatchObject({ ok: true })
    expect(await services.ask(await sign({ sub: 'gateway', ...act('a') }, key.secret))).toMatchObject({ ok: false })
  })

  test('reads names by the table of its issuer, of every link', async () => {
    const mapped = await open({ issuers: [issuer(keys.url, { agents: { c1: 'support-agent', c2: 'planner-agent' } })] })
    expect(await of(mapped, { sub: 'c2', ...act('c1') })).toMatchObject({
      agent: 'support-agent',
      delegation: { links: [{ party: { id: 'planner-agent' } }] },
    })
    expect(await mapped.ask(await sign({ sub: 'c3', ...act('c1') }, key.secret))).toMatchObject({ ok: false })
  })

  test.each([
    ['nothing said', {}, {}, undefined],
    ['nothing said where it is required', { required: true }, {}, false],
    ['a second factor', {}, { amr: ['pwd', 'mfa'] }, true],
    ['a password only', {}, { amr: ['pwd'] }, false],
    ['methods that are no list', {}, { amr: 'mfa' }, false],
    ['a method of the configuration', { amr: ['hwk'] }, { amr: ['hwk'] }, true],
    ['a level of the configuration', { acr: ['aal2'] }, { acr: 'aal2' }, true],
    ['another level', { acr: ['aal2'] }, { acr: 'aal1' }, false],
    ['a recent sign-in', { age_seconds_max: 3_600 }, { amr: ['mfa'], auth_time: NOW - 3_600 }, true],
    ['an old sign-in', { age_seconds_max: 3_600 }, { amr: ['mfa'], auth_time: NOW - 3_601 }, false],
    ['a sign-in of nobody knows when', { age_seconds_max: 3_600 }, { amr: ['mfa'] }, false],
  ])('with %s says so in the posture', async (_name, mfa, claims, expected) => {
    const idp = await open({ issuers: [issuer(keys.url, { ...HUMAN, mfa })] })
    const { posture } = await of(idp, { ...ANN, ...claims, ...act('support-agent') })
    expect(posture?.delegator_mfa).toBe(expected)
    const own = await open({ issuers: [issuer(keys.url, { mfa })] })
    expect((await of(own, { ...claims, sub: 'planner-agent', ...act('support-agent') })).posture).not.toHaveProperty(
      'delegator_mfa',
    )
  })
})

/** Who is in a request of the caller's own agent, with what the body says of the chain. */
function partiesIn(caller: Caller, context: object = {}, properties?: object) {
  return partiesOf(
    Request.parse({
      subject: { type: 'agent', id: caller.agent, ...(properties === undefined ? {} : { properties }) },
      action: { name: 'read_file' },
      resource: { type: 'file', id: 'a' },
      context,
    }),
    caller,
  )
}

const agent = (id: string) => ({ type: 'agent', id })

describe('the chain of a credential', () => {
  test('holds whatever the body says, and the body only adds to it', async () => {
    const caller = await of(people, { ...ANN, ...act('support-agent', 'planner-agent') })
    const proven = [{ party: agent('planner-agent'), relation: 'act', claimed: false }]
    const human = { type: 'user', id: 'ann@example.com' }
    expect(partiesIn(caller)).toMatchObject({ agent: agent('support-agent'), links: proven, human, problems: [] })
    for (const context of [{ chain: [] }, { chain: [agent('planner-agent')] }, { on_behalf_of: human }])
      expect(partiesIn(caller, context)).toMatchObject({ links: proven, human, problems: [] })
    expect(partiesIn(caller, {}, { act: { sub: 'planner-agent' } })).toMatchObject({ links: proven, problems: [] })
    expect(partiesIn(caller, { chain: [agent('research-agent')] }).links).toEqual([
      ...proven,
      { party: agent('research-agent'), relation: 'chain', claimed: true },
    ])
  })

  test('is not extended by somebody who is named like the person and is not', async () => {
    const caller = await of(people, { ...ANN, ...act('support-agent') })
    const [link] = partiesIn(caller, { on_behalf_of: agent('ann@example.com') }).links
    expect(link).toEqual({ party: agent('ann@example.com'), relation: 'on_behalf_of', claimed: true })
  })

  test('that comes back to the same agent is a cycle', async () => {
    expect(partiesIn(await of(agents, { sub: 'support-agent', ...act('support-agent') })).problems).toEqual(['cycle'])
    expect(partiesIn(await of(people, { ...ANN, ...act('a', 'b', 'a') })).problems).toEqual(['cycle'])
    expect(partiesIn(await of(people, { ...ANN, ...act('a', 'b', 'b') })).problems).toEqual(['cycle'])
  })

  test('may have five agents and no more', async () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    expect(names).toHaveLength(CHAIN_DEPTH_MAX)
    expect(partiesIn(await of(people, { ...ANN, ...act(...names) })).problems).toEqual([])
    expect(partiesIn(await of(people, { ...ANN, ...act(...names, 'f') })).problems).toEqual(['too_deep'])
    expect(partiesIn(await of(agents, { sub: 'f', ...act(...names) })).problems).toEqual(['too_deep'])
  })
})

test('a decision that is made again in a simulation has the same parties and posture', async () => {
  const tokens = [
    await of(people, { ...ANN, amr: ['pwd'], ...act('support-agent', 'planner-agent') }),
    await of(people, { ...ANN, ...act('support-agent') }),
    await of(agents, { sub: 'planner-agent', ...act('support-agent', 'research-agent') }),
    await of(agents, {}),
  ]
  for (const caller of tokens)
    for (const context of [{}, { chain: [agent('finance-agent')] }, { on_behalf_of: agent('support-agent') }]) {
      const parties = partiesIn(caller, context)
      const { credential, tenant, human_subject_types, supported_obligations, verified_facts, posture = {} } = caller
      const facts = { credential, tenant, human_subject_types, supported_obligations, verified_facts, posture }
      const again = callerOfFacts({ parties, caller: facts })
      expect(partiesIn({ ...again, agent: 'support-agent' }, context)).toEqual(parties)
      expect([again.agent, again.posture]).toEqual([caller.agent, caller.posture])
    }
})

describe('a decision of an agent with a token', () => {
  test('is bounded by every agent of the chain, and a chain that is too deep or a cycle is denied', async () => {
    const { service, earn } = await testService()
    await earn(['support-agent', 'research-agent'], 'email:light', 3)
    const read = async (caller: Caller) => service.evaluate(caller, ask('support-agent', 'tag_email'))
    const alone = await read(await of(agents, {}))
    expect(alone.outcome).toBe('allow_guarded')
    const known = await read(await of(agents, { sub: 'research-agent', ...act('support-agent') }))
    const unknown = await read(await of(agents, { sub: 'nobody-knows', ...act('support-agent') }))
    const cycle = await read(await of(agents, { sub: 'support-agent', ...act('support-agent') }))
    const deep = await read(await of(agents, { sub: 'f', ...act('support-agent', 'b', 'c', 'd', 'e') }))
    expect([known.outcome, unknown.outcome, cycle.outcome, deep.outcome]).toEqual(['allow_guarded', 'deny', 'deny', 'deny'])
    expect(cycle.reasons.join()).toMatch(/cycle/u)
    expect(deep.reasons.join()).toMatch(/deep/u)
  })

  test('is for its own agent only', async () => {
    const { service } = await testService()
    await expect(service.evaluate(await of(agents, {}), ask('research-agent', 'tag_email'))).rejects.toMatchObject({
      code: 'forbidden',
    })
  })

  test('is recorded with the whole chain, so that it is decided again alike', async () => {
    const { service, store } = await testService()
    const caller = await of(people, { ...ANN, ...act('support-agent', 'research-agent') })
    const { decision_id } = await service.evaluate(caller, ask('support-agent', 'tag_email'))
    const record = await store.read([], (view) => view.record('default', decision_id))
    expect(JSON.stringify(record)).toContain('ann@example.com')
    expect(record?.record).toMatchObject({ actor: 'credential:idp:support-agent' })
  })
})
