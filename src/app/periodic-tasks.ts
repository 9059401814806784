import { errorLine } from '../format/error.ts'
import type { Service } from '../service/service.ts'

/** How often the log is told which approvals ran out of time. */
const EXPIRE_INTERVAL_SECONDS = 5
/** How often decisions that nobody verified in time are charged, of agents for which nothing else is written. */
const COVERAGE_INTERVAL_SECONDS = 600
/** How often values are removed that were kept as long as configured. */
const RETAIN_INTERVAL_SECONDS = 3_600
/** How often it is looked whether a review of the log is overdue. */
const REVIEW_INTERVAL_SECONDS = 60

type Task = {
  readonly name: string
  readonly seconds: number
  readonly perform: () => Promise<unknown>
  /** Also at the start, not after its first interval only. */
  readonly atOnce?: true
}

/** What a server does by itself again and again; a failure is a warning, and the next time comes. */
export type PeriodicTasks = {
  readonly service: Pick<
    Service,
    'promoteDue' | 'expireApprovals' | 'chargeMissed' | 'alertOverdueReviews' | 'alertOverdueSpotChecks'
  >
  /** 0: promotions are left to people. */
  readonly promotionIntervalSeconds: number
  /** Removes sealed values that were kept as long as configured. */
  readonly retain: () => Promise<unknown>
  /** Sends checkpoints to witnesses and places. */
  readonly sendCheckpoints: { readonly seconds: number; readonly perform: () => Promise<unknown> }
  readonly warn: (line: string) => void
}

/** Starts all of it, and looks at the reviews of the log and at what expired at once. Gives back what stops it. */
export function startPeriodicTasks({
  service,
  promotionIntervalSeconds,
  retain,
  sendCheckpoints,
  warn,
}: PeriodicTasks): () => void {
  const tasks: readonly Task[] = [
    { name: 'promotions', seconds: promotionIntervalSeconds, perform: service.promoteDue },
    { name: 'approvals', seconds: EXPIRE_INTERVAL_SECONDS, perform: service.expireApprovals },
    { name: 'coverage', seconds: COVERAGE_INTERVAL_SECONDS, perform: service.chargeMissed },
    { name: 'reviews of decisions', seconds: REVIEW_INTERVAL_SECONDS, perform: service.alertOverdueSpotChecks },
    { name: 'log reviews', seconds: REVIEW_INTERVAL_SECONDS, perform: service.alertOverdueReviews, atOnce: true },
    { name: 'retention', seconds: RETAIN_INTERVAL_SECONDS, perform: retain, atOnce: true },
    { name: 'checkpoints', ...sendCheckpoints, atOnce: true },
  ]
  const stops = tasks.map((task) => repeat(task, warn))
  return () => {
    for (const stop of stops) stop()
  }
}

/** Never two runs of one task at a time; 0 seconds: never at all. */
function repeat({ name, seconds, perform, atOnce }: Task, warn: (line: string) => void): () => void {
  if (seconds === 0) return () => undefined
  let running = false
  const run = (): void => {
    if (running) return
    running = true
    perform()
      .catch((error: unknown) => warn(`${name}: ${errorLine(error)}`))
      .finally(() => (running = false))
  }
  if (atOnce === true) run()
  const timer = setInterval(run, seconds * 1_000)
  timer.unref()
  return () => clearInterval(timer)
}
