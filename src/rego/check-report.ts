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
      code: z.string().optional(),
      message: z.string(),
      location: z.object({ file: z.string(), row: z.number(), col: z.number() }).nullish(),
    }),
  ),
})
type Reported = z.infer<typeof reportSchema>['errors'][number]

/** Most characters of what the compiler shows below an error: types of large data are long. */
const DETAIL_CHARS_MAX = 4_000

const FIXES: Readonly<Record<string, string>> = {
  rego_parse_error: 'Correct the syntax here.',
  rego_type_error: 'Correct the name or type, or the schema that describes it.',
  rego_unsafe_var_error: 'Give the variable a value, or declare it with `some`.',
  rego_recursion_error: 'Break the circle of rules.',
  rego_compile_error: 'Remove what is unused or correct what is named.',
}

/**
 * Findings out of what `opa check --format json` reports. `text`: what the same check prints for people; what it shows below an error, such as
 * `have:` and `want:` or the line with its caret, becomes further lines of the message. Throws `BundleError` when it is no report.
 */
export function readReport(output: string, dir: string, text = ''): readonly RegoFinding[] {
  let json: unknown
  try {
    json = JSON.parse(output)
  } catch {
    throw new BundleError('build_failed', dir, `opa check failed: ${output.trim()}`, 'Name a readable folder of Rego files.')
  }
  const { errors } = reportSchema.parse(json)
  const details = detailsOf(errors, text)
  return errors.map((error, at) => ({
    file: error.location?.file ?? dir,
    line: error.location?.row ?? 0,
    column: error.location?.col ?? 0,
    message: [headOf(error), ...(details[at] ?? [])].join('\n'),
    fix: FIXES[error.code ?? ''] ?? 'Correct the rule.',
  }))
}

function headOf({ code, message }: Reported): string {
  return code === undefined ? message : `${code}: ${message}`
}

/** The lines below each error in the text for people, which tells the same errors in the same order. */
function detailsOf(errors: readonly Reported[], text: string): readonly (readonly string[])[] {
  let from = 0
  const heads = errors.map((error) => {
    const head = `${error.location?.file ?? ''}:${error.location?.row ?? ''}: ${headOf(error)}`
    const start = text.indexOf(head, from)
    if (start < 0) return undefined
    from = start + head.length
    return { start, end: from }
  })
  return heads.map((head, at) => {
    if (head === undefined) return []
    const next = heads.slice(at + 1).find((other) => other !== undefined)?.start ?? text.length
    return linesOf(text.slice(head.end, next))
  })
}

/** The indented lines of a detail, without the tab that the compiler puts before each. */
function linesOf(detail: string): readonly string[] {
  const shown = detail.length <= DETAIL_CHARS_MAX ? detail : `${detail.slice(0, DETAIL_CHARS_MAX)} …`
  return shown
    .split('\n')
    .filter((line) => line.startsWith('\t'))
    .map((line) => line.slice(1).replaceAll('\t', '  ').trimEnd())
}
