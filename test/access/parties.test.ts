import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { CHAIN_DEPTH_MAX, partiesOf } from '../../src/access/parties.ts'
import { AnonymousStanding, anonymousCaller } from '../../src/access/caller.ts'
import { anonymous, gateway, request } from '../support/callers.ts'

const actor = (sub: string): object => ({ sub })
const agent = (id: string) => ({ type: 'agent', id })
const user = (id: string) => ({ type: 'user', id })
type Party = { readonly type: string; readonly id: string }
type Claims = { readonly act?: unknown; readonly chain?: readonly Party[]; readonly on_behalf_of?: Party }

function asked(subject: Party, { act, ...context }: Claims = {}) {
  return request(subject.id, 'read_metrics', {
    subject: { ...subject, ...(act === undefined ? {} : { properties: { act } }) },
    ...(Object.keys(context).length === 0 ? {} : { context }),
  })
}
/** Who decides, who else is in the chain, who is the human, what is wrong: in short. */
function read(subject: Party, claims: Claims = {}, who = gateway) {
  const { agent: deciding, links, human, problems } = partiesOf(asked(subject, claims), who)
  return {
    agent: deciding?.id ?? null,
    links: links.map(({ party, relation }) => `${relation}:${party.id}`),
    human: human?.id ?? null,
    problems,
  }
}

describe('who decides trust', () => {
  it.each([
    ['an agent alone', agent('a'), {}, { agent: 'a', links: [], human: null }],
    ['a human alone', user('u'), {}, { agent: null, links: [], human: 'u' }],
    ['an agent for a human', agent('a'), { on_behalf_of: user('u') }, { agent: 'a', links: [], human: 'u' }],
    ['an agent for an agent', agent('a'), { on_behalf_of: agent('b') }, { agent: 'a', links: ['on_behalf_of:b'], human: null }],
    ['a human through an agent', user('u'), { act: { sub: 'a' } }, { agent: 'a', links: [], human: 'u' }],
    [
      'a human through two agents',
      user('u'),
      { act: { sub: 'a', act: { sub: 'b' } } },
      { agent: 'a', links: ['act:b'], human: 'u' },
    ],
    ['a human with a chain', user('u'), { chain: [agent('a'), agent('b')] }, { agent: 'a', links: ['chain:b'], human: 'u' }],
    ['a human for an agent', user('u'), { on_behalf_of: agent('a') }, { agent: 'a', links: [], human: 'u' }],
    ['a human for a human', user('u'), { on_behalf_of: user('v') }, { agent: null, links: [], human: 'u' }],
    [
      'an actor in the other form',
      agent('a'),
      { act: { type: 'agent', id: 'b' } },
      { agent: 'a', links: ['act:b'], human: null },
    ],
    [
      'everything at once',
      agent('a'),
      { act: { sub: 'b' }, chain: [agent('c'), user('v')], on_behalf_of: agent('d') },
      { agent: 'a', links: ['act:b', 'chain:c', 'on_behalf_of:d'], human: 'v' },
    ],
  ])('%s', (_case, subject, claims, expected) => {
    expect(read(subject, claims)).toEqual({ ...expected, problems: [] })
  })

  it('is the subject when nobody vouches for its being human', () => {
    expect(read(user('u'), { on_behalf_of: user('v') }, anonymous)).toEqual({
      agent: 'u',
      links: ['on_behalf_of:v'],
      human: null,
      problems: [],
    })
  })

  it.each(['human', 'User', 'users', 'person', 'administrator'])(
    'is an agent where the type is "%s", which nobody vouched for',
    (type) => {
      expect(read({ type, id: 'x' })).toMatchObject({ agent: 'x', human: null })
    },
  )
})

describe('a chain', () => {
  const asking = asked(user('u'), { act: { sub: 'a', act: { sub: 'b' } }, chain: [agent('c')] })

  it('is claimed, the agent behind a human too, unless the credential vouches for chains', () => {
    const { agent_claimed, links } = partiesOf(asking, gateway)
    expect({ agent_claimed, claimed: links.map(({ claimed }) => claimed) }).toEqual({
      agent_claimed: true,
      claimed: [true, true],
    })
    const proven = partiesOf(asking, { ...gateway, trusted_chain: true })
    expect({ ...proven, claimed: proven.links.map(({ claimed }) => claimed) }).toMatchObject({
      agent_claimed: false,
      claimed: [false, false],
    })
  })

  it('is never proven by a subject, and a subject is never claimed', () => {
    expect(partiesOf(asked(agent('a'), { chain: [agent('b')] }), gateway)).toMatchObject({
      agent_claimed: false,
      links: [{ claimed: true }],
    })
  })

  it('is never vouched for by a listener', () => {
    const listener = anonymousCaller(
      AnonymousStanding.parse({ vouched: true, trusted_chain: true, human_subject_types: ['user'] }),
    )
    expect(partiesOf(asking, listener).agent_claimed).toBe(true)
  })
})

describe('a team', () => {
  const team = { type: 'team', id: 'billing' }
  it('on whose behalf an agent acts is neither a link nor a person', () => {
    const parties = partiesOf(asked(agent('a'), { on_behalf_of: team }), gateway)
    expect(parties).toMatchObject({ agent: agent('a'), links: [], human: null, problems: [], team })
    expect(partiesOf(asked(agent('a')), gateway)).not.toHaveProperty('team')
  })
  it.each([{ chain: [team] }, { act: { type: 'team', sub: 'billing' } }])('anywhere else is an agent: %j', (claims) => {
    const { links, ...parties } = partiesOf(asked(agent('a'), claims), gateway)
    expect(links.map(({ party }) => party)).toEqual([team])
    expect(parties).not.toHaveProperty('team')
  })
  it('that the credential calls a person is one', () => {
    const parties = partiesOf(asked(agent('a'), { on_behalf_of: team }), { ...gateway, human_subject_types: ['team'] })
    expect(parties).toMatchObject({ human: team })
    expect(parties).not.toHaveProperty('team')
  })
})

describe('what is wrong with a chain', () => {
  it.each([
    ['the subject acts for itself', agent('a'), { on_behalf_of: agent('a') }, ['cycle']],
    ['an agent is there twice', agent('a'), { chain: [agent('b')], act: actor('b') }, ['cycle']],
    ['the same id under another type', agent('a'), { on_behalf_of: { type: 'bot', id: 'a' } }, ['cycle']],
    ['an actor is a text', agent('a'), { act: 'b' }, ['unreadable']],
    ['an actor is a list', agent('a'), { act: [actor('b')] }, ['unreadable']],
    ['an actor is null', agent('a'), { act: null }, ['unreadable']],
    ['an actor has no name', agent('a'), { act: {} }, ['unreadable']],
    ['an actor has an empty name', agent('a'), { act: actor('') }, ['unreadable']],
    ['an inner actor is broken', agent('a'), { act: { ...actor('b'), act: 7 } }, ['unreadable']],
    ['an actor of a human is broken', user('u'), { act: 7 }, ['unreadable']],
    ['an agent acts for two people', agent('a'), { on_behalf_of: user('u'), chain: [user('v')] }, ['several_people']],
    ['a chain names two people', agent('a'), { chain: [user('u'), user('v')] }, ['several_people']],
    ['a person of two types', agent('a'), { on_behalf_of: user('u'), chain: [{ type: 'customer', id: 'u' }] }, []],
    ['a person is there twice', agent('a'), { on_behalf_of: user('u'), chain: [user('u')] }, []],
    ['a person is the subject, and another is named', user('u'), { chain: [user('v')] }, []],
  ])('%s', (_case, subject, claims, problems) => {
    expect(read(subject, claims).problems).toEqual(problems)
  })

  it.each([
    [CHAIN_DEPTH_MAX, []],
    [CHAIN_DEPTH_MAX + 1, ['too_deep']],
    [30, ['too_deep']],
  ])('%i agents: %j', (count, problems) => {
    const others = Array.from({ length: count - 1 }, (_, index) => agent(`b${String(index)}`))
    expect(read(agent('a'), { chain: others }).problems).toEqual(problems)
    const act = others.reduceRight<object | undefined>(
      (inner, { id }) => ({ type: 'agent', id, ...(inner && { act: inner }) }),
      undefined,
    )
    expect(read(agent('a'), { act }).problems).toEqual(problems)
  })
})

describe('claims of the body', () => {
  const party = fc.record({ type: fc.constantFrom('agent', 'user', 'bot'), id: fc.constantFrom('a', 'b', 'c', 'd') })
  const claims = fc.record(
    {
      act: fc.oneof(fc.jsonValue(), fc.record({ sub: fc.constantFrom('a', 'b', 'c') })),
      chain: fc.array(party, { maxLength: 8 }),
      on_behalf_of: party,
    },
    { requiredKeys: [] },
  )

  it('never take an agent out of the decision, and never make a human of one', () => {
    fc.assert(
      fc.property(party, claims, (subject, claimed) => {
        const without = read(subject)
        const found = read(subject, claimed)
        if (without.agent !== null) expect(found.agent).toBe(without.agent)
        expect(found.links.length).toBeGreaterThanOrEqual(without.links.length)
        if (found.agent === null) expect(subject.type).toBe('user')
      }),
    )
  })
})
