import { relative } from 'node:path'

import type { Difference } from '../../../fixtures/compare.ts'
import type { Covered, FixtureCoverage } from '../../../fixtures/coverage.ts'
import type { CaseRun } from '../../../fixtures/run-case.ts'
import { escapeLine, type Paint } from '../../../format/terminal-text.ts'
import { jsonText } from '../../support/output.ts'

/** The formats of `gradus test`. */
export const TEST_FORMATS = ['pretty', 'json', 'junit', 'tap'] as const
export type TestFormat = (typeof TEST_FORMATS)[number]

/** All cases that ran, and the coverage if it was asked for. */
export type TestReport = {
  readonly runs: readonly CaseRun[]
  readonly coverage: FixtureCoverage | null
  readonly seconds: number
  readonly cwd: string
}

/** The whole report as text, ending in a line break. */
export function formatReport(format: TestFormat, report: TestReport, paint: Paint): string {
  switch (format) {
    case 'pretty':
      return pretty(report, paint)
    case 'json':
      return `${jsonText(json(report))}\n`
    case 'junit':
      return junit(report)
    case 'tap':
      return tap(report)
  }
}

function pretty({ runs, coverage, seconds, cwd }: TestReport, paint: Paint): string {
  const failed = runs.filter(({ passed }) => !passed)
  const files = [...new Set(runs.map((run) => run.case.file))]
  const perFile = files.map((file) => {
    const own = runs.filter((run) => run.case.file === file)
    const bad = own.filter(({ passed }) => !passed).length
    return `${bad === 0 ? paint('green', 'ok  ') : paint('red', 'FAIL')} ${escapeLine(relative(cwd, file))}  ${own.length - bad}/${own.length}`
  })
  const count = `${runs.length - failed.length} passed, ${failed.length} failed, ${seconds.toFixed(2)} s`
  return [
    ...failed.flatMap((run) => failureLines(run, cwd, paint)),
    ...perFile,
    '',
    failed.length === 0 ? paint('green', count) : paint('red', count),
    ...(coverage === null
      ? []
      : ['', ...coverageLines('risk rules', coverage.rules), ...coverageLines('matrix cells', coverage.cells)]),
    '',
  ].join('\n')
}

function failureLines(run: CaseRun, cwd: string, paint: Paint): readonly string[] {
  return [
    `${paint('red', 'FAIL')} ${paint('bold', escapeLine(run.case.fixture.name))}  ${paint('dim', `${escapeLine(relative(cwd, run.case.file))}:${run.case.line}`)}`,
    ...plainFailure(run).map(
      (line) => `  ${line.startsWith('want') ? paint('green', line) : line.startsWith('got') ? paint('red', line) : line}`,
    ),
    '',
  ]
}

/** The failure in lines without colour: per step and member what was wanted and what there was. */
function plainFailure({ failures, error }: CaseRun): readonly string[] {
  return [
    ...failures.flatMap(({ step, differences }) => [
      ...(step === '' ? [] : [`step ${escapeLine(step)}`]),
      ...differences.flatMap(differenceLines),
    ]),
    ...(error === null ? [] : [`could not be run: ${escapeLine(error)}`]),
  ]
}

function differenceLines({ path, want, got, note }: Difference): readonly string[] {
  return [
    `${path === '' ? 'the decision' : path}${note === undefined ? '' : ` (${note})`}`,
    `want  ${valueText(want)}`,
    `got   ${valueText(got)}`,
  ]
}

function valueText(value: unknown): string {
  return value === undefined ? 'nothing' : jsonText(value, 0)
}

function coverageLines(what: string, { total, reached, missed }: Covered): readonly string[] {
  const share = total === 0 ? 100 : (100 * reached) / total
  return [
    `${what}: ${reached} of ${total} (${share.toFixed(1)} %)`,
    ...missed.map((each) => `  not reached: ${escapeLine(each)}`),
  ]
}

function json({ runs, coverage, seconds, cwd }: TestReport): unknown {
  return {
    passed: runs.filter((run) => run.passed).length,
    failed: runs.filter((run) => !run.passed).length,
    seconds,
    cases: runs.map(({ case: { file, line, fixture }, passed, failures, error, seconds: took }) => ({
      name: fixture.name,
      file: relative(cwd, file),
      line,
      passed,
      seconds: took,
      failures: failures.map(({ step, differences }) => ({
        step,
        differences: differences.map((each) => ({ ...each, want: each.want ?? null, got: each.got ?? null })),
      })),
      error,
    })),
    ...(coverage === null ? {} : { coverage }),
  }
}

function tap({ runs, coverage, cwd }: TestReport): string {
  const lines = runs.flatMap((run, at) => {
    const head = `${run.passed ? 'ok' : 'not ok'} ${at + 1} - ${escapeLine(run.case.fixture.name).replaceAll('#', '\\#')}`
    if (run.passed) return [head]
    return [
      head,
      '  ---',
      `  at: ${jsonText(`${relative(cwd, run.case.file)}:${run.case.line}`, 0)}`,
      '  message: |',
      ...plainFailure(run).map((line) => `    ${line}`),
      '  ...',
    ]
  })
  const notes =
    coverage === null
      ? []
      : [...coverageLines('risk rules', coverage.rules), ...coverageLines('matrix cells', coverage.cells)].map(
          (line) => `# ${line}`,
        )
  return ['TAP version 14', `1..${runs.length}`, ...lines, ...notes, ''].join('\n')
}

function junit({ runs, seconds, cwd }: TestReport): string {
  const files = [...new Set(runs.map((run) => run.case.file))]
  const suites = files.flatMap((file) => {
    const own = runs.filter((run) => run.case.file === file)
    const name = xml(relative(cwd, file))
    return [
      `  <testsuite name="${name}" tests="${own.length}" ${counts(own)} time="${total(own)}">`,
      ...own.flatMap((run) => testcase(run, name)),
      '  </testsuite>',
    ]
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="gradus test" tests="${runs.length}" ${counts(runs)} time="${seconds.toFixed(3)}">`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n')
}

function counts(runs: readonly CaseRun[]): string {
  const errors = runs.filter(({ error }) => error !== null).length
  return `failures="${runs.filter(({ passed, error }) => !passed && error === null).length}" errors="${errors}"`
}

function total(runs: readonly CaseRun[]): string {
  return runs.reduce((sum, run) => sum + run.seconds, 0).toFixed(3)
}

function testcase(run: CaseRun, file: string): readonly string[] {
  const head = `    <testcase name="${xml(run.case.fixture.name)}" classname="${file}" file="${file}" line="${run.case.line}" time="${run.seconds.toFixed(3)}"`
  if (run.passed) return [`${head}/>`]
  const kind = run.error === null ? 'failure' : 'error'
  const lines = plainFailure(run)
  return [`${head}>`, `      <${kind} message="${xml(lines[0] ?? '')}">${xml(lines.join('\n'))}</${kind}>`, '    </testcase>']
}

/** XML 1.0 text; what it cannot hold is made visible. */
function xml(text: string): string {
  const escaped = text.split('\n').map(escapeLine).join('\n')
  return escaped.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
