import { z } from 'zod'
import { BundleError } from './error.ts'

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
  /** Built-ins that reach outside and that the configuration allows the base (`rbac`, or Rego that is of no package). */
  readonly allowBuiltins?: readonly string[]
  /** Folders that become bundles, by name: each needs an entrypoint and has to compile by itself. */
  readonly packages?: readonly string[]
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

/** Findings out of what `opa check --format json` reports. Throws `BundleError` when it is no report. */
export function readReport(output: string, dir: string): readonly RegoFinding[] {
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
