import type { CliDeps } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { jsonText, table } from './output.ts'

/** The versions of the product, of the node it runs on, and of the policy compiler it is made for. */
export function version(deps: Pick<CliDeps, 'stdout' | 'version'>, options: { readonly json: boolean }): Promise<ExitCode> {
  const rows = Object.entries(deps.version)
  deps.stdout(`${options.json ? jsonText(deps.version) : table(rows.map(([name, text]) => [name, text]))}\n`)
  return Promise.resolve(EXIT_CODES.ok)
}
