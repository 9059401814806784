import { type Command, Option } from 'commander'

import { MINUTE_MS } from '../../format/time.ts'
import { createObserveFold } from '../../reports/observe/observe-fold.ts'
import { type Grouping, GROUPINGS, type ObserveReport } from '../../reports/observe/observe-report.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, withStore } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { parseSince } from '../support/option-values.ts'
import { dataDirOptions } from '../support/options.ts'
import { painter, progress, printAnswer } from '../support/output.ts'
import { observeReportText } from './report-text.ts'

/** Options of `gradus observe report`. */
export type ObserveReportOptions = DataDirOptions & {
  /** `7d`, or a time. */
  readonly since: string
  readonly by: Grouping
  readonly tenant: string | undefined
  readonly json: boolean
}

/** Adds `gradus observe report`. */
export function addObserveReport(observe: Command, cli: Cli): void {
  const command = observe
    .command('report')
    .description('what enforcing would have changed: coverage, outcomes, terms, approvals, sessions, what came of it')
    .option('--since <time>', 'from then on: 7d, 12h, or a time (ISO 8601)', '7d')
    .addOption(new Option('--by <what>', 'what to group by').choices(GROUPINGS).default('agent'))
    .option('--tenant <tenant>', 'of this tenant only')
  dataDirOptions(command).option('--json', 'as JSON', false)
  examples(command, 'gradus observe report --since 7d --by scope')
  runs(command, cli, { ...LOG_EXITS, ok: 'told' }, (options: ObserveReportOptions) => observeReport(cli.deps, options))
}

/** Says what enforcing would have changed of what was only observed. Records are read one after the other. */
export async function observeReport(deps: CliDeps, options: ObserveReportOptions): Promise<ExitCode> {
  const { by } = options
  const since = new Date(parseSince(options.since, deps.nowMs())).toISOString()
  const scratch = deps.openScratch()
  const bar = progress(deps, false)
  try {
    const report: ObserveReport = await withStore(deps, options, async (store, { loaded }) => {
      const fold = createObserveFold({ by, scratch, approvalMs: loaded.config.approvals.expire_minutes * MINUTE_MS })
      const query = {
        kinds: ['decision', 'outcome'] as const,
        since,
        ...(options.tenant === undefined ? {} : { tenant: options.tenant }),
      }
      for await (const { leafIndex, record } of deps.walkRecords(store, query)) {
        fold.add(record)
        bar.show(`read ${leafIndex + 1} of ${store.size()} records`)
      }
      return fold.report()
    })
    bar.end()
    printAnswer(deps, options.json, { since, ...report }, () => observeReportText(report, since, painter(deps)))
    return EXIT_CODES.ok
  } finally {
    bar.end()
    scratch.close()
  }
}
