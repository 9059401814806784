import { describe, expect, it } from 'vitest'

import { CatalogueFile } from '../../src/catalogue/catalogue-file.ts'
import { CatalogueSource, isAgentFile, mergeCatalogues } from '../../src/catalogue/merge-catalogues.ts'

const part = (file: string, members: object) => ({ file, catalogue: CatalogueFile.parse({ version: 1, tools: {}, ...members }) })
const tool = { scope: 'crm', category: 'read_only', blast: 0, reversibility: 0, frequency: 'high' }

describe('the file of an agent', () => {
  const file = {
    agent: 'desk',
    trust_scopes: { crm: { level: 'supervised', require_approval: ['send'], track_record: '1/2 correct' } },
  }

  it('is the part of the catalogue with that agent, of the highest consequence where it says nothing else', () => {
    expect(CatalogueSource.parse(file)).toEqual({
      version: 1,
      stages: 2,
      trust_scopes: {},
      tools: {},
      agents: {
        desk: {
          class: 'unknown',
          tier: 'high',
          trust_scopes: {
            crm: { level: 'supervised', auto_approve: [], require_approval: ['send'], block: [], track_record: '1/2 correct' },
          },
        },
      },
    })
  })
  it('may say who the agent is', () => {
    const { agents } = CatalogueSource.parse({ ...file, class: 'assistant', tier: 'low', owner: 'ann', description: 'd' })
    expect(agents['desk']).toMatchObject({ class: 'assistant', tier: 'low', owner: 'ann', description: 'd' })
  })
  it.each([
    ['an agent', [[], null, 'agent', { tools: {} }].map(isAgentFile), [false, false, false, false]],
    ['one', [file].map(isAgentFile), [true]],
  ])('is told by its member "agent": %s', (_, found, want) => {
    expect(found).toEqual(want)
  })
  it.each([
    ['an unknown member', { ...file, tolls: {} }, [], 'unrecognized_keys'],
    ['tools', { ...file, tools: {} }, [], 'unrecognized_keys'],
    ['an empty name', { ...file, agent: '' }, ['agent'], 'too_small'],
    [
      'a track record whose numbers disagree',
      { ...file, trust_scopes: { crm: { track_record: '3/2 correct' } } },
      ['trust_scopes', 'crm', 'track_record'],
      'custom',
    ],
    ['what is no agent', { tolls: {} }, ['version'], 'invalid_value'],
  ])('is refused with the place: %s', (_, value, path, code) => {
    const issues = CatalogueSource.safeParse(value).error?.issues ?? []
    expect(issues[0]).toMatchObject({ path, code })
    expect(issues[0]?.message).not.toBe('')
  })
  it('has a track record, the scopes of everybody have none', () => {
    expect(
      CatalogueFile.safeParse({ version: 1, tools: {}, trust_scopes: { crm: { track_record: '1/2 correct' } } }).success,
    ).toBe(false)
  })
})

describe('several files', () => {
  it('are one catalogue', () => {
    const parts = [
      part('a.yaml', { stages: 2, trust_scopes: { crm: { level: 'trusted' } }, servers: { crm: { audited: true } } }),
      part('b.yaml', { tools: { read: tool }, servers: { mail: {} } }),
      { file: 'c.yaml', catalogue: CatalogueSource.parse({ agent: 'desk' }) },
    ]
    const { catalogue, conflicts } = mergeCatalogues(parts)
    expect(conflicts).toEqual([])
    expect(catalogue).toMatchObject({
      version: 1,
      stages: 2,
      trust_scopes: { crm: { level: 'trusted' } },
      tools: { read: tool },
      agents: { desk: { tier: 'high' } },
      servers: { crm: { audited: true }, mail: { audited: false } },
    })
    expect(CatalogueFile.parse(catalogue)).toEqual(catalogue)
  })
  it('that say nothing of stages and servers give a catalogue that says nothing of them', () => {
    const { catalogue } = mergeCatalogues([part('a.yaml', { trust_scopes: { crm: { level: 'supervised' } } })])
    expect(Object.keys(catalogue)).toEqual(['version', 'trust_scopes', 'tools', 'agents'])
    expect(mergeCatalogues([]).catalogue).toEqual({ version: 1, trust_scopes: {}, tools: {}, agents: {} })
  })
  it('may share levels and bands out', () => {
    const parts = [part('a.yaml', { default_levels: { financial: 1 } }), part('b.yaml', { risk_bands: { low_points_max: 0 } })]
    expect(mergeCatalogues(parts)).toMatchObject({
      catalogue: { default_levels: { financial: 1 }, risk_bands: { low_points_max: 0 } },
      conflicts: [],
    })
    const twice = mergeCatalogues([...parts, part('c.yaml', { default_levels: { financial: 2 } })])
    expect(twice.conflicts).toMatchObject([{ file: 'c.yaml', path: ['default_levels', 'financial'] }])
  })
  it.each(['trust_scopes', 'tools', 'agents', 'servers'] as const)('name nothing of "%s" twice', (section) => {
    const entry = { trust_scopes: {}, tools: tool, agents: { class: 'c' }, servers: {} }[section]
    const both = [part('a.yaml', { [section]: { x: entry } }), part('b.yaml', { [section]: { x: entry, y: entry } })]
    expect(mergeCatalogues(both).conflicts).toEqual([
      { file: 'b.yaml', path: [section, 'x'], message: 'it is in a.yaml too', fix: 'keep one of the two' },
    ])
  })
  it.each([
    ['of a scope', { trust_scopes: { crm: { level: 'sandbox' } } }],
    ['of an agent', { agents: { desk: { class: 'c', trust_scopes: { crm: { level: 2 } } } } }],
  ])('with a level %s all say which levels the stages name, once one does', (_, members) => {
    const other = part('a.yaml', { stages: 2 })
    expect(mergeCatalogues([part('b.yaml', members), other]).conflicts).toMatchObject([{ file: 'b.yaml', path: ['version'] }])
    expect(mergeCatalogues([part('b.yaml', { ...members, stages: 2 }), other]).conflicts).toEqual([])
  })
})
