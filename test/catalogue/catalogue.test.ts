import { describe, expect, it } from 'vitest'

import { CatalogueError, type ClassifyContext, compileCatalogue } from '../../src/catalogue/catalogue.ts'
import { catalogueFile } from '../risk/samples.ts'

const CONTEXT: ClassifyContext = { agentId: 'support-1', supportedObligations: ['rollback_handle'], jurisdiction: null, nowMs: 0 }
const tool = { scope: 'crm', category: 'local_reversible_write', blast: 1, reversibility: 0, frequency: 'routine' }

const classify = (name: string, change: Record<string, unknown> = {}, context: Partial<ClassifyContext> = {}) =>
  compileCatalogue(catalogueFile(change)).classify(name, { ...CONTEXT, ...context })

describe('the class of an action', () => {
  it('is what the catalogue says', () => {
    expect(classify('mail.send')).toEqual({
      name: 'mail.send',
      known: true,
      scope: 'mail',
      stake: 'full',
      category: 'external_communication',
      blast: 1,
      reversibility: 2,
      frequency: 'routine',
      static_points: 3,
      default_level: 2,
      disposition: 'none',
      negative_signal: null,
      classification: null,
      rollback_handle: false,
      reversible_until: null,
      preconditions: [],
      guardrails: {},
      arguments: {},
      namespace: null,
      version: null,
    })
  })
  it('keeps what is optional', () => {
    const optional = {
      negative_signal: 'bounce',
      classification: 'personal',
      namespace: 'n',
      version: '2',
      guardrails: { amount_max: 5 },
    }
    expect(classify('t', { trust_scopes: {}, tools: { t: { ...tool, ...optional } } })).toMatchObject(optional)
  })
  it.each(['crm.purge', '__proto__', 'constructor', ''])('that is not in the catalogue ("%s") is the worst', (name) => {
    expect(classify(name)).toMatchObject({
      name,
      known: false,
      scope: 'unknown',
      stake: 'full',
      category: 'destructive',
      blast: 3,
      reversibility: 2,
      frequency: 'rare',
      static_points: 6,
      default_level: 0,
      disposition: 'none',
    })
  })
})

describe('the lists', () => {
  const withAgent = (lists: Record<string, unknown>): Record<string, unknown> => ({
    agents: { 'support-1': { class: 'support', trust_scopes: { crm: lists } } },
  })
  it.each([
    ['crm.tag', 'auto_approve'],
    ['crm.merge', 'require_approval'],
    ['crm.drop', 'block'],
    ['crm.read', 'none'],
    ['mail.send', 'none'],
  ])('of the scope dispose of %s: %s', (name, disposition) => {
    expect(classify(name).disposition).toBe(disposition)
  })
  it.each([
    ['approval for what runs by itself', 'crm.tag', { require_approval: ['crm.tag'] }, 'require_approval'],
    ['a block for what runs by itself', 'crm.tag', { block: ['crm.tag'] }, 'block'],
    ['the same again', 'crm.tag', { auto_approve: ['crm.tag'] }, 'auto_approve'],
    ['no automatic run for what its own lists leave out', 'crm.tag', {}, 'none'],
    ['no lifting of an approval', 'crm.merge', { auto_approve: ['crm.merge'] }, 'require_approval'],
    ['no lifting of a block', 'crm.drop', { require_approval: ['crm.drop'] }, 'block'],
    ['no automatic run that the scope does not have', 'crm.read', { auto_approve: ['crm.read'] }, 'none'],
  ])('of an agent mean %s', (_, name, lists, disposition) => {
    expect(classify(name, withAgent(lists)).disposition).toBe(disposition)
    expect(classify('crm.tag', withAgent(lists), { agentId: 'other' }).disposition).toBe('auto_approve')
  })
  it('of an agent in one scope say nothing of the others', () => {
    const agents = { 'support-1': { class: 'support', trust_scopes: { mail: {} } } }
    expect(classify('crm.tag', { agents }).disposition).toBe('auto_approve')
  })
})

describe('levels', () => {
  it.each([
    ['the scope', { level: 'sandbox' }, {}, 0],
    ['the scope, by number', { level: 2 }, {}, 2],
    ['the agent', { level: 'autonomous' }, { level: 'supervised' }, 1],
    ['neither', {}, {}, 4],
    ['the scope, where the agent would raise it', { level: 'L1' }, { level: 4 }, 1],
  ])('cap the default level: %s', (_, scope, agentScope, level) => {
    const agents = { 'support-1': { class: 'support', trust_scopes: { crm: agentScope } } }
    expect(classify('t', { trust_scopes: { crm: scope }, tools: { t: tool }, agents }).default_level).toBe(level)
  })
  it('never raise the default level of the tool', () => {
    expect(
      classify('t', { trust_scopes: { crm: { level: 4 } }, tools: { t: { ...tool, default_level: 1 } } }).default_level,
    ).toBe(1)
  })
})

describe('default levels', () => {
  const levels = { default_levels: { local_reversible_write: 2, financial: 0 } }
  const level = (own: object, change: object = {}, context: Partial<ClassifyContext> = {}) =>
    classify('t', { trust_scopes: {}, tools: { t: { ...tool, ...own } }, ...change }, context).default_level

  it.each([
    ['of its category, for a tool that says none', {}, levels, 2],
    ['of its own, where it says one', { default_level: 3 }, levels, 3],
    ['of the top, where neither does', {}, {}, 4],
    ['of the top, in a category of which nothing is said', { category: 'destructive' }, levels, 4],
  ])('are %s', (_, own, change, want) => {
    expect(level(own, change)).toBe(want)
  })
  it.each([
    ['by category', { categories: { local_reversible_write: 1 }, tools: {} }, 1],
    ['by tool, before its category', { categories: { local_reversible_write: 1 }, tools: { t: 2 } }, 2],
    ['never above the catalogue', { categories: {}, tools: { t: 4 } }, 3],
    ['not by other tools', { categories: { destructive: 0 }, tools: { u: 0, constructor: 0 } }, 3],
  ])('are lowered by a tenant %s', (_, of, want) => {
    expect(level({ default_level: 3 }, {}, { levels: of })).toBe(want)
  })
})

describe('risk bands', () => {
  it('of the catalogue decide where trust in a tool is earned', () => {
    const strict = compileCatalogue(catalogueFile({ risk_bands: { low_points_max: 0 } }))
    expect([strict.place('crm.tag'), strict.riskBands.low_points_max]).toEqual(['crm:full', 0])
    expect(strict.classify('crm.tag', CONTEXT).stake).toBe('full')
    expect(compileCatalogue(catalogueFile()).place('crm.tag')).toBe('crm:light')
  })
  it('cannot cross', () => {
    const crossed = { risk_bands: { low_points_max: 4 } }
    expect(() => compileCatalogue(catalogueFile(crossed))).toThrow('/risk_bands: low would end at 4 points, above medium at 3')
  })
})

describe('stages', () => {
  const scoped = (scope: object, own: object = {}, change: object = {}) =>
    classify('t', {
      stages: 2,
      trust_scopes: { crm: scope },
      tools: { t: { ...tool, ...change } },
      agents: { 'support-1': { class: 'support', trust_scopes: { crm: own } } },
    })
  const waits = { level: 'supervised', require_approval: ['t'] }

  it.each([
    ['sandbox', 1],
    ['supervised', 2],
    ['trusted', 3],
    ['autonomous', 4],
    ['suggest', 1],
  ])('cap at the level they name where the catalogue says so: %s', (level, cap) => {
    expect(scoped({ level }).default_level).toBe(cap)
    expect(scoped({}, { level }).default_level).toBe(cap)
  })

  it.each([
    ['the scope lists it for approval', waits, {}],
    ['the agent lists it for approval', {}, waits],
    ['the agent’s stage is higher', waits, { level: 'trusted', require_approval: ['t'] }],
    ['the level is named otherwise', { ...waits, level: 'L2' }, {}],
  ])('let a person be asked early: %s', (_, scope, own) => {
    expect(scoped(scope, own)).toMatchObject({ supervised: true, disposition: 'require_approval', default_level: 2 })
  })

  it.each([
    ['no list says so', { level: 'supervised' }, {}, {}],
    ['it is listed in a scope at another stage', { level: 'trusted', require_approval: ['t'] }, { level: 'supervised' }, {}],
    ['the stage is sandbox', { level: 'sandbox', require_approval: ['t'] }, {}, {}],
    ['the agent’s own stage is sandbox', waits, { level: 'sandbox' }, {}],
    ['the agent may never do it', waits, { block: ['t'] }, {}],
    ['the tool is capped below', waits, {}, { default_level: 1 }],
  ])('ask nobody early where %s', (_, scope, own, change) => {
    expect(scoped(scope, own, change)).not.toHaveProperty('supervised')
  })

  it('ask nobody early in a catalogue that does not say which levels they name', () => {
    const before = classify('t', { trust_scopes: { crm: { ...waits, level: 2 } }, tools: { t: tool } })
    expect(before).not.toHaveProperty('supervised')
    expect([compileCatalogue(catalogueFile()).stages, compileCatalogue(catalogueFile({ stages: 2 })).stages]).toEqual([1, 2])
  })
})

describe('rollback', () => {
  const withRollback = (rollback: object, reversibility = 0) => ({
    trust_scopes: {},
    tools: { t: { ...tool, reversibility, rollback } },
  })
  const hours = { reversible_hours: 48, reversible_hours_by_jurisdiction: { EU: 72, US: 24 } }

  it('keeps the class where the caller supports the handle', () => {
    const action = classify('t', withRollback({}))
    expect(action).toMatchObject({ reversibility: 0, static_points: 1, rollback_handle: true, reversible_until: null })
  })
  it('is irreversible where the caller does not, but trust is still read where the catalogue says', () => {
    const action = classify('t', withRollback(hours), { supportedObligations: ['redact_sensitive'] })
    expect(action).toMatchObject({
      reversibility: 2,
      static_points: 3,
      rollback_handle: false,
      reversible_until: null,
      stake: 'light',
    })
  })
  it('needs no handle where the catalogue says so', () => {
    const action = classify('t', withRollback({ handle_required: false, reversible_hours: 1 }), { supportedObligations: [] })
    expect(action).toMatchObject({ reversibility: 0, rollback_handle: false, reversible_until: '1970-01-01T01:00:00.000Z' })
  })
  it('does not make reversible what is not', () => {
    expect(classify('t', withRollback({}, 2))).toMatchObject({ reversibility: 2, rollback_handle: false })
  })
  it.each([
    ['its own', 'EU', '1970-01-04T00:00:00.000Z'],
    ['its own, though shorter', 'US', '1970-01-02T00:00:00.000Z'],
    ['the shortest where it is unknown', 'CH', '1970-01-02T00:00:00.000Z'],
    ['the shortest where it is not an own name', 'constructor', '1970-01-02T00:00:00.000Z'],
    ['the shortest where there is none', null, '1970-01-02T00:00:00.000Z'],
  ])('has a deadline by jurisdiction: %s', (_, jurisdiction, until) => {
    expect(classify('t', withRollback(hours), { jurisdiction }).reversible_until).toBe(until)
  })
  it('is irreversible where the deadline is 0, or beyond every calendar', () => {
    for (const reversible_hours of [0, 1e300]) {
      const file = catalogueFile(withRollback({}))
      const zero = { ...file, tools: { t: { ...file.tools['t']!, rollback: { handle_required: true, reversible_hours } } } }
      expect(compileCatalogue(zero).classify('t', CONTEXT)).toMatchObject({
        reversibility: 2,
        rollback_handle: false,
        reversible_until: null,
      })
    }
  })
})

describe('agents, tools and scopes', () => {
  const catalogue = compileCatalogue(catalogueFile())
  it('are known by name', () => {
    expect(catalogue.agent('support-1')).toEqual({ id: 'support-1', known: true, class: 'support', tier: 'low' })
    expect(catalogue.agent('toString')).toEqual({ id: 'toString', known: false, class: 'unknown', tier: 'high' })
    expect(catalogue.tools).toEqual(['crm.drop', 'crm.merge', 'crm.read', 'crm.tag', 'mail.send'])
    expect(catalogue.scopes).toEqual(['crm', 'mail'])
  })
  it('need no declared scopes', () => {
    expect(compileCatalogue(catalogueFile({ trust_scopes: {} })).scopes).toEqual(['crm', 'mail'])
  })
})

describe('servers', () => {
  const servers = { servers: { ledger: { audited: true }, weather: {} } }

  it('count as audited only where the catalogue says so', () => {
    const { unaudited } = compileCatalogue(catalogueFile(servers))
    expect(unaudited('ledger', [])).toEqual([])
    expect(unaudited('weather', ['nowhere', 'ledger', 'weather'])).toEqual(['nowhere', 'weather'])
    expect(unaudited(null, [])).toEqual([])
  })

  it('that tools belong to do not matter until the catalogue lists any; those that a request names always do', () => {
    const { unaudited } = compileCatalogue(catalogueFile())
    expect(unaudited('weather', [])).toEqual([])
    expect(unaudited('weather', ['nowhere'])).toEqual(['nowhere'])
  })
})

describe('owners', () => {
  it('are those that the catalogue names', () => {
    const { owners } = compileCatalogue(catalogueFile({ agents: { a: { class: 'x', owner: 'ada' }, b: { class: 'x' } } }))
    expect(owners()).toEqual({ a: 'ada' })
  })
})

describe('where trust is earned', () => {
  it('is the scope and the stake class of the tool; for what is not in the catalogue nowhere that anybody earns', () => {
    const { place, places } = compileCatalogue(catalogueFile())
    expect(place('mail.send')).toBe('mail:full')
    expect(place('nothing.known')).toBe('unknown:full')
    expect(places()['mail.send']).toBe('mail:full')
    expect(Object.keys(places()).sort()).toEqual([...compileCatalogue(catalogueFile()).tools])
  })
})

describe('a catalogue that contradicts itself is refused', () => {
  const scope = (lists: object) => ({ trust_scopes: { crm: lists, mail: {} } })
  it.each([
    ['an unknown tool', scope({ block: ['crm.tga'] }), '/trust_scopes/crm/block/0', 'unknown tool "crm.tga"'],
    ['a tool of another scope', scope({ auto_approve: ['mail.send'] }), '/trust_scopes/crm/auto_approve/0', 'is of scope "mail"'],
    [
      'a tool in two lists',
      scope({ auto_approve: ['crm.tag'], block: ['crm.tag'] }),
      '/trust_scopes/crm/block/0',
      'in auto_approve and in block',
    ],
    ['a tool twice in a list', scope({ block: ['crm.tag', 'crm.tag'] }), '/trust_scopes/crm/block/1', 'twice in block'],
    [
      'an unknown level',
      scope({ level: 'trustworthy' }),
      '/trust_scopes/crm/level',
      'unknown level "trustworthy"; use 0 to 4, or one of:',
    ],
    [
      'a tool in an undeclared scope',
      { trust_scopes: { crm: {} } },
      '/tools/mail.send/scope',
      'unknown scope "mail"; declare it',
    ],
    [
      'an agent in an unknown scope',
      { agents: { 'a/b~c': { class: 'x', trust_scopes: { billing: {} } } } },
      '/agents/a~1b~0c/trust_scopes/billing',
      'one of: crm, mail',
    ],
    [
      'an agent with an unknown tool',
      { agents: { a: { class: 'x', trust_scopes: { crm: { block: ['nope'] } } } } },
      '/agents/a/trust_scopes/crm/block/0',
      'unknown tool "nope"',
    ],
    [
      'a permission escalation that could run',
      {
        trust_scopes: { crm: { require_approval: ['grant'] } },
        tools: { grant: { ...tool, category: 'permission_escalation' } },
      },
      '/trust_scopes/crm/require_approval/0',
      'list it under block',
    ],
  ])('for %s, with the place', (_, change, pointer, message) => {
    const file = catalogueFile(change)
    expect(() => compileCatalogue(file)).toThrow(CatalogueError)
    expect(() => compileCatalogue(file)).toThrow(message)
    expect(() => compileCatalogue(file)).toThrow(expect.objectContaining({ problems: [expect.objectContaining({ pointer })] }))
  })
})
