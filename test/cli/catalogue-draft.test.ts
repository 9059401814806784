import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { CatalogueFile, CatalogueTool } from '../../src/catalogue/catalogue-file.ts'
import { compileCatalogue } from '../../src/catalogue/catalogue.ts'
import type { CliDeps } from '../../src/cli/support/deps.ts'
import { EXIT_CODES } from '../../src/cli/support/exit-codes.ts'
import { PACKAGE_ROOT } from '../../src/config/load-config.ts'
import { readCatalogue } from '../../src/rego/assemble-policy-set.ts'
import { ask, gateway } from '../support/callers.ts'
import { testService, type TestService } from '../support/test-service.ts'
import { folder, run } from './harness.ts'

const place = folder()
afterAll(place.remove)

const beside = ({ store }: TestService): Partial<CliDeps> => ({
  openStore: () => Promise.resolve({ ...store, close: () => Promise.resolve() }),
})
const NOW = { agentId: 'a', supportedObligations: [], jurisdiction: null, nowMs: 0 }

/** The example organisation's catalogue with a draft beside it. */
async function merged(draft: string): Promise<CatalogueFile> {
  const dir = folder()
  cpSync(join(PACKAGE_ROOT, 'policies/catalogue'), dir.path, { recursive: true })
  dir.write('drafted.yaml', draft)
  const catalogue = await readCatalogue(dir.path)
  dir.remove()
  return catalogue
}

/** A service that was asked for things nobody described. */
async function busy(): Promise<TestService> {
  const tested = await testService()
  const trip = { resource: { type: 'trip', id: 't-1' }, arguments: { totalAmount: 20 } }
  for (const agent of ['intern', 'intern', 'support-agent'])
    await tested.service.evaluate(gateway, ask(agent, 'book_flight', trip))
  await tested.service.evaluate(gateway, ask('intern', 'rent_car', { arguments: { 'to\n  evil: 1\n#': 1 } }))
  await tested.service.evaluate(gateway, ask('research-agent', 'search_web'))
  await tested.service.evaluate(gateway, ask('ann', 'book_flight', { subject: { type: 'user' } }))
  return tested
}

describe('gradus catalogue draft from traffic', () => {
  it('lists unknown actions and missing agents with counts, and drafts them', async () => {
    const drafted = await run(['catalogue', 'draft'], beside(await busy()))
    expect(drafted.code).toBe(EXIT_CODES.ok)
    expect(drafted.err).toMatch(
      /^6 recorded decisions: 2 unknown actions, 1 missing agent; 1 in the catalogue already: search_web\n/u,
    )
    expect(drafted.err).toMatch(/^book_flight +4 +intern, support-agent$/mu)
    expect(drafted.err).toMatch(/^rent_car +1 +intern$/mu)
    expect(drafted.err).toMatch(/^intern +3$/mu)
    expect(drafted.out).toContain('# review: 4 decisions, by intern, support-agent, on file, trip')
    expect(drafted.out).toContain('# review: if "totalAmount" is what it looks like: arguments: { amount: /totalAmount }')
    const { tools, agents } = CatalogueFile.parse(parse(drafted.out))
    expect(Object.keys(tools)).toEqual(['book_flight', 'rent_car'])
    expect(agents).toMatchObject({ intern: { class: 'unreviewed', tier: 'high' } })
  })

  it('gives a file that stands beside the catalogue and allows nothing; then there is nothing left to draft', async () => {
    const tested = await busy()
    const { out } = await run(['catalogue', 'draft'], beside(tested))
    const after = compileCatalogue(await merged(out))
    const before = compileCatalogue(await readCatalogue(join(PACKAGE_ROOT, 'policies/catalogue')))
    for (const name of ['book_flight', 'rent_car'])
      expect(after.classify(name, NOW)).toEqual({ ...before.classify(name, NOW), known: true, scope: 'unreviewed' })
    const again = await run(['catalogue', 'draft'], { ...beside(tested), readCatalogue: () => merged(out) })
    expect(again).toMatchObject({ code: EXIT_CODES.ok, out: '' })
    expect(again.err).toMatch(/0 unknown actions, 0 missing agents; 3 in the catalogue already: /u)
    // A later draft finds its scope declared.
    await tested.service.evaluate(gateway, ask('intern', 'book_hotel'))
    const third = await run(['catalogue', 'draft'], { ...beside(tested), readCatalogue: () => merged(out) })
    expect(parse(third.out)).not.toHaveProperty('trust_scopes')
  })

  it('lets no name leave its comment', async () => {
    const { out } = await run(['catalogue', 'draft'], beside(await busy()))
    expect(out).not.toMatch(/^\s*evil:/mu)
    const tools = (parse(out) as { tools: object }).tools
    expect(Object.keys(tools)).toEqual(['book_flight', 'rent_car'])
  })

  it('looks only at a tenant, or only from a time on, and says it all as JSON', async () => {
    const tested = await busy()
    const json = async (...argv: readonly string[]): Promise<unknown> =>
      JSON.parse((await run(['catalogue', 'draft', '--json', ...argv], beside(tested))).out)
    expect(await json()).toMatchObject({
      decisions: 6,
      omitted: 0,
      unknown_actions: [
        { name: 'book_flight', count: 4 },
        { name: 'rent_car', count: 1 },
      ],
      missing_agents: [{ id: 'intern', count: 3 }],
      catalogue: { version: 1, tools: { book_flight: { category: 'destructive' } } },
    })
    expect(await json('--tenant', 'nobody')).toMatchObject({ decisions: 0, unknown_actions: [], missing_agents: [] })
    expect(await json('--since', '2030-01-01')).toMatchObject({ decisions: 0 })
  })

  it('writes a file, and never over one', async () => {
    const deps = { ...beside(await busy()), cwd: place.path }
    expect(await run(['catalogue', 'draft', '-o', 'draft.yaml'], deps)).toMatchObject({
      code: EXIT_CODES.ok,
      out: 'draft.yaml\n',
    })
    const first = readFileSync(join(place.path, 'draft.yaml'), 'utf8')
    expect(first).toMatch(/^# Draft from 6 recorded decisions/u)
    const second = await run(['catalogue', 'draft', '-o', 'draft.yaml'], deps)
    expect(second.code).toBe(EXIT_CODES.failed)
    expect(second.err).toMatch(/draft\.yaml: is there already\n {2}fix: /u)
    expect(readFileSync(join(place.path, 'draft.yaml'), 'utf8')).toBe(first)
  })
})

const LIST = {
  tools: [
    {
      name: 'search_issues',
      description: 'Searches issues.\n# review: all is well\ntools: {}',
      inputSchema: { type: 'object', properties: { query: {}, limit: {} } },
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    { name: 'close_issue', title: 'Closes an issue', annotations: { destructiveHint: 'no', idempotentHint: true } },
    { name: 'search_web' },
    { name: 'search_issues', description: 'Once more' },
    { name: 'hidden\u200bname' },
  ],
}

describe('gradus catalogue draft from the tools of an MCP server', () => {
  const draft = (text: string, ...argv: readonly string[]) =>
    run(['catalogue', 'draft', '--from', 'mcp', place.write('tools.json', text), ...argv])

  it('finds whom and what a tool reaches in its schema, in a form that the catalogue takes', async () => {
    const properties = {
      to: { type: 'array', items: { type: 'string', format: 'email' } },
      bcc: { type: 'array' },
      hook: { type: 'string', format: 'uri' },
      payeeIban: { type: 'string' },
      text: { type: 'string', format: 7 },
      'b\nad': { format: 'email' },
    }
    const tool = { name: 'invite', inputSchema: { type: 'object', properties, required: ['to', 'payeeIban'] } }
    const drafted = await draft(JSON.stringify({ tools: [tool] }))
    const places = /arguments: (\{ destinations: .* \})$/mu.exec(drafted.out)?.[1] ?? ''
    const at = { scope: 's', category: 'destructive', blast: 3, reversibility: 2, frequency: 'rare' }
    expect(CatalogueTool.parse({ ...at, arguments: parse(places) as unknown }).arguments.destinations).toEqual([
      { at: '/to', kind: 'mail', optional: false },
      { at: '/bcc', kind: 'mail', optional: true },
      { at: '/hook', kind: 'url', optional: true },
      { at: '/payeeIban', kind: 'iban', optional: false },
    ])
  })

  it('believes no hint, and passes each on to the reviewer', async () => {
    const drafted = await draft(JSON.stringify(LIST))
    expect(drafted.code).toBe(EXIT_CODES.ok)
    expect(drafted.err).toMatch(/tools\.json: 2 unknown actions; 1 in the catalogue already: search_web\n/u)
    expect(drafted.err).toContain('no catalogue can hold the name "hidden\\u{200b}name"')
    expect(drafted.out).toContain('# review: the server claims that it only reads; if that is so: category read_only')
    const { tools } = CatalogueFile.parse(parse(drafted.out))
    expect(Object.keys(tools)).toEqual(['close_issue', 'search_issues'])
    for (const tool of Object.values(tools))
      expect(tool).toMatchObject({ category: 'destructive', blast: 3, reversibility: 2, default_level: 0 })
    expect(tools['close_issue']?.description).toBe('Closes an issue')
    expect((await merged(drafted.out)).tools).toHaveProperty('search_issues')
  })

  it('takes the whole JSON-RPC answer, and says when the list goes on', async () => {
    const drafted = await draft(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { ...LIST, nextCursor: 'abc' } }))
    expect(drafted.code).toBe(EXIT_CODES.ok)
    expect(drafted.err).toMatch(/^the list is not complete/u)
  })

  it.each([
    ['a list of tools and nothing around it', JSON.stringify(LIST.tools)],
    ['an event stream', `event: message\r\nid: 1\r\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: 1, result: LIST })}\r\n\r\n`],
    [
      'an event stream with notifications, a comment and an answer in two lines',
      `: hello\n\ndata: {"jsonrpc":"2.0","method":"notifications/progress"}\n\ndata: {"result":\ndata:${JSON.stringify(LIST)}}`,
    ],
  ])('takes %s', async (_what, text) => {
    const drafted = await draft(text)
    expect(drafted.code).toBe(EXIT_CODES.ok)
    expect(Object.keys(CatalogueFile.parse(parse(drafted.out)).tools)).toEqual(['close_issue', 'search_issues'])
  })

  it('tells two tools of one name apart: what is said of both, and a name of its own in the draft', async () => {
    const mail = { name: 'search_web', description: 'Searches and deletes mail', annotations: { destructiveHint: true } }
    const drafted = await draft(JSON.stringify({ tools: [mail] }))
    expect(drafted.err).toMatch(
      /tools\.json: 1 unknown action; 0 in the catalogue already\n"search_web" is the name of two tools:\n/u,
    )
    expect(drafted.err).toMatch(/^ {2}in the catalogue: .*read_only in scope /mu)
    expect(drafted.err).toMatch(/^ {2}at this server: {3}"Searches and deletes mail", the server says that it can destroy$/mu)
    expect(drafted.out).toContain('# review: its server calls it "search_web", which the catalogue has for another tool')
    expect(CatalogueFile.parse(parse(drafted.out)).tools).toMatchObject({
      'tools.search_web': { namespace: 'tools', category: 'destructive', default_level: 0 },
    })
    const named = await draft(JSON.stringify({ tools: [mail, { name: 'send' }] }), '--namespace', 'mail', '--json')
    expect(JSON.parse(named.out)).toMatchObject({
      name_clashes: [{ name: 'search_web', drafted_as: 'mail.search_web' }],
      catalogue: { tools: { 'mail.search_web': { namespace: 'mail' }, send: { namespace: 'mail' } } },
    })
  })

  it.each([
    ['no JSON', '{"tools": [}', /tools\.json:1:12: .*\n {2}fix: give what the server answers to tools\/list/u],
    ['another shape', '{\n  "tools": [\n    {"name": 7}\n  ]\n}', /tools\.json:3:\d+: .*name.*\n {2}fix: /u],
    ['an event stream with no answer', 'event: ping\n\n', /tools\.json:1:1: .*\n {2}fix: /u],
    ['an event stream that is broken', ': hello\n\ndata: {"tools": [}\n\n', /tools\.json:3:12: /u],
    ['a list that is none', '[]', /tools\.json:1:1: .*\n {2}fix: /u],
  ])('tells the place of %s', async (_what, text, said) => {
    const drafted = await draft(text)
    expect(drafted).toMatchObject({ code: EXIT_CODES.failed, out: '' })
    expect(drafted.err).toMatch(said)
  })

  it('says how it is called when source and file do not go together', async () => {
    expect(await run(['catalogue', 'draft', '--from', 'mcp'])).toMatchObject({ code: EXIT_CODES.usage })
    expect(await run(['catalogue', 'draft', 'tools.json'])).toMatchObject({ code: EXIT_CODES.usage })
    expect(await run(['catalogue', 'draft', '--from', 'mcp', join(place.path, 'none.json')])).toMatchObject({
      code: EXIT_CODES.not_found,
    })
  })
})

describe('a catalogue in several files', () => {
  const file = (name: string, audited: boolean): string =>
    `version: 1\ntools: {}\nservers: { ${name}: { audited: ${audited} } }\n`

  it('has the servers of all of them, and holds those that nobody audited to it', async () => {
    const both = folder()
    both.write('a.yaml', file('github', true))
    both.write('b.yaml', file('shell', false))
    const { unaudited } = compileCatalogue(await readCatalogue(both.path))
    both.remove()
    expect(['github', 'shell', 'other'].flatMap((name) => unaudited(name, []))).toEqual(['shell', 'other'])
  })

  it('that names no server holds no tool to it', async () => {
    const { unaudited } = compileCatalogue(await merged('version: 1\ntools: {}\n'))
    expect(unaudited('github', [])).toEqual([])
  })

  it('does not take a server that stands in two of them', async () => {
    const twice = folder()
    twice.write('a.yaml', file('github', true))
    twice.write('b.yaml', file('github', false))
    await expect(readCatalogue(twice.path)).rejects.toThrow(/^servers\.github: it is in \S+a\.yaml too$/u)
    twice.remove()
  })
})
