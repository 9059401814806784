import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import { Argument, Command, Option } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { bashCompletion } from '../../src/cli/completion/bash.ts'
import { fishCompletion } from '../../src/cli/completion/fish.ts'
import { type CompletedCommand, completionTree } from '../../src/cli/completion/tree.ts'
import { zshCompletion } from '../../src/cli/completion/zsh.ts'
import { createProgram } from '../../src/cli/program.ts'
import type { CliDeps } from '../../src/cli/support/deps.ts'
import { folder, run } from './harness.ts'

const nothing = { columns: 100, version: { gradus: '0', node: '0', opa: '0' }, stdout: () => undefined, stderr: () => undefined }
const tree = completionTree(createProgram(nothing as unknown as CliDeps))
const files = folder()
files.write('request.json', '{}')
files.write('with space.yaml', '')
mkdirSync(join(files.path, 'policies'))
const scripts = folder()
afterAll(() => [files, scripts].forEach((each) => each.remove()))

/** What a shell offers for each command line, of which the last word is being typed. */
type Ask = (script: string, lines: readonly (readonly string[])[]) => readonly (readonly string[])[]

const word = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
/** Where the answer to one line ends. */
const END = '--end--'

function answers(shell: string, argv: readonly string[], text: string): readonly (readonly string[])[] {
  const file = scripts.write(shell, text)
  const { stdout, stderr } = spawnSync(shell, [...argv, file], { encoding: 'utf8', cwd: files.path })
  expect(stderr).toBe('')
  const parts = stdout.split(`${END}\n`).slice(0, -1)
  return parts.map((part) => part.split('\n').filter((line) => line !== ''))
}

const SHELLS: Readonly<Record<string, { readonly make: (tree: readonly CompletedCommand[]) => string; readonly ask: Ask }>> = {
  bash: {
    make: bashCompletion,
    ask: (script, lines) => {
      const put = `ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gradus; printf '%s\\n' "\${COMPREPLY[@]}"; echo ${END}; }`
      const asks = lines.map((line) => `ask ${['gradus', ...line].map(word).join(' ')}`)
      return answers('bash', ['--norc', '--noprofile'], [script, put, ...asks].join('\n'))
    },
  },
  zsh: {
    make: zshCompletion,
    ask: (script, lines) => {
      // What zsh itself does with the parts is stood in for; how they come about is the script's.
      const put = `compdef() { : }
_describe() { local each; for each in "\${(@P)@[-1]}"; do print -r -- "\${each%%:*}"; done }
_files() { [[ \${1-} == -/ ]] && print -rl -- $PREFIX*(N/) || print -rl -- $PREFIX*(N) }
compset() { PREFIX="\${PREFIX#*=}" }
compadd() { shift; local each; for each; do [[ $each == $PREFIX* ]] && print -r -- $each; done }
ask() { words=("$@"); CURRENT=$#; PREFIX="$@[-1]"; _gradus; echo ${END}; }`
      const asks = lines.map((line) => `ask ${['gradus', ...line].map(word).join(' ')}`)
      return answers('zsh', ['-f'], [put, script, ...asks].join('\n')).map((offered, at) =>
        offered.filter((each) => each.startsWith(lines[at]?.at(-1)?.replace(/^--.*=/u, '') ?? '')),
      )
    },
  },
  fish: {
    make: fishCompletion,
    ask: (script, lines) => {
      const asks = lines.map((line) => `complete -C ${word(['gradus', ...line].join(' '))}; echo ${END}`)
      return answers('fish', ['--no-config'], [script, ...asks].join('\n')).map((offered, at) =>
        offered.map((each) => (each.split('\t')[0] ?? '').replace(lines[at]?.at(-1)?.match(/^--.*=/u)?.[0] ?? '', '')),
      )
    },
  },
}
const isThere = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0
/** Bash is everywhere; the others are asked where they are installed. */
const THERE = Object.keys(SHELLS).filter((shell) => shell === 'bash' || isThere(shell))
const pathOf = ({ path }: CompletedCommand): readonly string[] => (path === '' ? [] : path.split(' '))
const without = (names: readonly string[]): readonly string[] => names.filter((name) => name !== '').toSorted()

describe('the tree', () => {
  it('has every command with its options, values and arguments', () => {
    expect(tree[0]).toMatchObject({ path: '', arguments: [] })
    expect(tree.find(({ path }) => path === 'test')).toMatchObject({ commands: [], arguments: ['folder'] })
    expect(tree.find(({ path }) => path === 'test')?.options).toContainEqual({
      flags: ['-f', '--format'],
      description: 'how it is reported',
      value: ['pretty', 'json', 'junit', 'tap'],
    })
    expect(tree.find(({ path }) => path === 'explain')?.arguments).toEqual(['file'])
    expect(tree.find(({ path }) => path === 'trust help')?.arguments[0]).toContain('why')
  })
})

describe.each(THERE)('%s', (shell) => {
  const { make, ask } = SHELLS[shell]!
  const script = make(tree)
  let said: string
  beforeAll(async () => {
    said = (await run(['completion', shell])).out
  })

  it('is given the script of the program that runs, as text or as JSON', async () => {
    expect(said).toBe(script)
    expect(JSON.parse((await run(['completion', shell, '--json'])).out)).toEqual({ shell, script })
  })

  it('offers the commands of every group, and what an argument may be', () => {
    const offered = ask(
      script,
      tree.map((each) => [...pathOf(each), '']),
    )
    const expected = tree.map((each) => {
      const [first] = each.arguments
      const values = first === 'file' ? ['policies', 'request.json', 'with space.yaml'] : first === 'folder' ? ['policies'] : []
      return [...each.commands.map(({ name }) => name), ...(typeof first === 'string' || first === undefined ? values : first)]
    })
    const bare = (names: readonly string[]) => names.map((name) => name.replaceAll('\\', '').replace(/\/$/u, ''))
    expect(offered.map((names) => without(bare(names)))).toEqual(expected.map(without))
  })

  it('offers the options of every command', () => {
    const offered = ask(
      script,
      tree.map((each) => [...pathOf(each), '--']),
    )
    const long = tree.map(({ options }) => options.flatMap(({ flags }) => flags.filter((flag) => flag.startsWith('--'))))
    expect(offered.map(without)).toEqual(long.map(without))
  })

  it('offers the values of every option that has a few', () => {
    const chosen = tree.flatMap((each) =>
      each.options.flatMap(({ flags, value }) =>
        typeof value === 'object' ? flags.map((flag) => ({ line: [...pathOf(each), flag, ''], value })) : [],
      ),
    )
    expect(chosen.length).toBeGreaterThan(8)
    const offered = ask(
      script,
      chosen.map(({ line }) => line),
    )
    expect(offered.map(without)).toEqual(chosen.map(({ value }) => without(value)))
  })

  it.each<readonly [string, readonly string[], readonly string[]]>([
    ['a beginning', ['trust', 'sh'], ['show']],
    [
      'an option after an argument and an option with its value',
      ['trust', 'show', 'a', '--scope', 'crm:full', '--te'],
      ['--tenant'],
    ],
    ['no command where an option waits for its value', ['trust', 'show', 'a', '--scope', ''], []],
    ['no command of a group after an argument', ['simulate', 'x', 't'], []],
    ['a file', ['eval', 'req'], ['request.json']],
    ['a file for an option', ['serve', '-c', 'req'], ['request.json']],
    ['a folder for an option', ['simulate', '--policies', 'po'], ['policies']],
    ['the second argument', ['incidents', 'raise', 'a', 'injection_s'], ['injection_suspected']],
    ['nothing after the last argument', ['incidents', 'raise', 'a', 'injection_weak', 'i'], []],
    ['what "help" may tell of', ['help', 'ser'], ['serve']],
    [
      'a value that follows a mark of equality',
      shell === 'bash' ? ['test', '--format', '=', 'ju'] : ['test', '--format=ju'],
      ['junit'],
    ],
    ['no option after two dashes', ['trust', 'show', '--', '--sc'], []],
    ['nothing for a command that there is not', ['nonsense', ''], []],
  ])('offers %s', (_name, line, expected) => {
    expect(ask(script, [line])[0]?.map((each) => each.replace(/\/$/u, ''))).toEqual(expected)
  })

  it('takes texts of the program as texts', () => {
    const text = `it's "$(touch made)" \`touch made\` \\ : \${HOME} [a] *; touch made`
    const hostile = new Command('gradus').addCommand(
      new Command('one')
        .description(text)
        .addOption(new Option('--two <three>', text).choices(['four']))
        .addArgument(new Argument('<five>', text).choices(['six'])),
    )
    const offered = ask(make(completionTree(hostile)), [['o'], ['one', '--tw'], ['one', '--two', ''], ['one', '']])
    expect(offered).toEqual([['one'], ['--two'], ['four'], ['six']])
    expect(readdirSync(files.path)).not.toContain('made')
  })
})

describe.each(THERE.filter((shell) => shell === 'zsh'))('%s at a terminal', () => {
  it('completes what is typed', () => {
    files.write('_gradus', zshCompletion(tree))
    const typed = `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PROMPT=; autoload -Uz compinit; compinit -D -u; source ./_gradus; gradus() { print -r -- got: $* }; echo rea''dy"
while zpty -r z line; do [[ $line == *ready* ]] && break; done
zpty -w -n z $'gradus tru\\t sh\\ta --sc\\tcrm:full --conf\\treq\\t\\n'
while zpty -r z line; do [[ $line == *got:* ]] && { print -r -- $line; break }; done
zpty -d z`
    const out = execFileSync('zsh', ['-f', '-c', typed.replace('$*', '\\$*')], {
      encoding: 'utf8',
      cwd: files.path,
      timeout: 60_000,
    })
    expect(out.trim()).toMatch(/got: trust show a --scope crm:full --config request\.json$/u)
  }, 90_000)
})
