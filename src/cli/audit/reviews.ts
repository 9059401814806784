import type { Command } from 'commander'

import { logReviewState } from '../../reports/log-reviews.ts'
import type { LogReviewState } from '../../reports/wire.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, withStore } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { dataDirOptions } from '../support/options.ts'
import { jsonText, table } from '../support/output.ts'

/** Options of `gradus audit reviews`. */
export type AuditReviewsOptions = DataDirOptions & { readonly tenant: string | undefined; readonly json: boolean }

/** Adds `gradus audit reviews`. */
export function addAuditReviews(audit: Command, cli: Cli): void {
  const command = dataDirOptions(audit.command('reviews'))
    .description('reviews of the log that somebody owns, and when each is due; 1: one is overdue')
    .option('--tenant <tenant>', 'of this tenant; every tenant when absent')
    .option('--json', 'as JSON', false)
  const exits = { ...LOG_EXITS, ok: 'none is overdue', failed: 'one is overdue; or the configuration is wrong' }
  examples(command, 'gradus audit reviews')
  runs(command, cli, exits, (options: AuditReviewsOptions) => auditReviews(cli.deps, options))
}

/** Lists the reviews of the log that somebody owns: the last time of each, and when it is due. 0: none is overdue; 1: one is. */
async function auditReviews(deps: CliDeps, options: AuditReviewsOptions): Promise<ExitCode> {
  const states = await withStore(deps, options, (store, { loaded }) =>
    Promise.all(
      loaded.config.audit.reviews
        .filter(({ tenant }) => options.tenant === undefined || tenant === options.tenant)
        .map((review) => logReviewState(store, review, deps.nowMs())),
    ),
  )
  if (options.json) deps.stdout(`${jsonText({ reviews: states })}\n`)
  else if (states.length === 0) deps.stderr('no review of the log is configured: list them under "audit.reviews"\n')
  else deps.stdout(`${table([['REVIEW', 'OWNER', 'EVERY', 'LAST', 'BY', 'DUE', 'STATE'], ...states.map(row)])}\n`)
  return states.some(({ overdue }) => overdue) ? EXIT_CODES.failed : EXIT_CODES.ok
}

function row({ id, owner, every_days, last, due, overdue }: LogReviewState): readonly string[] {
  return [id, owner, `${every_days} d`, last?.at ?? 'never', last?.by ?? '-', due, overdue ? 'overdue' : 'in time']
}
