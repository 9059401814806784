import { ServiceError } from '../format/error.ts'
import { MINUTE_MS } from '../format/time.ts'
import { createObserveFold, type Grouping, GROUPINGS, type ObserveReport } from '../reports/observe/fold.ts'
import { type DataDirOptions, reading } from './data-dir.ts'
import type { CliDeps } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { observeReportText } from './observe/render.ts'
import { jsonText, painter, progress } from './output.ts'
import { sinceOf } from './simulate.ts'

/** Options of `gradus observe report`. */
export type ObserveReportOptions = DataDirOptions & {
  /** `7d`, or a time. */
  readonly since: string
  readonly by: string
  readonly tenant: string | undefined
  readonly json: boolean
}

/** Says what enforcing would have changed of what was only observed. Records are read one after the other. */
export async function observeReport(deps: CliDeps, options: ObserveReportOptions): Promise<ExitCode> {
  const by = groupingOf(options.by)
  const since = new Date(sinceOf(options.since, deps.nowMs())).toISOString()
  const scratch = deps.openScratch()
  const bar = progress(deps, false)
  try {
    const report: ObserveReport = await reading(deps, options, async (store, { loaded }) => {
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
    deps.stdout(options.json ? `${jsonText({ since, ...report })}\n` : observeReportText(report, since, painter(deps)))
    return EXIT_CODES.ok
  } finally {
    bar.end()
    scratch.close()
  }
}

function groupingOf(text: string): Grouping {
  const found = GROUPINGS.find((known) => known === text)
  if (found !== undefined) return found
  throw new ServiceError('usage', `--by ${text} is nothing to group by`, { fix: `one of ${GROUPINGS.join(', ')}` })
}
