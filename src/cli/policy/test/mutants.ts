import type { LoadedCase } from '../../../fixtures/load.ts'
import type { PolicyTrace } from '../../../fixtures/mutants/trace.ts'
import type { CliDeps, LoadedConfig } from '../../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../../support/exit-codes.ts'
import { painter, progress } from '../../support/output.ts'
import { mutantsJson, mutantsText, survivorsOf } from './mutants-report.ts'
import type { TestFormat } from './report.ts'

/** Fixtures that all pass, what they asked of the policies, and when they began (seconds of `elapsed`). */
export type MutantsOrder = {
  readonly loaded: LoadedConfig
  readonly cases: readonly LoadedCase[]
  readonly trace: PolicyTrace
  readonly format: TestFormat
  readonly started: number
}

/** Judges all mutations of the policies and prints what no fixture notices. 0: everything is noticed; 9: something is not. */
export async function judgeMutants(deps: CliDeps, { loaded, cases, trace, format, started }: MutantsOrder): Promise<ExitCode> {
  const threads = deps.processors
  const bar = progress(deps, false)
  const judged = await deps.runMutants(loaded, {
    cases,
    trace,
    threads,
    nowMs: deps.nowMs(),
    onProgress: (done, total) => bar.show(`${done}/${total} mutants`),
  })
  bar.end()
  const report = { judged, fixtures: cases.length, seconds: deps.elapsed() - started, threads, cwd: deps.cwd }
  deps.stdout(format === 'json' ? mutantsJson(report) : mutantsText(report, painter(deps)))
  return survivorsOf(judged).length === 0 ? EXIT_CODES.ok : EXIT_CODES.survived
}
