import type { Command } from 'commander'

import { type CommandExits, COMMON_EXITS } from './command-exits.ts'
import type { CliDeps } from './deps.ts'
import { EXIT_CODES, type ExitCode, type ExitName } from './exit-codes.ts'

/** What a command is added with: everything it needs from outside, and where it leaves the code it ended with. */
export type Cli = { readonly deps: CliDeps; readonly ending: { code: ExitCode } }

const exitsByCommand = new WeakMap<Command, CommandExits>()
const examplesByCommand = new WeakMap<Command, readonly string[]>()

/**
 * Says what a command does, and what its exit codes mean after it; its help and docs/cli.md show them. `run` gets the arguments and then
 * the options, as commander hands them over.
 */
export function runs(command: Command, { ending }: Cli, exits: CommandExits, run: (...args: never[]) => Promise<ExitCode>): void {
  exitsByCommand.set(command, exits)
  command
    .addHelpText('after', () => exitsText(exits))
    .action(async (...args: unknown[]) => {
      ending.code = await run(...(args as never[]))
    })
}

/** One to three command lines that show how a command, a group or the program is used; its help ends with them and the exit codes. */
export function examples(command: Command, ...lines: readonly [string, string?, string?]): void {
  const shown = lines.filter((line) => line !== undefined)
  examplesByCommand.set(command, shown)
  command.addHelpText('after', ['\nExamples:', ...shown.map((line) => `  ${line}`)].join('\n'))
}

/** The examples of a command; undefined where it has none. */
export function examplesOf(command: Command): readonly string[] | undefined {
  return examplesByCommand.get(command)
}

/** What the exit codes of a command mean, without those that every command has; undefined for a group that does nothing itself. */
export function exitsOf(command: Command): CommandExits | undefined {
  return exitsByCommand.get(command)
}

/** Every command that does something (no group of commands, not `help`), with its path such as `trust show`. */
export function leafCommands(
  program: Command,
  path: readonly string[] = [],
): readonly { readonly path: string; readonly command: Command }[] {
  return program.commands.flatMap((command) => {
    const here = [...path, command.name()]
    const own = { path: here.join(' '), command }
    if (command.commands.length === 0) return [own]
    // A group may do something itself: `simulate` does, beside `simulate trust`.
    return [...(exitsByCommand.has(command) ? [own] : []), ...leafCommands(command, here)]
  })
}

function exitsText(exits: CommandExits): string {
  const all: CommandExits = { ...exits, ...COMMON_EXITS }
  const rows = (Object.keys(EXIT_CODES) as ExitName[]).flatMap((name) => {
    const meaning = all[name]
    return meaning === undefined ? [] : [`  ${String(EXIT_CODES[name]).padEnd(4)}${meaning}`]
  })
  return ['\nExit codes:', ...rows].join('\n')
}
