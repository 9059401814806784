import { ServiceError } from '../format/error.ts'
import { logReviewState } from '../reports/log-reviews.ts'
import { LogReviewAnswer, type LogReviewState } from '../reports/wire.ts'
import { type DataDirOptions, dataPlace, reading } from './data-dir.ts'
import type { CliDeps } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { localPerson } from './local-person.ts'
import { escapeLine, jsonText, painter, table } from './output.ts'
import { findServer, postToServer, type ServerOptions } from './server-client.ts'

/** Options of `gradus audit review`. */
export type AuditReviewOptions = DataDirOptions &
  ServerOptions & {
    readonly id: string
    readonly tenant: string
    readonly person: string | undefined
    readonly notes: string
    readonly json: boolean
  }

/** Records that a person looked through the log: through the running server, or, where none runs, under the lock of the data directory. */
export async function auditReview(deps: CliDeps, options: AuditReviewOptions): Promise<ExitCode> {
  if (options.notes.trim() === '')
    throw new ServiceError('usage', '--notes says nothing', { fix: 'say what was looked at, and what was found' })
  const answer = await reviewed(deps, options)
  if (options.json) deps.stdout(`${jsonText(answer)}\n`)
  else
    deps.stdout(
      `${painter(deps)('green', 'reviewed')} ${escapeLine(answer.id)} (record ${answer.leaf_index}), due again ${answer.due}\n`,
    )
  return EXIT_CODES.ok
}

async function reviewed(deps: CliDeps, options: AuditReviewOptions): Promise<LogReviewAnswer> {
  const { loaded, dir } = await dataPlace(deps, options)
  const report = { review: options.id, notes: options.notes }
  const server = await findServer(deps, options, dir)
  if (server !== undefined) {
    if (options.person !== undefined)
      throw new ServiceError('usage', 'through a server, the token says who reviews', {
        fix: 'leave --as out, or stop the server',
      })
    return postToServer(deps, server, '/api/v1/audit/reviews', report, LogReviewAnswer)
  }
  const person = localPerson(deps, options, 'auditor', 'a review is signed')
  const service = await deps.openService(loaded, dir)
  try {
    return await service.reviewLog(person, report)
  } finally {
    await service.close()
  }
}

/** Options of `gradus audit reviews`. */
export type AuditReviewsOptions = DataDirOptions & { readonly tenant: string | undefined; readonly json: boolean }

/** Lists the reviews of the log that somebody owns: the last time of each, and when it is due. 0: none is overdue; 1: one is. */
export async function auditReviews(deps: CliDeps, options: AuditReviewsOptions): Promise<ExitCode> {
  const states = await reading(deps, options, (store, { loaded }) =>
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
