import { join, relative, resolve } from 'node:path'

import type { CliDeps } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { jsonText, progress, table } from './output.ts'

/** Options of `gradus build`. */
export type BuildCommandOptions = {
  readonly dir: string | undefined
  readonly out: string | undefined
  readonly config: string | undefined
  readonly json: boolean
}

/** Compiles policies to bundles: the same sources give the same bytes. */
export async function buildCommand(deps: CliDeps, options: BuildCommandOptions): Promise<ExitCode> {
  const { config, root } = await deps.loadConfig(options.config)
  const policies = options.dir === undefined ? join(root, config.policies) : resolve(deps.cwd, options.dir)
  const out = options.out === undefined ? join(root, config.bundles) : resolve(deps.cwd, options.out)
  const bar = progress(deps, options.json)
  const allowBuiltins = config.base.allow_builtins
  const bundles = await deps.buildBundles({ policies, out, onProgress: (name) => bar.show(`compiling ${name}`), allowBuiltins })
  bar.end()
  deps.stdout(
    options.json
      ? `${jsonText({ bundles })}\n`
      : `${table(bundles.map(({ file, digest, entrypoints }) => [relative(deps.cwd, file) || file, `sha256:${digest}`, entrypoints.join(', ')]))}\n`,
  )
  return EXIT_CODES.ok
}
