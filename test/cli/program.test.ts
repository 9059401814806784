import { readFileSync } from 'node:fs'

import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'

import { createProgram } from '../../src/cli/program.ts'
import { COMMON_EXITS } from '../../src/cli/support/command-exits.ts'
import { examplesOf, exitsOf, leafCommands } from '../../src/cli/support/command.ts'
import type { CliDeps } from '../../src/cli/support/deps.ts'
import { EXIT_CODES } from '../../src/cli/support/exit-codes.ts'
import { run } from './harness.ts'

const nothing = { columns: 100, version: { gradus: '0', node: '0', opa: '0' }, stdout: () => undefined, stderr: () => undefined }
const commands = leafCommands(createProgram(nothing as unknown as CliDeps)).map(({ path, command }) => [path, command] as const)
const documented = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')

describe('every command', () => {
  it.each(commands)('%s says what its exit codes mean', (_path, command) => {
    expect(exitsOf(command)?.ok).toBeDefined()
  })

  it('has an exit code table in docs/cli.md, and nothing else has', () => {
    const rows = documented.split('\n').flatMap((line) => /^\| `([a-z -]+)` \| 0 /u.exec(line)?.[1] ?? [])
    expect(rows.toSorted()).toEqual(commands.map(([path]) => path).toSorted())
  })

  it.each(commands)('%s has --json and a description, and each of its options says what it is', (_path, command) => {
    expect(command.options.map(({ long }) => long)).toContain('--json')
    expect(command.description()).not.toBe('')
    expect(command.options.filter(({ description }) => description === '')).toEqual([])
    expect(command.registeredArguments.filter(({ description }) => description === '')).toEqual([])
  })

  it.each(commands)('%s says with what codes it ends, in its help and in docs/cli.md', async (path, command) => {
    const exits = exitsOf(command) ?? {}
    expect(exits.ok).toBeDefined()
    const { out, code } = await run(['help', ...path.split(' ')])
    expect(code).toBe(0)
    const help = path.includes(' ') ? (await run([...path.split(' '), '--help'])).out : out
    for (const [name, meaning] of Object.entries({ ...exits, ...COMMON_EXITS })) {
      const number = EXIT_CODES[name as keyof typeof EXIT_CODES]
      expect(help).toMatch(new RegExp(`^ {2}${number} +${meaning.replace(/[.*+?^${}()|[\]\\]/gu, '\\$&')}$`, 'mu'))
    }
    const row = documented.split('\n').find((line) => line.startsWith(`| \`${path}\` |`) && /\| \d/u.test(line))
    expect(row, `docs/cli.md has a row with the exit codes of ${path}`).toBeDefined()
    const told = [...(row ?? '').matchAll(/(\d+) /gu)].map(([, number]) => Number(number))
    expect(told).toEqual(
      Object.keys(exits)
        .map((name) => EXIT_CODES[name as keyof typeof EXIT_CODES])
        .toSorted((a, b) => a - b),
    )
  })

  it.each(commands)('%s refuses an option that it does not have, as JSON where JSON was asked for', async (path) => {
    const plain = await run([...path.split(' '), '--no-such-option'])
    expect(plain).toMatchObject({ code: 64, out: '', err: expect.stringContaining('fix: ') })
    const asJson = await run([...path.split(' '), '--no-such-option', '--json'])
    expect(asJson).toMatchObject({ code: 64, out: '' })
    expect(JSON.parse(asJson.err)).toEqual({
      error: {
        code: 'usage',
        message: expect.stringContaining('option'),
        place: {},
        fix: expect.stringContaining('gradus help'),
      },
    })
  })
})

/** The program and every command and group below it, with its path. */
function everyCommand(command: Command, path: readonly string[] = []): readonly (readonly [string, Command])[] {
  return [[path.join(' '), command], ...command.commands.flatMap((each) => everyCommand(each, [...path, each.name()]))]
}

/** The words of a command line as a shell reads them, as far as examples go; what feeds it is left out. */
function wordsOf(line: string): readonly string[] {
  const [typed = ''] = line.split(' < ')
  expect(typed).not.toMatch(/[|&;$`\\'<>(){}*?~]/u)
  return [...typed.matchAll(/"([^"]*)"|\S+/gu)].map(([word, inside]) => inside ?? word)
}

describe('the examples in the help', () => {
  const everything = everyCommand(createProgram(nothing as unknown as CliDeps))

  it.each(everything)('"%s" has one to three, in its help', async (path, command) => {
    const lines = examplesOf(command) ?? []
    expect([1, 2, 3]).toContain(lines.length)
    const { out, code } = await run([...path.split(' ').filter((name) => name !== ''), '--help'])
    expect(code).toBe(0)
    expect(out).toContain(`\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}`)
  })

  it.each(everything.flatMap(([path, command]) => (examplesOf(command) ?? []).map((line) => [line, path] as const)))(
    '%s',
    async (line, path) => {
      const program = createProgram(nothing as unknown as CliDeps)
      const reached: string[] = []
      for (const [name, command] of everyCommand(program))
        if (exitsOf(command) !== undefined) command.action(() => void reached.push(name))
      const [first, ...argv] = wordsOf(line)
      expect(first).toBe('gradus')
      expect(argv.join(' ').startsWith(path)).toBe(true)
      if (argv[0] === 'help') expect(everything.map(([name]) => name)).toContain(argv.slice(1).join(' '))
      else {
        // Refused: an option, argument or choice that there is not, one too many, or one too few.
        await program.parseAsync(argv, { from: 'user' })
        expect(reached).toHaveLength(1)
        expect(examplesOf(everything.find(([name]) => name === path)![1])).toContain(line)
        expect(reached[0] === path || reached[0]?.startsWith(`${path} `) === true || path === '').toBe(true)
      }
    },
  )
})
