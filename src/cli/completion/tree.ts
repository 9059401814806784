import type { Argument, Command, Option } from 'commander'

/** What a value may be: a file, a folder, one of some words, or a text that nothing is known of. */
export type ValueKind = 'file' | 'folder' | 'text' | readonly string[]

/** An option as it is completed; `value` undefined: it takes none. */
export type CompletedOption = {
  readonly flags: readonly string[]
  readonly description: string
  readonly value: ValueKind | undefined
}

/** A command as it is completed: what may follow it. The path of the program itself is empty. */
export type CompletedCommand = {
  readonly path: string
  readonly commands: readonly { readonly name: string; readonly description: string }[]
  readonly options: readonly CompletedOption[]
  readonly arguments: readonly ValueKind[]
}

/** Every command and group that can be typed, the program first; from the tree that parses. */
export function completionTree(program: Command, path: readonly string[] = []): readonly CompletedCommand[] {
  const help = program.createHelp()
  const commands = help.visibleCommands(program)
  const names = commands.map((command) => command.name()).filter((name) => name !== 'help')
  const isHelp = path.at(-1) === 'help'
  const own = {
    path: path.join(' '),
    commands: commands.map((command) => ({ name: command.name(), description: command.description() })),
    options: help.visibleOptions(program).map(completedOption),
    arguments: program.registeredArguments.map(kindOfArgument),
  }
  const below = commands.flatMap((command) => completionTree(command, [...path, command.name()]))
  // The command `help` takes the name of a command beside it.
  const told = below.map((each) => (each.path === [...path, 'help'].join(' ') ? { ...each, arguments: [names] } : each))
  return isHelp ? [own] : [own, ...told]
}

function completedOption(option: Option): CompletedOption {
  const flags = [option.short, option.long].filter((flag) => flag !== undefined)
  const value = option.required || option.optional ? kindOf(option.flags, option.argChoices) : undefined
  return { flags, description: option.description, value }
}

function kindOfArgument(argument: Argument): ValueKind {
  return kindOf(argument.name(), argument.argChoices)
}

/** Which kind the name of a value says: `<file>`, `<id-or-file>`, `<dir>`. */
function kindOf(name: string, choices: readonly string[] | undefined): ValueKind {
  if (choices !== undefined) return choices
  if (/\bfile\b/u.test(name.replace(/^.*</u, ''))) return 'file'
  return /\bdir\b/u.test(name.replace(/^.*</u, '')) ? 'folder' : 'text'
}
