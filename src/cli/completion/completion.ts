import { Argument, type Command } from 'commander'

import { type Cli, examples, runs } from '../support/command.ts'
import { EXIT_CODES } from '../support/exit-codes.ts'
import { printAnswer } from '../support/output.ts'
import { bashCompletion } from './bash.ts'
import { fishCompletion } from './fish.ts'
import { type CompletedCommand, completionTree } from './tree.ts'
import { zshCompletion } from './zsh.ts'

/** How each shell is told. */
const SCRIPTS = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
} as const satisfies Record<string, (tree: readonly CompletedCommand[]) => string>

type Shell = keyof typeof SCRIPTS

/** Adds `gradus completion`, which knows every command that the program has when it runs. */
export function addCompletion(program: Command, cli: Cli): void {
  const command = program
    .command('completion')
    .description('a script that completes commands, options and their values in a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SCRIPTS)))
    .option('--json', 'as JSON', false)
  examples(command, 'gradus completion bash', 'gradus completion fish')
  runs(command, cli, { ok: 'printed' }, (shell: Shell, { json }: { readonly json: boolean }) => {
    const script = SCRIPTS[shell](completionTree(program))
    printAnswer(cli.deps, json, { shell, script }, () => script)
    return Promise.resolve(EXIT_CODES.ok)
  })
}
