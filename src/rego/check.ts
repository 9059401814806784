import { byCodeUnit } from '../format/order.ts'
import { loadFindings } from './check-builtins.ts'
import { readReport, type CheckOptions, type RegoFinding } from './check-report.ts'
import { findOpa, runOpa, type ToolRun } from './opa-tool.ts'

/** Most errors that one run of the compiler tells. */
const ERRORS_MAX = 1_000

/**
 * Checks a folder of Rego as teams do in CI: `opa check --strict` (with schemas) and `opa fmt --fail`; then whether the host could load it: built-ins
 * that are refused or missing, packages without entrypoints. No findings means all pass. Throws `BundleError` when the tool cannot run.
 */
export async function checkRego(dir: string, options: CheckOptions = {}): Promise<readonly RegoFinding[]> {
  const opa = await findOpa(options.opa)
  // JSON has the places, the text for people the explanations: types, the line with its caret.
  const explained = async ({ stdout, stderr }: ToolRun): Promise<readonly RegoFinding[]> => {
    const text = await runOpa(opa, ['check', ...flags, '--', dir])
    return readReport(stderr.trim() || stdout, dir, `${text.stdout}${text.stderr}`)
  }
  const schema = options.schemas === undefined ? [] : ['--schema', options.schemas]
  const flags = ['--strict', '--max-errors', String(ERRORS_MAX), ...schema]
  const check = await runOpa(opa, ['check', ...flags, '--format', 'json', '--', dir])
  const findings = check.code === 0 ? await loadFindings(dir, opa, options) : await explained(check)
  const format = await runOpa(opa, ['fmt', '--list', '--fail', '--', dir])
  const unformatted = format.stdout.split('\n').filter((line) => line.endsWith('.rego'))
  return [
    ...findings,
    ...unformatted.map((file) => ({ file, line: 0, column: 0, message: 'not formatted', fix: `Run: opa fmt --write ${file}` })),
  ].sort((a, b) => byCodeUnit(a.file, b.file) || a.line - b.line || a.column - b.column)
}
