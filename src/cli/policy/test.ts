import { resolve } from 'node:path'

import { type Command, Option } from 'commander'

import { fixtureCoverage } from '../../fixtures/coverage.ts'
import { type LoadedCase, loadFixtures } from '../../fixtures/load.ts'
import { recording } from '../../fixtures/mutants/trace.ts'
import { type CaseRun, runCase } from '../../fixtures/run-case.ts'
import { ServiceError } from '../../format/error.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import type { CliDeps, LoadedConfig } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { findingsText } from '../support/findings.ts'
import { configOption } from '../support/options.ts'
import { errorText, painter, progress } from '../support/output.ts'
import { judgeMutants } from './test/mutants.ts'
import { formatReport, TEST_FORMATS, type TestFormat } from './test/report.ts'

/** Options of `gradus test`. */
export type TestOptions = {
  readonly dir: string | undefined
  readonly config: string | undefined
  readonly format: TestFormat
  readonly filter: string | undefined
  readonly coverage: boolean
  readonly watch: boolean
  readonly bundles: boolean
  readonly mutants: boolean
}

/** Adds `gradus test`. */
export function addTest(program: Command, cli: Cli): void {
  const command = configOption(program.command('test'))
    .description('run decision fixtures: 0 all passed, 1 could not be loaded, 2 a fixture failed')
    .argument('[dir]', 'fixture file or folder; policies/fixtures when absent')
    .addOption(new Option('-f, --format <format>', 'how it is reported').choices(TEST_FORMATS).default('pretty'))
    .option('--json', 'the same as --format json', false)
    .option('--filter <pattern>', 'only cases whose name has this (regular expression)')
    .option('--coverage', 'risk rules and matrix cells that no fixture reached', false)
    .option('--mutants', 'change each value of the policies in turn, and list what no fixture notices', false)
    .option('--watch', 'run again when something changes', false)
    .option('--bundles', 'use the bundles as they are instead of compiling the sources', false)
  const exits = {
    ok: 'every fixture passed',
    failed: 'fixtures, configuration or policy could not be loaded',
    mismatch: 'a fixture failed',
    not_found: 'no fixture there, or none of that name',
    io: LOG_EXITS.io,
    survived: '--mutants: a change that no fixture notices',
  }
  examples(command, 'gradus test', 'gradus test policies/fixtures --filter refund --coverage', 'gradus test --format junit')
  runs(command, cli, exits, (dir: string | undefined, { json, format, ...options }: Typed) =>
    testCommand(cli.deps, { ...options, dir, format: json ? 'json' : format }),
  )
}

/** Options as they are typed. */
type Typed = Omit<TestOptions, 'dir'> & { readonly json: boolean }

/** Runs decision fixtures. 0: all passed; 1: something could not be loaded; 2: a fixture failed (as `opa test`). */
async function testCommand(deps: CliDeps, options: TestOptions): Promise<ExitCode> {
  if (options.mutants) assertPlain(options, options.format)
  const filter = filterOf(options.filter)
  const once = async (loaded: LoadedConfig): Promise<ExitCode> =>
    runOnce(deps, { ...options, filter, dir: fixturesOf(deps, options, loaded), loaded })
  return options.watch ? watching(deps, options, once) : once(await deps.loadConfig(options.config))
}

/** Mutants are made of the sources, once, and told in a form of their own. */
function assertPlain({ bundles, coverage, watch }: TestOptions, format: TestFormat): void {
  const other = bundles ? '--bundles' : coverage ? '--coverage' : watch ? '--watch' : undefined
  const wrong = other ?? (format === 'pretty' || format === 'json' ? undefined : `--format ${format}`)
  if (wrong === undefined) return
  throw new ServiceError('usage', `--mutants does not go with ${wrong}`, { fix: `leave one of them out` })
}

function fixturesOf(deps: CliDeps, { dir }: TestOptions, loaded: LoadedConfig): string {
  return dir === undefined ? resolve(loaded.root, loaded.config.policies, 'fixtures') : resolve(deps.cwd, dir)
}

/** Everything that what a fixture comes to depends on. */
function watchedOf(deps: CliDeps, options: TestOptions, loaded: LoadedConfig): readonly string[] {
  const { config, root, file } = loaded
  const { bundle } = config.base
  return [
    fixturesOf(deps, options, loaded),
    resolve(root, config.policies),
    ...(file === null ? [] : [file]),
    ...(bundle === undefined ? [] : [resolve(root, bundle)]),
    ...(options.bundles ? [resolve(root, config.bundles)] : []),
  ]
}

type Prepared = Omit<TestOptions, 'format' | 'filter' | 'dir'> & {
  readonly format: TestFormat
  readonly filter: RegExp | undefined
  readonly dir: string
  readonly loaded: LoadedConfig
}

async function runOnce(deps: CliDeps, prepared: Prepared): Promise<ExitCode> {
  const { format, filter, dir, loaded, coverage, bundles, mutants } = prepared
  const { cases, findings } = await loadFixtures(dir)
  if (findings.length > 0) {
    deps.stderr(findingsText(findings, deps.cwd))
    return EXIT_CODES.failed
  }
  const chosen = cases.filter(({ fixture }) => filter?.test(fixture.name) ?? true)
  if (chosen.length === 0)
    throw new ServiceError('not_found', cases.length === 0 ? 'there is no fixture' : 'no fixture has such a name', {
      place: { file: dir },
      fix: 'name another folder or filter',
    })
  const loadedSet = await deps.loadPolicySet(loaded, { sources: !bundles })
  const recorder = mutants ? recording(loadedSet) : undefined
  const policySet = recorder?.policySet ?? loadedSet
  const started = deps.elapsed()
  const runs = await runAll(deps, chosen, policySet, () => recorder?.nextCase())
  const passed = runs.every((run) => run.passed)
  if (recorder !== undefined && passed)
    return judgeMutants(deps, { loaded, cases: chosen, trace: await recorder.trace(), format, started })
  const reached = runs.flatMap((run) => run.reached)
  deps.stdout(
    formatReport(
      format,
      { runs, coverage: coverage ? fixtureCoverage(policySet, reached) : null, seconds: deps.elapsed() - started, cwd: deps.cwd },
      painter(deps),
    ),
  )
  return passed ? EXIT_CODES.ok : EXIT_CODES.mismatch
}

async function runAll(
  deps: CliDeps,
  cases: readonly LoadedCase[],
  policySet: PolicySet,
  onCase: () => void,
): Promise<readonly CaseRun[]> {
  const bar = progress(deps, false)
  const runs: CaseRun[] = []
  for (const each of cases) {
    bar.show(`${runs.length + 1}/${cases.length} ${each.fixture.name}`)
    onCase()
    runs.push(await runCase(each, { ...deps, policySet }))
  }
  bar.end()
  return runs
}

/** Runs again whenever something changes, the configuration too, until the process is asked to end. Errors are shown and waited over. */
async function watching(
  deps: CliDeps,
  options: TestOptions,
  once: (loaded: LoadedConfig) => Promise<ExitCode>,
): Promise<ExitCode> {
  let code: ExitCode = EXIT_CODES.ok
  let paths = watchedOf(deps, options, await deps.loadConfig(options.config))
  let running = Promise.resolve()
  let waiting = false
  let fail: (bug: unknown) => void = () => undefined
  const failed = new Promise<never>((_resolve, reject) => (fail = reject))
  const run = async (): Promise<void> => {
    waiting = false
    code = await showingErrors(deps, async () => {
      const loaded = await deps.loadConfig(options.config)
      watchAlso(watchedOf(deps, options, loaded))
      return once(loaded)
    })
    deps.stderr('waiting for changes\n')
  }
  const schedule = (): void => {
    if (waiting) return
    waiting = true
    running = running.then(run).catch(fail)
  }
  let end = deps.watch(paths, schedule)
  const watchAlso = (now: readonly string[]): void => {
    if (now.join('\n') === paths.join('\n')) return
    paths = now
    end()
    end = deps.watch(paths, schedule)
  }
  schedule()
  await Promise.race([deps.stopped(), failed]).finally(() => end())
  await running
  return code
}

/** Runs something; an expected failure is shown, and is the code for one. */
async function showingErrors(deps: Pick<CliDeps, 'stderr'>, run: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    deps.stderr(`${errorText(error)}\n`)
    return EXIT_CODES.failed
  }
}

function filterOf(pattern: string | undefined): RegExp | undefined {
  if (pattern === undefined) return undefined
  try {
    return new RegExp(pattern, 'iu')
  } catch (error) {
    throw new ServiceError('usage', `--filter: ${(error as Error).message}`, {
      fix: 'give a regular expression, or a plain word',
    })
  }
}
