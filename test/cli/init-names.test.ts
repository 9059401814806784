import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { TEMPLATES } from '../../src/cli/project/init.ts'
import { PACKAGE_ROOT } from '../../src/config/load-config.ts'
import { folder, run } from './harness.ts'

/** What a catalogue, an agent's file, the base policy's data and the configuration of the example organisation say here. */
type Catalogue = {
  readonly agents: Readonly<Record<string, { readonly owner: string }>>
  readonly teams: object
  readonly tools: object
}
type AgentFile = { readonly agent: string; readonly owner: string }
type Base = { readonly config: { readonly assignments: Readonly<Record<string, Readonly<Record<'agent' | 'user', object>>>> } }
type Caps = Readonly<Record<string, unknown>>
type Configuration = {
  readonly tenants: {
    readonly default: {
      readonly overrides: {
        readonly purposes: Readonly<Record<string, readonly string[]>>
        readonly guardrails: Readonly<Record<'scopes' | 'tools' | 'agents', Readonly<Record<string, Caps>>>>
      }
    }
  }
}

const read = (...path: readonly string[]): unknown => parse(readFileSync(join(PACKAGE_ROOT, ...path), 'utf8'))
const catalogue = read('policies/catalogue/catalogue.yaml') as Catalogue
const desktop = read('policies/catalogue/fazm-desktop.yaml') as AgentFile
const { assignments } = (read('policies/rbac/data.yaml') as Base).config
const { purposes, guardrails } = (read('gradus.yaml') as Configuration).tenants.default.overrides
const assigned = (type: 'agent' | 'user') => Object.values(assignments).flatMap((parties) => Object.keys(parties[type]))

/** The text of every file below a path, by its path there; a compressed file is unpacked. */
function textsBelow(path: string): ReadonlyMap<string, string> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const named = files.map((entry) => join(entry.parentPath, entry.name)).sort()
  return new Map(named.map((file) => [file.slice(path.length + 1), textOf(file)]))
}

function textOf(file: string): string {
  const bytes = readFileSync(file)
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1')
}

const own = [
  ...textsBelow(join(PACKAGE_ROOT, 'policies/fixtures')).values(),
  ...textsBelow(join(PACKAGE_ROOT, 'policies/catalogue')).values(),
  ...textsBelow(join(PACKAGE_ROOT, 'policies/rbac')).values(),
  ...textsBelow(join(PACKAGE_ROOT, 'examples/organisation')).values(),
  textOf(join(PACKAGE_ROOT, 'gradus.yaml')),
].join('\n')

const unique = (words: readonly string[]): readonly string[] => [...new Set(words)].sort()
const asPattern = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/gu, '\\$&')
/** A name where it stands by itself, and not in a longer one. */
const word = (name: string): RegExp => new RegExp(`(?<![\\w-])${asPattern(name)}(?![\\w-])`, 'u')
/** A cap with its number, as YAML, JSON and Rego write it. */
const cap = (name: string, most: number): RegExp => new RegExp(`(?<![\\w-])${name}"?\\s*:\\s*${most}(?![\\w.])`, 'u')
const capsOf = (each: unknown): readonly (readonly [string, number])[] =>
  Object.values(each as Readonly<Record<string, Caps>>).flatMap((caps) =>
    Object.entries(caps).flatMap(([name, most]) => (typeof most === 'number' ? [[name, most] as const] : [])),
  )
const toolCaps = Object.values(catalogue.tools).map((tool: { readonly guardrails?: Caps }) => tool.guardrails ?? {})

const AGENTS = unique([...Object.keys(catalogue.agents), desktop.agent, ...assigned('agent')])
const PEOPLE = unique([...Object.values(catalogue.agents).map(({ owner }) => owner), desktop.owner, ...assigned('user')])
const DOMAINS = unique([...own.matchAll(/@([a-z0-9-]+(?:\.[a-z0-9-]+)+)/gu)].map(([, domain]) => domain!))
const PURPOSES = unique(Object.values(purposes).flat())
const AMOUNTS = [...capsOf(guardrails.scopes), ...capsOf(guardrails.tools), ...capsOf(guardrails.agents), ...capsOf(toolCaps)]
/** What is nobody else's: who acts there, whom they write to, what for, and up to what. */
const ORGANISATION: ReadonlyMap<string, RegExp> = new Map([
  ...[...AGENTS, ...PEOPLE, ...DOMAINS, ...PURPOSES].map((name) => [name, word(name)] as const),
  ...AMOUNTS.map(([name, most]) => [`${name}: ${most}`, cap(name, most)] as const),
])
/** What a policy that names nothing of an organisation does not name either; a template has scopes and tools of its own. */
const TERMS: ReadonlyMap<string, RegExp> = new Map(
  [...Object.keys(guardrails.scopes), ...Object.keys(guardrails.tools), ...Object.keys(purposes), ...Object.keys(catalogue.tools)]
    // A word such as `read` is also a word of the policy's own.
    .filter((name) => name.includes('_') || !Object.hasOwn(catalogue.tools, name) || Object.hasOwn(guardrails.tools, name))
    .map((name) => [name, word(name)]),
)

/** Names that stand in a text, each with the file. */
const found = (texts: ReadonlyMap<string, string>, names: ReadonlyMap<string, RegExp>): readonly string[] =>
  [...texts].flatMap(([file, text]) => [...names].flatMap(([name, pattern]) => (pattern.test(text) ? [`${file}: ${name}`] : [])))

const place = folder()
afterAll(place.remove)

describe('the names of the example organisation', () => {
  it('are known: its agents, people, domains, purposes, scopes and caps', () => {
    expect(AGENTS).toEqual(expect.arrayContaining(['coding-agent', 'fazm-desktop', 'research-agent', 'support-agent']))
    expect(PEOPLE).toEqual(expect.arrayContaining(['alice', 'grace', 'heidi']))
    expect(DOMAINS).toContain('example.com')
    expect(PURPOSES).toContain('payroll_review')
    expect([...TERMS.keys()]).toEqual(expect.arrayContaining(['email', 'human_resources', 'refund', 'wire_transfer']))
    expect(AMOUNTS).toEqual(
      expect.arrayContaining([
        ['scope_amount_per_day_max', 20_000],
        ['amount_max', 500],
      ]),
    )
  })

  it('are all found where they belong', () => {
    const names = new Map([...ORGANISATION, ...TERMS])
    expect(found(new Map([['own', own]]), names)).toEqual([...names.keys()].map((name) => `own: ${name}`))
  })

  it.each([
    ['YAML', '      payments: { scope_amount_per_day_max: 20000 }'],
    ['JSON', '{"payments":{"scope_amount_per_day_max":20000}}'],
    ['Rego', '\tcaps := {"payments": {"scope_amount_per_day_max": 20000}}'],
  ])('are found in %s', (form, text) => {
    expect(found(new Map([[form, text]]), new Map([...ORGANISATION, ...TERMS]))).toEqual([
      `${form}: scope_amount_per_day_max: 20000`,
      `${form}: payments`,
    ])
  })

  it('are not in the graduation policy, its data and tests', () => {
    const texts = textsBelow(join(PACKAGE_ROOT, 'policies/graduation'))
    expect([...texts.keys()]).toContain('data.yaml')
    expect(found(texts, new Map([...ORGANISATION, ...TERMS]))).toEqual([])
  })

  it.each(['graduation.tar.gz', 'system.tar.gz'])('are not in the bundle %s', (name) => {
    const text = textOf(join(PACKAGE_ROOT, 'bundles', name))
    expect(text).toContain('/data.json')
    expect(found(new Map([[name, text]]), new Map([...ORGANISATION, ...TERMS]))).toEqual([])
  })
})

describe.each(TEMPLATES)('what init writes of the template %s', (name) => {
  beforeAll(async () => {
    expect(await run(['init', name, '--template', name], { cwd: place.path })).toMatchObject({ code: 0 })
  })

  it('holds no agent, person, domain, purpose or amount of the example organisation', () => {
    const texts = textsBelow(join(place.path, name))
    expect([...texts.keys()]).toEqual(expect.arrayContaining(['gradus.yaml', 'bundles/rbac.tar.gz', 'README.md']))
    expect(found(texts, ORGANISATION)).toEqual([])
  })
})
