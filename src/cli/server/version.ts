import type { Command } from 'commander'

import { type Cli, examples, runs } from '../support/command.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { table, printAnswer } from '../support/output.ts'

/** Adds `gradus version`. */
export function addVersion(program: Command, cli: Cli): void {
  const command = program
    .command('version')
    .description('versions of gradus, node, and the policy compiler')
    .option('--json', 'as JSON')
  examples(command, 'gradus version --json')
  runs(command, cli, { ok: 'always' }, ({ json }: { json?: true }) => version(cli.deps, { json: json === true }))
}

/** The versions of the product, of the node it runs on, and of the policy compiler it is made for. */
export function version(deps: Pick<CliDeps, 'stdout' | 'version'>, options: { readonly json: boolean }): Promise<ExitCode> {
  const rows = Object.entries(deps.version)
  printAnswer(deps, options.json, deps.version, () => table(rows.map(([name, text]) => [name, text])))
  return Promise.resolve(EXIT_CODES.ok)
}
