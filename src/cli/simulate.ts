import { resolve } from 'node:path'

import { CallerStanding } from '../access/caller.ts'
import { ServiceError } from '../format/error.ts'
import { durationMs } from '../format/time.ts'
import type { Store } from '../ledger/store.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import { simulateOpa } from '../simulate/simulate-opa.ts'
import { simulate as simulateLog } from '../simulate/simulate.ts'
import { type DataDirOptions, reading } from './data-dir.ts'
import type { CandidateSources, CliDeps, LoadedConfig } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { timeOf } from './given.ts'
import { jsonText, painter, progress } from './output.ts'
import { openDecisionLog } from './simulate/decision-log.ts'
import { parseMaxChanged } from './simulate/max-changed.ts'
import { markdownOf, simulationText } from './simulate/render.ts'
import type { SimulationReport } from './simulate/report.ts'
import { countText } from './simulate/sections.ts'

/** Options of `gradus simulate`. */
export type SimulateOptions = DataDirOptions & {
  /** Files of the candidate as they were typed. */
  readonly files: CandidateSources
  /** `audit`, or the file of an OPA decision log. */
  readonly from: string
  /** `7d`, or a time. */
  readonly since: string | undefined
  /** `25` or `2.5%`. */
  readonly maxChanged: string | undefined
  readonly json: boolean
  readonly markdown: boolean
}

type Run = Pick<SimulationReport, 'changes' | 'would' | 'promotions' | 'recorded_under' | 'skipped'>
type Running = {
  readonly candidate: PolicySet
  readonly loaded: LoadedConfig
  readonly sinceMs: number
  readonly show: (done: number, total: number, what: string) => void
}

/**
 * Decides recorded history again under a candidate and tells what would change. 0: done; 2: more changes than `--max-changed` allows.
 */
export async function simulateCommand(deps: CliDeps, options: SimulateOptions): Promise<ExitCode> {
  checkOptions(options)
  const limit = options.maxChanged === undefined ? undefined : parseMaxChanged(options.maxChanged)
  const sinceMs = options.since === undefined ? -Infinity : sinceOf(options.since, deps.nowMs())
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
    return exceeded ? EXIT_CODES.mismatch : EXIT_CODES.ok
  } finally {
    bar.end()
    for (const policy of [candidate.base, candidate.graduation, candidate.mask]) policy?.close()
  }
}

function checkOptions({ files, from, maxChanged, json, markdown }: SimulateOptions): void {
  if (Object.values(files).every((file) => file === undefined))
    throw new ServiceError('usage', 'there is no candidate to decide under', {
      fix: 'give at least one of --policies, --rules, --matrix and --trust-constants',
    })
  if (json && markdown)
    throw new ServiceError('usage', '--json and --markdown exclude each other', { fix: 'leave one of them out' })
  if (from !== 'audit' && maxChanged !== undefined && files.policies === undefined)
    throw new ServiceError(
      'usage',
      '--max-changed over an OPA decision log counts answers of the base, and this candidate has none',
      {
        fix: 'give --policies, or leave --max-changed out',
      },
    )
}

/** Milliseconds of a duration before now (`7d`), or of a time. */
export function sinceOf(text: string, nowMs: number): number {
  return /^\d{4}-/u.test(text) ? Date.parse(timeOf(text)) : nowMs - durationMs(text)
}

function absolute(cwd: string, files: CandidateSources): CandidateSources {
  return Object.fromEntries(
    Object.entries(files).map(([name, file]) => [name, file === undefined ? undefined : resolve(cwd, file)]),
  )
}

async function overAudit(deps: CliDeps, options: SimulateOptions, { candidate, loaded, sinceMs, show }: Running): Promise<Run> {
  const scratch = deps.openScratch()
  try {
    return await reading(deps, options, async (store) => {
      const { changes, promotions, recorded_under } = await simulateLog({
        store,
        walk: deps.walkRecords,
        scratch,
        candidate,
        promotes: isTimed(loaded),
        sinceMs,
        onProgress: (done, total) => show(done, total, 'records'),
      })
      return { changes, would: null, promotions, recorded_under, skipped: null }
    })
  } finally {
    scratch.close()
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
      caller: { ...CallerStanding.parse(loaded.config.http.anonymous), credential: null },
      sinceMs,
    })
    return { changes, would, promotions, recorded_under: null, skipped: log.skipped() }
  }
  try {
    // Trust is taken from a store only where one is named: the log is most often another system's.
    const run = options.dataDir === undefined ? await over(undefined) : await reading(deps, options, over)
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
