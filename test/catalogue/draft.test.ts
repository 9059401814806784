import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { CatalogueFile } from '../../src/catalogue/catalogue-file.ts'
import { compileCatalogue } from '../../src/catalogue/catalogue.ts'
import { draftCatalogue, UNREVIEWED } from '../../src/catalogue/draft.ts'
import type { SeenTool } from '../../src/catalogue/seen-tool.ts'

const EMPTY = CatalogueFile.parse({ version: 1, tools: {} })
const NOW = { agentId: 'a', supportedObligations: ['rollback_handle'], jurisdiction: null, nowMs: 0 }
const flag = fc.option(fc.boolean(), { nil: undefined })
const seenTool: fc.Arbitrary<SeenTool> = fc.record({
  name: fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'read_file', ' x', 'a'.repeat(300))),
  description: fc.option(fc.string({ maxLength: 1_200 }), { nil: undefined }),
  count: fc.option(fc.nat(), { nil: undefined }),
  agents: fc.array(fc.string(), { maxLength: 3 }),
  resources: fc.array(fc.string(), { maxLength: 3 }),
  arguments: fc.array(fc.oneof(fc.string(), fc.constantFrom('totalAmount', 'to', 'record_ids', 'a/amount')), { maxLength: 4 }),
  hints: fc.option(fc.record({ readOnlyHint: flag, destructiveHint: flag, idempotentHint: flag, openWorldHint: flag }), {
    nil: undefined,
  }),
})
const draftOf = (tool: Partial<SeenTool>) => draftCatalogue([{ name: 'tool', arguments: [], ...tool }], [], EMPTY).tools[0]

describe('a drafted entry', () => {
  it('has the class of an action that is not in the catalogue, whatever its server claims', () => {
    fc.assert(
      fc.property(fc.array(seenTool, { maxLength: 6 }), (tools) => {
        const draft = draftCatalogue(tools, [], EMPTY)
        const file = CatalogueFile.parse({
          version: 1,
          trust_scopes: { [UNREVIEWED]: { level: 0 } },
          tools: Object.fromEntries(draft.tools.map(({ name, entry }) => [name, entry])),
        })
        const [before, after] = [compileCatalogue(EMPTY), compileCatalogue(file)]
        for (const { name } of draft.tools)
          expect(after.classify(name, NOW)).toEqual({ ...before.classify(name, NOW), known: true, scope: UNREVIEWED })
        expect(draft.tools.length + draft.refused.length).toBe(new Set(tools.map(({ name }) => name)).size)
      }),
    )
  })

  it.each([
    [{ readOnlyHint: true }, /claims that it only reads; if that is so: category read_only/u],
    [{ readOnlyHint: true, destructiveHint: true }, /believe neither/u],
    [{ destructiveHint: true }, /says that it can destroy/u],
    [{ destructiveHint: false, openWorldHint: false }, /if that is so: category local_reversible_write/u],
    [{ openWorldHint: true }, /external_communication at least/u],
    [{ idempotentHint: true }, /repeating it changes nothing more/u],
  ])('passes the claim %j on to the reviewer', (hints, said) => {
    const entry = draftOf({ hints })
    expect(entry?.review).toEqual([expect.stringMatching(said)])
    expect(entry?.entry).toMatchObject({ category: 'destructive', default_level: 0 })
  })

  it('has nothing to say where nothing is claimed', () => {
    expect(draftOf({})?.review).toEqual([])
    expect(draftOf({ hints: { destructiveHint: false } })?.review).toEqual([])
  })

  it('says what was seen of it, and which arguments look like measures', () => {
    const seen = draftOf({
      count: 2,
      agents: ['ann'],
      resources: ['file'],
      arguments: ['totalAmount', 'to', 'record_ids', 'a/amount'],
    })
    expect(seen?.review).toEqual([
      '2 decisions, by ann, on file',
      'if "totalAmount" is what it looks like: arguments: { amount: /totalAmount }',
      'if "record_ids" is what it looks like: arguments: { records: /record_ids }',
      'if "to" is what it looks like: arguments: { destinations: [{ at: /to, kind: mail }] }; optional: true for what may be left out',
    ])
    expect(draftOf({ count: 1 })?.review).toEqual(['1 decision, by people'])
  })
})

describe('destinations in the arguments of a tool', () => {
  it.each([
    [
      'mail',
      ['to', 'cc', 'bcc', 'replyTo', 'participants', 'attendee_emails', 'customerEmail', 'recipientAddresses'.slice(0, 9)],
    ],
    ['iban', ['iban', 'creditorIban']],
    ['account', ['toAccount', 'account_number', 'payee', 'beneficiary']],
    ['channel', ['channel', 'channelId', 'chat_id', 'room']],
    ['handle', ['username', 'assignees', 'mentions']],
    ['url', ['url', 'webhookUrl', 'callback', 'endpoint', 'uri']],
    ['domain', ['domain', 'allowedDomains']],
    ['host', ['host', 'hostname', 'smtp_server']],
  ])('of the kind %s are found by their names', (kind, names) => {
    const review = draftOf({ arguments: names })?.review.join() ?? ''
    for (const name of names) expect(review).toContain(`{ at: /${name}, kind: ${kind} }`)
  })

  it('are found by the formats of their schema too, and are optional where it does not ask for them', () => {
    const seen = {
      arguments: ['owner', 'target', 'to', 'odd'],
      formats: { owner: 'email', target: 'uri', odd: 'date' },
      required: ['to'],
    }
    expect(draftOf(seen)?.review).toEqual([
      'if "owner", "target", "to" are what they look like: arguments: { destinations: [{ at: /owner, kind: mail, optional: true }, { at: /target, kind: url, optional: true }, { at: /to, kind: mail }] }',
    ])
  })

  it('are told together, and other arguments are none', () => {
    expect(draftOf({ arguments: ['iban', 'cc', 'text', 'total', 'a/url'] })?.review.at(-1)).toBe(
      'if "iban", "cc" are what they look like: arguments: { destinations: [{ at: /iban, kind: iban }, { at: /cc, kind: mail }] }; optional: true for what may be left out',
    )
    expect(draftOf({ arguments: ['text', 'body', 'title', 'path', 'query'] })?.review).toEqual([])
  })
})

describe('a draft', () => {
  const known = CatalogueFile.parse({
    version: 1,
    trust_scopes: { files: {} },
    tools: { read: { scope: 'files', category: 'read_only', blast: 0, reversibility: 0, frequency: 'high' } },
    agents: { ann: { class: 'reader' } },
  })

  it('holds what the catalogue does not, most frequent first, each name once', () => {
    const tool = (name: string, count: number): SeenTool => ({ name, count, arguments: [] })
    const draft = draftCatalogue(
      [tool('b', 1), tool('a', 1), tool('read', 9), tool('c', 5), tool('c', 7)],
      [
        { id: 'ann', count: 1 },
        { id: 'zoe', count: 2 },
        { id: 'bob', count: 2 },
        { id: 'cy\u200bd', count: 3 },
      ],
      known,
    )
    expect(draft.tools.map(({ name }) => name)).toEqual(['c', 'a', 'b'])
    expect(draft.agents.map(({ name, entry }) => [name, entry.tier])).toEqual([
      ['bob', 'high'],
      ['zoe', 'high'],
    ])
    expect(draft.refused).toEqual(['cy\u200bd'])
  })

  it('declares its scope only where that contradicts nothing', () => {
    const declares = (file: CatalogueFile): boolean => draftCatalogue([], [], file).declaresScope
    expect(declares(known)).toBe(true)
    expect(declares(EMPTY)).toBe(true)
    expect(declares({ ...known, trust_scopes: {} })).toBe(false)
    expect(declares({ ...known, trust_scopes: { ...known.trust_scopes, [UNREVIEWED]: known.trust_scopes['files']! } })).toBe(
      false,
    )
  })
})
