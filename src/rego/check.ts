import { byCodeUnit } from '../format/order.ts'
import { loadFindings } from './check-builtins.ts'
import { readReport, type CheckOptions, type RegoFinding } from './check-report.ts'
import { findOpa, runOpa } from './opa-tool.ts'

/** Most errors that one run of the compiler tells. */
const ERRORS_MAX = 1_000

/**
 * Checks a folder of Rego as teams do in CI: `opa check --strict` (with schemas) and `opa fmt --fail`; then whether the host could load it: built-ins
 * that are refused or missing, packages without entrypoints. No findings means all pass. Throws `BundleError` when the tool cannot run.
 */
export async function checkRego(dir: string, options: CheckOptions = {}): Promise<readonly RegoFinding[]> {
  const opa = await findOpa(options.opa)
  const schema = options.schemas === undefined ? [] : ['--schema', options.schemas]
  const flags = ['--strict', '--format', 'json', '--max-errors', String(ERRORS_MAX), ...schema]
  const check = await runOpa(opa, ['check', ...flags, '--', dir])
  const findings = check.code === 0 ? await loadFindings(dir, opa, options) : readReport(check.stderr.trim() || check.stdout, dir)
  const format = await runOpa(opa, ['fmt', '--list', '--fail', '--', dir])
  const unformatted = format.stdout.split('\n').filter((line) => line.endsWith('.rego'))
  return [
    ...findings,
    ...unformatted.map((file) => ({ file, line: 0, column: 0, message: 'not formatted', fix: `Run: opa fmt --write ${file}` })),
  ].sort((a, b) => byCodeUnit(a.file, b.file) || a.line - b.line || a.column - b.column)
}
