import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Command } from 'commander'
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

import { VERB_ROLES } from '../../src/access/authority.ts'
import { createProgram } from '../../src/cli/program.ts'
import { leafCommands } from '../../src/cli/support/command.ts'
import type { CliDeps } from '../../src/cli/support/deps.ts'
import { EXIT_CODES } from '../../src/cli/support/exit-codes.ts'
import { Config } from '../../src/config/config.ts'
import { registerMetrics } from '../../src/http/metric-definitions.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { documents, fencesOf, REPOSITORY, sectionOf, tableRows, textOf } from './markdown.ts'

/** Parts of the configuration that other documents describe member by member. */
const DESCRIBED_ELSEWHERE = [
  'identity.issuers[].standing',
  'identity.certificates.standing',
  'trust.constants',
  'tenants.NAME.overrides',
  'detectors.settings',
  'signals.mappings',
]

type JsonSchema = {
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly const?: unknown
  readonly default?: unknown
}

/** Every key of the configuration with its default as JSON, a dash where there is none. */
function configurationKeys(schema: JsonSchema, place = ''): readonly (readonly [string, string])[] {
  const below = (name: string): string => (place === '' ? name : `${place}.${name}`)
  if (!DESCRIBED_ELSEWHERE.includes(place)) {
    if (schema.properties !== undefined)
      return Object.entries(schema.properties).flatMap(([name, member]) => configurationKeys(member, below(name)))
    // One word, or an object: the key itself, and those of the object.
    const object = schema.anyOf?.find(({ properties }) => properties !== undefined)
    if (object !== undefined && schema.anyOf?.some(({ const: word }) => word !== undefined) === true)
      return [[place, JSON.stringify(schema.default)], ...configurationKeys(object, place)]
    if (typeof schema.additionalProperties === 'object') return configurationKeys(schema.additionalProperties, below('NAME'))
    if (schema.items?.properties !== undefined) return configurationKeys(schema.items, `${place}[]`)
  }
  return [[place, schema.default === undefined ? '–' : JSON.stringify(schema.default)]]
}

/** The text of a cell that is code. */
function code(cell: string | undefined): string {
  return (cell ?? '').replace(/^`|`$/gu, '')
}

function program(): Command {
  const deps = { version: { gradus: '0', node: '0', opa: '0' }, columns: 100, stdout: () => undefined, stderr: () => undefined }
  return createProgram(deps as unknown as CliDeps)
}

/** What a document tells a reader to type: each `gradus …` of its prose and blocks, as words. */
function commandLines(document: string): readonly (readonly string[])[] {
  const blocks = fencesOf(document).filter(({ language }) => language === 'sh' || language === 'bash')
  const typed = blocks
    .flatMap(({ text }) => text.split('\n'))
    .flatMap((line) => [...line.matchAll(/(?:^|npx |\| )gradus ([^|]+)/gu)].map((found) => found[1] ?? ''))
  const named = [...textOf(document).matchAll(/`(?:npx )?gradus ([^`]+)`/gu)].map((found) => found[1] ?? '')
  return [...typed, ...named].map((words) => words.trim().split(/\s+/u))
}

/** Every command that can be run, as it is typed after `gradus`. */
function namesOf(command: Command): readonly string[] {
  return leafCommands(command)
    .map(({ path }) => path)
    .sort()
}

/** Why a command line is none of the program's; undefined when it is. */
function unknownIn(words: readonly string[], command: Command): string | undefined {
  const [first] = words
  if (first === 'help') return undefined
  const below = command.commands.find((candidate) => candidate.name() === first)
  if (below !== undefined) return unknownIn(words.slice(1), below)
  if (command.commands.length > 0 && first !== undefined && /^[a-z]/u.test(first)) {
    const alternatives = first.split(/[|,]/u)
    if (alternatives.length < 2 || alternatives.some((name) => !command.commands.some((candidate) => candidate.name() === name)))
      return `"${command.name()}" has no command "${first}"`
  }
  const flags = words.flatMap((word) => /^\[?(--[a-z-]+)/u.exec(word)?.[1] ?? [])
  const known = [...command.options.flatMap(({ long }) => long ?? []), '--help', '--version']
  const unknown = flags.find((flag) => !known.includes(flag))
  return unknown === undefined ? undefined : `"${command.name()}" has no option "${unknown}"`
}

describe('docs/operations.md', () => {
  it('lists every key of the configuration with its default, and no other', () => {
    const shown = tableRows(sectionOf('docs/operations.md', 'Configuration')).map(
      ([key, standard]) => [code(key), code(standard)] as const,
    )
    const schema = z.toJSONSchema(Config, { io: 'input', unrepresentable: 'any' }) as JsonSchema
    expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(configurationKeys(schema)))
    expect(shown).toHaveLength(new Set(shown.map(([key]) => key)).size)
  })

  it('lists every metric of ours, and no other', async () => {
    const shown = tableRows(sectionOf('docs/operations.md', 'Metrics'))
      .map(([name]) => code(name))
      .filter((name) => /^(?:gradus|http)_[a-z_]+$/u.test(name))
    const kept = [...(await createMetrics().text()).matchAll(/^# HELP ((?:gradus|http)_\S+)/gmu)].map((found) => found[1])
    expect([...shown].sort()).toEqual([...kept].sort())
  })

  it('names only labels that a metric has', () => {
    const register = new Registry()
    registerMetrics(register)
    const metrics = register.getMetricsAsArray() as unknown as readonly { name: string; labelNames: readonly string[] }[]
    const declared = new Map(metrics.map(({ name, labelNames }) => [name, labelNames.join(', ')]))
    const rows = tableRows(sectionOf('docs/operations.md', 'Metrics')).filter(([name]) =>
      /^`(?:gradus|http)_[a-z_]+`$/u.test(name ?? ''),
    )
    expect(rows.length).toBeGreaterThan(0)
    for (const [name = '', labels = ''] of rows) {
      expect(labels.replaceAll('`', ''), name).toBe(declared.get(code(name)))
    }
  })
})

describe('docs/architecture.md', () => {
  it('says for every verb exactly the roles that may use it', () => {
    const shown = tableRows(sectionOf('docs/architecture.md', 'Who may call what')).map(([verb, roles]) => [code(verb), roles])
    expect(Object.fromEntries(shown)).toEqual(
      Object.fromEntries(Object.entries(VERB_ROLES).map(([verb, roles]) => [verb, roles.join(', ')])),
    )
  })

  it('has every folder of src in its layout, and names only folders that exist', () => {
    const shown = tableRows(sectionOf('docs/architecture.md', 'Layout')).map(([folder]) => code(folder))
    const folders = readdirSync(join(REPOSITORY, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
    expect(folders.map(({ name }) => `src/${name}`).filter((folder) => !shown.includes(folder))).toEqual([])
    expect(shown.filter((folder) => !folder.includes('*') && !existsSync(join(REPOSITORY, folder)))).toEqual([])
  })
})

describe('docs/dependencies.md', () => {
  it('has a line for every dependency, and no other', () => {
    const manifest = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as Readonly<
      Record<'dependencies' | 'devDependencies', Readonly<Record<string, string>>>
    >
    const shown = (heading: string): readonly string[] =>
      tableRows(sectionOf('docs/dependencies.md', heading)).map(([name]) => code(name))
    expect(shown('At run time')).toEqual(Object.keys(manifest.dependencies).sort())
    expect(shown('To build and test')).toEqual(Object.keys(manifest.devDependencies).sort())
  })
})

describe('the commands that documents name', () => {
  it.each(documents())('%s types only commands and options that the program has', (document) => {
    expect(commandLines(document).flatMap((words) => unknownIn(words, program()) ?? [])).toEqual([])
  })

  it('are in the table of docs/cli.md, each of them, and no other', () => {
    const [opening = ''] = textOf('docs/cli.md').split('\n## ')
    const named = tableRows(opening).flatMap(([cell = '']) => [...cell.matchAll(/`([^`]*)`/gu)].map((found) => found[1] ?? ''))
    const commands = named.map((words) => /^[a-z]+(?:-[a-z]+)*(?: [a-z]+(?:-[a-z]+)*)*/u.exec(words)?.[0] ?? words)
    expect([...new Set(commands)].sort()).toEqual(namesOf(program()))
  })

  it('end with the codes that docs/cli.md lists', () => {
    const shown = tableRows(sectionOf('docs/cli.md', 'Exit codes')).map(([number, name]) => [code(name), Number(number)])
    expect(Object.fromEntries(shown)).toEqual(EXIT_CODES)
  })

  it('are targets of the Makefile where they begin with make', () => {
    const makefile = readFileSync(join(REPOSITORY, 'Makefile'), 'utf8')
    const named = documents().flatMap((document) =>
      [...textOf(document).matchAll(/`make ([a-z-]+)`/gu)].map((found) => found[1] ?? ''),
    )
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter((target) => !new RegExp(`^${target}:`, 'mu').test(makefile))).toEqual([])
  })
})
