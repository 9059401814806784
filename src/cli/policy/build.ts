import { join, relative, resolve } from 'node:path'

import type { Command } from 'commander'

import { type Cli, examples, runs } from '../support/command.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { configOption } from '../support/options.ts'
import { progress, table, printAnswer } from '../support/output.ts'

/** Options of `gradus build`. */
export type BuildCommandOptions = {
  readonly dir: string | undefined
  readonly out: string | undefined
  readonly config: string | undefined
  readonly json: boolean
}

/** Adds `gradus build`. */
export function addBuild(program: Command, cli: Cli): void {
  const command = program
    .command('build')
    .description('compile policies to bundles, reproducibly')
    .argument('[dir]', 'folder of policies; that of the configuration when absent')
    .option('-o, --out <dir>', 'where to write the bundles')
  configOption(command).option('--json', 'as JSON')
  const exits = { ok: 'built', failed: 'configuration or Rego is wrong', io: 'the bundles cannot be written' }
  examples(command, 'gradus build', 'gradus build policies -o bundles')
  runs(command, cli, exits, (dir: string | undefined, { out, config, json }: { out?: string; config?: string; json?: true }) =>
    buildCommand(cli.deps, { dir, out, config, json: json === true }),
  )
}

/** Compiles policies to bundles: the same sources give the same bytes. */
async function buildCommand(deps: CliDeps, options: BuildCommandOptions): Promise<ExitCode> {
  const { config, root } = await deps.loadConfig(options.config)
  const policies = options.dir === undefined ? join(root, config.policies) : resolve(deps.cwd, options.dir)
  const out = options.out === undefined ? join(root, config.bundles) : resolve(deps.cwd, options.out)
  const bar = progress(deps, options.json)
  const allowBuiltins = config.base.allow_builtins
  const bundles = await deps.buildBundles({ policies, out, onProgress: (name) => bar.show(`compiling ${name}`), allowBuiltins })
  bar.end()
  printAnswer(
    deps,
    options.json,
    { bundles },
    () =>
      `${table(bundles.map(({ file, digest, entrypoints }) => [relative(deps.cwd, file) || file, `sha256:${digest}`, entrypoints.join(', ')]))}\n`,
  )
  return EXIT_CODES.ok
}
