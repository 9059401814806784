import { z } from 'zod'
import { BundleError } from './error.ts'
import { findOpa, runOpa } from './opa-tool.ts'

/** One thing wrong with a Rego file. Line and column start at 1; 0 when the finding is about the whole file. */
export type RegoFinding = {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
  readonly fix: string
}

/** How Rego is checked. */
export type CheckOptions = {
  /** Folder (or file) of JSON Schemas that `schemas` annotations and `input` are checked against. */
  readonly schemas?: string
  /** The `opa` binary. */
  readonly opa?: string
}

const reportSchema = z.object({
  errors: z.array(
    z.object({
      code: z.string(),
      message: z.string(),
      location: z.object({ file: z.string(), row: z.number(), col: z.number() }).nullish(),
    }),
  ),
})

const FIXES: Readonly<Record<string, string>> = {
  rego_parse_error: 'Correct the syntax here.',
  rego_type_error: 'Correct the name or type, or the schema that describes it.',
  rego_unsafe_var_error: 'Give the variable a value, or declare it with `some`.',
  rego_recursion_error: 'Break the circle of rules.',
  rego_compile_error: 'Remove what is unused or correct what is named.',
}

function readReport(output: string, dir: string): readonly RegoFinding[] {
  let json: unknown
  try {
    json = JSON.parse(output)
  } catch {
    throw new BundleError('build_failed', dir, `opa check failed: ${output.trim()}`, 'Name a readable folder of Rego files.')
  }
  return reportSchema.parse(json).errors.map(({ code, message, location }) => ({
    file: location?.file ?? dir,
    line: location?.row ?? 0,
    column: location?.col ?? 0,
    message: `${code}: ${message}`,
    fix: FIXES[code] ?? 'Correct the rule.',
  }))
}

/**
 * Checks a folder of Rego as teams do in CI: `opa check --strict` (with schemas) and `opa fmt --fail`. No findings means both
 * pass. Throws `BundleError` when the tool cannot run.
 */
export async function checkRego(dir: string, options: CheckOptions = {}): Promise<readonly RegoFinding[]> {
  const opa = await findOpa(options.opa)
  const schema = options.schemas === undefined ? [] : ['--schema', options.schemas]
  const check = await runOpa(opa, ['check', '--strict', '--format', 'json', ...schema, '--', dir])
  const findings = check.code === 0 ? [] : readReport(check.stderr.trim() || check.stdout, dir)
  const format = await runOpa(opa, ['fmt', '--list', '--fail', '--', dir])
  const unformatted = format.stdout.split('\n').filter((line) => line.endsWith('.rego'))
  return [
    ...findings,
    ...unformatted.map((file) => ({ file, line: 0, column: 0, message: 'not formatted', fix: `Run: opa fmt --write ${file}` })),
  ].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column))
}
