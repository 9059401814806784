import { resolve } from 'node:path'

import { type Command, Option } from 'commander'

import { listenerCaller } from '../../access/caller.ts'
import { ServiceError } from '../../format/error.ts'
import type { Store } from '../../ledger/store.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import { simulate as simulateLog } from '../../simulate/simulate.ts'
import { simulateOpa } from '../../simulate/simulate-opa.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, withStore } from '../support/data-dir.ts'
import type { CandidateSources, CliDeps, LoadedConfig } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { parseSince } from '../support/option-values.ts'
import { configOption } from '../support/options.ts'
import { jsonText, painter, progress } from '../support/output.ts'
import { openDecisionLog } from './decision-log.ts'
import { parseMaxChanged } from './max-changed.ts'
import { BASELINE_KINDS, type BaselineKind, type SimulationReport } from './report.ts'
import { markdownOf, simulationText } from './report-text.ts'
import { countText } from './sections.ts'

/** Options of `gradus simulate`. */
export type SimulateOptions = DataDirOptions & {
  /** Files of the candidate as they were typed. */
  readonly files: CandidateSources
  /** Absent: `current` over the audit log, `recorded` over an OPA decision log. */
  readonly baseline: BaselineKind | undefined
  /** `audit`, or the file of an OPA decision log. */
  readonly from: string
  /** `7d`, or a time. */
  readonly since: string | undefined
  /** `25` or `2.5%`. */
  readonly maxChanged: string | undefined
  readonly json: boolean
  readonly markdown: boolean
}

type Run = Pick<SimulationReport, 'baseline' | 'changes' | 'would' | 'promotions' | 'recorded_under' | 'skipped'>
type Running = {
  readonly candidate: PolicySet
  readonly loaded: LoadedConfig
  readonly sinceMs: number
  readonly show: (done: number, total: number, what: string) => void
}

/** Adds `gradus simulate`, below which `trust` stands. */
export function addSimulate(program: Command, cli: Cli): Command {
  const command = program
    .command('simulate')
    // So that an option after `trust` is one of `simulate trust`.
    .enablePositionalOptions()
    .description('decide recorded history again under a candidate, and tell what would change; 2: more than --max-changed')
  simulateOptions(command)
  const exits = {
    ok: 'decided again, and no more changes than --max-changed allows',
    failed: 'configuration, candidate or decision log is wrong, or --max-changed has nothing to tell by',
    mismatch: 'more changes than --max-changed allows',
    other_semantics: 'no more changes than allowed, but some decisions were made when decisions meant something else',
    not_found: 'no such file, or no store there',
    damaged: LOG_EXITS.damaged,
    io: LOG_EXITS.io,
  }
  examples(
    command,
    'gradus simulate --policies drafts/policies --since 30d --max-changed 1%',
    'gradus simulate --matrix drafts/matrix.yaml --markdown',
  )
  runs(command, cli, exits, ({ policies, rules, matrix, trustConstants, ...options }: Typed) =>
    simulateCommand(cli.deps, { ...options, files: { policies, rules, matrix, trustConstants } }),
  )
  return command
}

function simulateOptions(command: Command): void {
  configOption(
    command
      .option('--policies <dir>', 'candidate: a folder laid out as policies/; what it does not have stays as configured')
      .option('--rules <file>', 'candidate: a risk document in place of the one with its id, or a folder in place of all')
      .option('--matrix <file>', 'candidate: matrices by consequence tier')
      .option('--trust-constants <file>', 'candidate: trust constants, as trust.constants of a configuration')
      .option('--from <source>', '"audit", or the file of an OPA decision log (JSON lines or array, also gzip)', 'audit')
      .addOption(
        new Option('--baseline <what>', 'compare with the policies in force (current), or with what was recorded').choices(
          BASELINE_KINDS,
        ),
      )
      .option('--since <time>', 'decide again from then on: 7d, 12h, or a time (ISO 8601)')
      .option('--max-changed <limit>', 'end with 2 above this many changes, as 25 or 2.5%'),
  )
    .option(
      '-d, --data-dir <dir>',
      'data directory; that of the configuration when absent; with a decision log, where trust comes from',
    )
    .option('--json', 'as JSON', false)
    .option('--markdown', 'as Markdown, for a pull request', false)
}

/** Options as they are typed. */
type Typed = Omit<SimulateOptions, 'files'> & CandidateSources

/**
 * Decides recorded history again under a candidate and tells what would change. 0: done; 2: more changes than `--max-changed` allows; 8: not
 * all could be compared, because some were made under other semantics.
 */
async function simulateCommand(deps: CliDeps, options: SimulateOptions): Promise<ExitCode> {
  checkOptions(options)
  const limit = options.maxChanged === undefined ? undefined : parseMaxChanged(options.maxChanged)
  const sinceMs = options.since === undefined ? -Infinity : parseSince(options.since, deps.nowMs())
  const loaded = await deps.loadConfig(options.config)
  const bar = progress(deps, false)
  const show = (done: number, total: number, what: string): void => {
    if (deps.stderrIsTty) bar.show(barText(done, total, what))
  }
  bar.show('loading the candidate')
  const { policySet: candidate, changed } = await deps.loadCandidate(loaded, absolute(deps.cwd, options.files))
  try {
    const running = { candidate, loaded, sinceMs, show }
    const run = options.from === 'audit' ? await overAudit(deps, options, running) : await overDecisionLog(deps, options, running)
    const exceeded = limit?.exceeds(run.changes) ?? false
    const report: SimulationReport = {
      candidate: { changed, policy_set: candidate.digest },
      from: options.from,
      since: sinceMs === -Infinity ? null : new Date(sinceMs).toISOString(),
      ...run,
      max_changed: limit === undefined ? null : { allowed: limit.text, exceeded },
    }
    bar.end()
    deps.stdout(
      options.json ? `${jsonText(report)}\n` : options.markdown ? markdownOf(report) : simulationText(report, painter(deps)),
    )
    if (exceeded) return EXIT_CODES.mismatch
    return run.changes.unknown.other_semantics === undefined ? EXIT_CODES.ok : EXIT_CODES.other_semantics
  } finally {
    bar.end()
    closeSet(candidate)
  }
}

function closeSet({ base, graduation, mask }: PolicySet): void {
  for (const policy of [base, graduation, mask]) policy?.close()
}

function checkOptions({ files, from, baseline, maxChanged, json, markdown }: SimulateOptions): void {
  if (Object.values(files).every((file) => file === undefined))
    throw new ServiceError('usage', 'there is no candidate to decide under', {
      fix: 'give at least one of --policies, --rules, --matrix and --trust-constants',
    })
  if (json && markdown)
    throw new ServiceError('usage', '--json and --markdown exclude each other', { fix: 'leave one of them out' })
  if (from !== 'audit' && baseline === 'current')
    throw new ServiceError(
      'usage',
      '--baseline current is for the audit log: an OPA decision log is compared with what that OPA answered',
      {
        fix: 'leave --baseline out, or --from',
      },
    )
  if (from !== 'audit' && maxChanged !== undefined && files.policies === undefined)
    throw new ServiceError(
      'usage',
      '--max-changed over an OPA decision log counts answers of the base, and this candidate has none',
      {
        fix: 'give --policies, or leave --max-changed out',
      },
    )
}

function absolute(cwd: string, files: CandidateSources): CandidateSources {
  return Object.fromEntries(
    Object.entries(files).map(([name, file]) => [name, file === undefined ? undefined : resolve(cwd, file)]),
  )
}

async function overAudit(deps: CliDeps, options: SimulateOptions, { candidate, loaded, sinceMs, show }: Running): Promise<Run> {
  const inForce = options.baseline === 'recorded' ? null : (await deps.loadCandidate(loaded, {})).policySet
  const [scratch, baseScratch] = [deps.openScratch(), deps.openScratch()]
  try {
    return await withStore(deps, options, async (store) => {
      const { changes, promotions, recorded_under } = await simulateLog({
        store,
        walk: deps.walkRecords,
        scratch,
        candidate,
        baseline: inForce === null ? null : { policySet: inForce, scratch: baseScratch },
        promotes: isTimed(loaded),
        sinceMs,
        onProgress: (done, total) => show(done, total, 'records'),
      })
      const baseline = { kind: inForce === null ? 'recorded' : 'current', policy_set: inForce?.digest ?? null } as const
      return { baseline, changes, would: null, promotions, recorded_under, skipped: null }
    })
  } finally {
    for (const each of [scratch, baseScratch]) each.close()
    if (inForce !== null) closeSet(inForce)
  }
}

async function overDecisionLog(deps: CliDeps, options: SimulateOptions, running: Running): Promise<Run> {
  const { candidate, loaded, sinceMs, show } = running
  const log = await openDecisionLog(resolve(deps.cwd, options.from), options.from)
  const scratch = deps.openScratch()
  const shown = async function* () {
    for await (const entry of log.entries) {
      yield entry
      show(log.bytesRead(), log.bytes, 'bytes')
    }
  }
  const over = async (store: Store | undefined): Promise<Run> => {
    const { changes, would, promotions } = await simulateOpa({
      entries: shown(),
      store,
      walk: deps.walkRecords,
      scratch,
      candidate,
      promotes: isTimed(loaded),
      caller: listenerCaller(loaded.config.http.anonymous),
      sinceMs,
    })
    const baseline = { kind: 'recorded', policy_set: null } as const
    return { baseline, changes, would, promotions, recorded_under: null, skipped: log.skipped() }
  }
  try {
    // Trust is taken from a store only where one is named: the log is most often another system's.
    const run = options.dataDir === undefined ? await over(undefined) : await withStore(deps, options, over)
    if (run.changes.decisions > 0 || log.skipped() === 0) return run
    throw new ServiceError('bad_request', `none of its ${log.skipped()} entries is a decision`, {
      place: { file: options.from },
      fix: 'give a log whose entries have decision_id, path, input, result and timestamp',
    })
  } finally {
    scratch.close()
  }
}

/** Whether a server under this configuration promotes by itself. */
function isTimed({ config }: LoadedConfig): boolean {
  return config.trust.promotion_interval_seconds > 0
}

const BAR_CHARS = 24

function barText(done: number, total: number, what: string): string {
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const full = Math.round(share * BAR_CHARS)
  const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_CHARS - full)}`
  return `${bar} ${Math.floor(share * 100)} %  ${countText(done)} of ${countText(total)} ${what}`
}
