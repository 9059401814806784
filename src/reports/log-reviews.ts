import { actorOf, shownName, authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { sha256Hex } from '../format/canonical-json.ts'
import { ServiceError } from '../format/error.ts'
import { DAY_MS } from '../format/time.ts'
import type { Store } from '../ledger/store.ts'
import { recordOperatorAction } from '../policy/operator-verbs.ts'
import { type AlertDeps, raiseAlert } from './monitoring/raise-alert.ts'
import type { Raised } from './monitoring/rule-fold.ts'
import type { LogReview } from './settings.ts'
import type { LogReviewAnswer, LogReviewReport, LogReviewsAnswer, LogReviewState } from './wire.ts'

/** What log reviews need from outside. */
export type LogReviewDeps = AlertDeps & { readonly newId: () => string; readonly reviews: readonly LogReview[] }

/** The verb under which a review is recorded. A query finds the record by this verb and by the review's id as its outcome. */
const VERB = 'review_log'

/** Every configured review of the caller's tenant: when it was last done, and when it is due. */
export async function logReviews(deps: LogReviewDeps, caller: Caller): Promise<LogReviewsAnswer> {
  authorize(caller, 'read_audit')
  const own = deps.reviews.filter(({ tenant }) => tenant === caller.tenant)
  return { reviews: await Promise.all(own.map((review) => logReviewState(deps.store, review, deps.nowMs()))) }
}

/** Records that a person reviewed the log, with their notes. */
export async function reviewLog(deps: LogReviewDeps, caller: Caller, report: LogReviewReport): Promise<LogReviewAnswer> {
  authorize(caller, VERB)
  if (caller.person === undefined)
    throw new ServiceError('forbidden', `a review is signed by a person; the credential "${shownName(caller)}" names none`, {
      fix: 'add "person" to the credential',
    })
  const review = deps.reviews.find(({ id, tenant }) => id === report.review && tenant === caller.tenant)
  if (review === undefined) {
    const ids = deps.reviews.filter(({ tenant }) => tenant === caller.tenant).map(({ id }) => id)
    throw new ServiceError('not_found', `there is no log review "${report.review}"`, {
      place: { pointer: '/review' },
      fix: ids.length === 0 ? 'list it under "audit.reviews" in the configuration' : `one of ${ids.join(', ')}`,
    })
  }
  const nowMs = deps.nowMs()
  const { leaf_index } = await deps.store.transact([], (transaction) =>
    recordOperatorAction(
      deps,
      {
        caller,
        atMs: nowMs,
        action: VERB,
        outcome: review.id,
        body: { verb: VERB, by: actorOf(caller), detail: { review: review.id, notes: report.notes } },
        effects: [],
      },
      transaction,
    ),
  )
  deps.observe({ kind: 'review_overdue', review: review.id, overdue: false })
  return { ...(await logReviewState(deps.store, review, deps.nowMs())), leaf_index }
}

/** Writes one alert for each overdue review and due date; returns how many are new. */
export async function alertOverdueReviews(deps: LogReviewDeps): Promise<number> {
  let written = 0
  for (const review of deps.reviews) {
    const nowMs = deps.nowMs()
    const state = await logReviewState(deps.store, review, nowMs)
    deps.observe({ kind: 'review_overdue', review: review.id, overdue: state.overdue })
    if (state.overdue && (await raiseAlert(deps, overdueAlert(review, state, nowMs)))) written += 1
  }
  return written
}

/** The state of a review. It is due `every_days` after it was last done, or after the first record if it never was. */
export async function logReviewState(store: Pick<Store, 'query'>, review: LogReview, nowMs: number): Promise<LogReviewState> {
  const { id, owner, every_days, what, tenant } = review
  const [last] = await store.query({ tenant, kinds: ['operator'], action: VERB, outcome: id, newestFirst: true, limit: 1 })
  const [first] = last === undefined ? await store.query({ tenant, limit: 1 }) : []
  const from = last?.record.at ?? first?.record.at
  const dueMs = (from === undefined ? nowMs : Date.parse(from)) + every_days * DAY_MS
  return {
    ...{ id, owner, every_days, what },
    last: last === undefined ? null : { at: last.record.at, by: last.record.actor, record_id: last.record.id },
    due: new Date(dueMs).toISOString(),
    overdue: nowMs > dueMs,
  }
}

/** The id follows from the due date, so that each period gets one alert. */
function overdueAlert({ id, tenant }: LogReview, { due, owner, last, every_days }: LogReviewState, nowMs: number): Raised {
  const since = last === null ? 'was never done' : `was last done at ${last.at}`
  return {
    id: `alert-${sha256Hex(JSON.stringify(['log_review', id, due])).slice(0, 40)}`,
    tenant,
    at_ms: nowMs,
    alert: {
      rule: id,
      kind: 'log_review',
      severity: 'warning',
      group: owner,
      found: Math.floor((nowMs - Date.parse(due)) / DAY_MS) + every_days,
      bound: { above: every_days },
      from: last?.at ?? due,
      until: due,
      message: `the log review "${id}" of ${owner} ${since} and is overdue since ${due}`,
      record_id: last?.record_id ?? null,
    },
  }
}
