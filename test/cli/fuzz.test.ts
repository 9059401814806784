import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'

import { createProgram } from '../../src/cli/program.ts'
import { exitsOf, leafCommands } from '../../src/cli/support/command.ts'
import type { CliDeps } from '../../src/cli/support/deps.ts'
import { EXIT_CODES } from '../../src/cli/support/exit-codes.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { ServiceError } from '../../src/format/error.ts'
import { folder, liveService, run, shippedPolicySet } from './harness.ts'

const files = folder()
afterAll(files.remove)
mkdirSync(join(files.path, 'folder'))
// Not the example organisation, all of whose fixtures would run each time.
files.write('gradus.yaml', 'policies: folder\n')
const live = liveService()

const REQUEST = {
  subject: { type: 'agent', id: 'coding-agent' },
  action: { name: 'merge_pr', properties: { arguments: { amount: 5 } } },
  resource: { type: 'pull_request', id: 'acme/web/7' },
  context: { environment: 'staging', chain: [{ type: 'agent', id: 'research-agent' }], facts: { complexity: 2 } },
}
const FIXTURE = {
  given: { agent: 'coding-agent', trust: { score: 0.8, incidents: [{ class: 'injection_suspected' }] } },
  cases: [{ name: 'a', request: { action: 'open_pr' }, want: { outcome: 'allow', trust: { score: 0.8 } } }],
}
const EVENT = { layer: 'outcome', polarity: 'positive', weight: 1, event_time: '2026-01-05T08:00:00Z' }
const CONFIG = {
  policies: 'policies',
  http: { listen: '127.0.0.1:0', anonymous: { roles: ['enforcement_point'] } },
  trust: { automatic_level_max: 3 },
  credentials: [],
}

/** A document that was right, with one of its members replaced, removed or added. */
function spoilt(document: object): fc.Arbitrary<string> {
  const text = JSON.stringify(document)
  const values = [...text.matchAll(/"[^"]*"|\d[\d.]*|\[|\{/gu)].map(({ index, 0: found }) => [index, found.length] as const)
  return fc
    .tuple(
      fc.constantFrom(...values),
      fc.oneof(
        fc.jsonValue({ maxDepth: 1 }).map((value) => JSON.stringify(value)),
        fc.constantFrom('', '[', ']', '{}', ',', '&a', '*a', '!!x', '1e999', '"\\ud800"'),
      ),
    )
    .map(([[at, length], instead]) => text.slice(0, at) + instead + text.slice(at + length))
}

const content = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
  ...[REQUEST, FIXTURE, EVENT, CONFIG].flatMap((document) => [spoilt(document), fc.constant(JSON.stringify(document))]),
)

const program = createProgram({
  columns: 80,
  version: { gradus: '0' },
  stdout: () => undefined,
  stderr: () => undefined,
} as unknown as CliDeps)
const commands = leafCommands(program).filter(({ path }) => path !== 'serve' && path !== 'init')
const word = fc.oneof(
  fc.constantFrom(
    'a.json',
    'b.yaml',
    'folder',
    '-',
    '',
    '.',
    'a.json#a',
    'none',
    '0',
    '1',
    'default',
    'crm:full',
    '2026-03-03',
    '{score: 1}',
    '[',
  ),
  fc.string({ unit: 'binary', maxLength: 6 }),
)

/** A command line with options that the command has, most of them with values that make no sense. */
const commandLine = fc.constantFrom(...commands).chain(({ path, command }) =>
  fc
    .tuple(
      fc.array(word, { maxLength: 3 }),
      fc.array(fc.tuple(fc.constantFrom(...command.options.filter(({ long }) => long !== '--watch' && long !== '--out')), word), {
        maxLength: 4,
      }),
    )
    .map(([args, options]) => ({
      path,
      argv: [
        ...path.split(' '),
        ...args,
        ...options.flatMap(([option, value]) => [option.long ?? '', ...(option.required || option.optional ? [value] : [])]),
      ],
    })),
)

const exitsByPath = new Map(commands.map(({ path, command }) => [path, exitsOf(command)]))

/** The codes that docs and help name for a command, without the one for bugs. */
function documented(path: string): readonly number[] {
  const names = Object.keys({ ...exitsByPath.get(path), usage: '' }) as (keyof typeof EXIT_CODES)[]
  return names.map((name) => EXIT_CODES[name])
}

describe('the command line, whatever it is given', () => {
  it('ends with a documented code, and never shows a stack', async () => {
    const { open } = await live
    await shippedPolicySet()
    await fc.assert(
      fc.asyncProperty(commandLine, content, content, async ({ path, argv }, first, second) => {
        files.write('a.json', first)
        files.write('b.yaml', second)
        const ran = await run(argv, {
          cwd: files.path,
          loadConfig: (file) => loadConfig(file, files.path),
          openStore: open,
          // A hundred agents for a hundred days, each time, would be another test.
          runLives: () => Promise.reject(new ServiceError('io', 'there are no threads here')),
          readStdin: () => Promise.resolve(first),
        })
        const told = `${JSON.stringify(argv)}\n${ran.out}${ran.err}`
        expect(documented(path), told).toContain(ran.code)
        expect(told).not.toMatch(/^\s+at \S+/mu)
        if (ran.code === EXIT_CODES.failed || ran.code >= EXIT_CODES.usage) expect(ran.out + ran.err, told).not.toBe('')
      }),
      { numRuns: 600 },
    )
  })

  it.each([
    ['a folder for a file', ['eval', 'folder']],
    ['a folder for a history', ['trust', 'replay', 'folder']],
    ['a folder for the configuration', ['check', '--config', 'folder']],
    ['a folder below a file', ['test', 'a.json/x']],
    ['a name that no file system takes', ['eval', 'a\0b']],
    ['a name that is too long', ['eval', 'x'.repeat(5_000)]],
    ['a check of a file', ['check', 'a.json']],
    ['a fixture of a folder', ['eval', 'a.json', '--fixture', 'folder']],
  ])('says what is wrong with %s, and what to do', async (_what, argv) => {
    files.write('a.json', JSON.stringify(REQUEST))
    const ran = await run(argv, { cwd: files.path, loadConfig: (file) => loadConfig(file, files.path) })
    expect(ran.code).toBeGreaterThan(0)
    expect(ran.code).not.toBe(EXIT_CODES.bug)
    expect(ran.err).toContain('\n  fix: ')
  })
})
