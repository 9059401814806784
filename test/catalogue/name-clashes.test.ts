import { describe, expect, it } from 'vitest'

import { CatalogueFile } from '../../src/catalogue/catalogue-file.ts'
import { draftCatalogue } from '../../src/catalogue/draft.ts'
import type { SeenTool } from '../../src/catalogue/seen-tool.ts'

const WORST = { scope: 'web', category: 'destructive', blast: 3, reversibility: 2, frequency: 'rare' } as const
const READS = { ...WORST, category: 'read_only', blast: 0, reversibility: 0 } as const
const draft = (entry: object, tool: Partial<SeenTool>, server = { name: 'mail', certain: false }, more: object = {}) =>
  draftCatalogue(
    [{ name: 'search', arguments: [], ...tool }],
    [],
    CatalogueFile.parse({ version: 1, tools: { search: { ...WORST, ...entry }, ...more } }),
    server,
  )

describe('a name that the catalogue has', () => {
  it.each([
    ['nothing tells the two apart', {}, {}],
    ['both say the same', { description: 'Searches' }, { description: 'Searches' }],
    ['the same is said up to where a description ends', { description: 'x'.repeat(1_000) }, { description: 'x'.repeat(1_001) }],
    ['only the catalogue says what it does', { description: 'Searches' }, {}],
    ['only the server says what it does', {}, { description: 'Searches' }],
    ['the server says that it destroys, and so does the entry', {}, { hints: { destructiveHint: true } }],
  ])('is the same tool where %s', (_, entry, tool) => {
    expect(draft(entry, tool)).toMatchObject({ tools: [], clashes: [], known: ['search'] })
  })

  it.each([
    [
      'the two are described differently',
      { description: 'Searches docs' },
      { description: 'Deletes mail' },
      '"Searches docs", destructive in scope web',
      '"Deletes mail"',
    ],
    [
      'the server says that it destroys what the entry says only reads',
      READS,
      { hints: { destructiveHint: true } },
      'read_only in scope web',
      'the server says that it can destroy',
    ],
  ])('is another tool where %s', (_, entry, tool, inCatalogue, atServer) => {
    const { tools, clashes, known } = draft(entry, tool)
    expect(clashes).toEqual([{ name: 'search', draftedAs: 'mail.search', inCatalogue, atServer }])
    expect(tools).toMatchObject([
      { name: 'mail.search', entry: { namespace: 'mail', category: 'destructive', default_level: 0 } },
    ])
    expect(known).toEqual([])
  })

  it('is another tool where the entry is of another server than the one that was named, and else its own', () => {
    const mail = { name: 'mail', certain: true }
    const same = { description: 'Searches' }
    expect(draft({ ...same, namespace: 'docs' }, {}, mail).clashes).toEqual([
      {
        name: 'search',
        draftedAs: 'mail.search',
        inCatalogue: 'of docs, "Searches", destructive in scope web',
        atServer: 'nothing is said of it',
      },
    ])
    expect(draft({ ...same, namespace: 'mail' }, { description: 'Finds' }, mail)).toMatchObject({
      clashes: [],
      known: ['search'],
    })
    // A name that was only guessed says nothing against an entry.
    expect(draft({ ...same, namespace: 'docs' }, same).clashes).toEqual([])
  })

  it('is told once: what was drafted under a name of its own is in the catalogue already', () => {
    const again = draft({ description: 'Searches docs' }, { description: 'Deletes mail' }, undefined, { 'mail.search': WORST })
    expect(again).toMatchObject({ tools: [], clashes: [], known: ['mail.search'] })
  })

  it('is no matter for a tool with a name of its own; its server stands in the entry where somebody named it', () => {
    expect(draft({}, { name: 'send' }, { name: 'mail', certain: true }).tools).toMatchObject([
      { name: 'send', entry: { namespace: 'mail' } },
    ])
    expect(draft({}, { name: 'send' }).tools[0]?.entry).not.toHaveProperty('namespace')
  })
})
