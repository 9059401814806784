import { CanaryAnswer } from '../approvals/wire.ts'
import { RatersAnswer, RaterView } from '../evidence/raters/wire.ts'
import { ServiceError } from '../format/error.ts'
import { HoldAnswer } from '../incidents/wire.ts'
import { AgentTrustAnswer } from '../ladder/wire.ts'
import type { CliDeps } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { escapeLine, jsonText, painter, table } from './output.ts'
import { type PeopleOptions, peopleServer } from './people-server.ts'
import { postToServer, sendRequest } from './server-client.ts'

const percent = (share: number | null): string => (share === null ? '-' : `${(share * 100).toFixed(0)} %`)

/** Lists everybody who judges. */
export async function ratersList(deps: CliDeps, options: PeopleOptions): Promise<ExitCode> {
  const server = await peopleServer(deps, options)
  const answer = await sendRequest(deps, server, { method: 'GET', path: '/api/v1/raters' }, RatersAnswer)
  deps.stdout(`${options.json ? jsonText(answer) : ratersText(answer)}\n`)
  return EXIT_CODES.ok
}

function ratersText({ raters }: RatersAnswer): string {
  if (raters.length === 0) return 'nobody has judged anything yet'
  return table([
    ['RATER', 'WEIGHT', 'CANARIES', 'CAUGHT', 'VERDICTS', 'YES', 'MEDIAN', 'UNITS', 'NOTE'],
    ...raters.map(({ rater, weight, canaries, verdicts, approve_rate, median_latency_seconds, units_given, ...each }) => [
      rater,
      weight.toFixed(2),
      String(canaries.seen),
      percent(canaries.catch_rate),
      String(verdicts),
      percent(approve_rate),
      median_latency_seconds === null ? '-' : `${median_latency_seconds} s`,
      units_given.toFixed(1),
      each.rubber_stamp ? 'rubber stamp' : '',
    ]),
  ])
}

/** Shows one who judges. */
export async function ratersShow(deps: CliDeps, name: string, options: PeopleOptions): Promise<ExitCode> {
  const server = await peopleServer(deps, options)
  const path = `/api/v1/raters/${encodeURIComponent(name)}`
  const view = await sendRequest(deps, server, { method: 'GET', path }, RaterView)
  deps.stdout(`${options.json ? jsonText(view) : raterText(view)}\n`)
  return EXIT_CODES.ok
}

function raterText(view: RaterView): string {
  const { canaries, verdicts, median_latency_seconds: median } = view
  return table([
    ['rater', view.rater],
    ['weight', `${view.weight.toFixed(4)}, ${view.calibrated ? 'by the canaries' : 'as of any person: not enough canaries yet'}`],
    ['canaries', `${canaries.caught} of ${canaries.seen} judged rightly`],
    ['verdicts', `${verdicts}, ${percent(view.approve_rate)} of them yes, ${view.hasty} too fast to have read it`],
    ['latency', median === null ? 'unknown' : `half of them within ${median} s`],
    ['gave', `${view.units_given.toFixed(1)} units of success`],
    ...(view.rubber_stamp ? [['note', 'says yes to nearly everything, faster than it can be read']] : []),
  ])
}

/** Options of `gradus raters seed`. */
export type SeedOptions = PeopleOptions & { readonly expected: 'approve' | 'reject'; readonly note: string | undefined }

/** Makes a decision that waits for people one of known answer. */
export async function ratersSeed(deps: CliDeps, decision: string, options: SeedOptions): Promise<ExitCode> {
  const server = await peopleServer(deps, options)
  const { expected, note } = options
  const report = { decision_id: decision, expected, ...(note === undefined ? {} : { note }) }
  const answer = await postToServer(deps, server, '/api/v1/canaries', report, CanaryAnswer)
  const what = answer.approval ? 'its approval can never be redeemed' : 'verdicts on it are no evidence'
  deps.stdout(options.json ? `${jsonText(answer)}\n` : `${escapeLine(answer.decision_id)}: a canary now; ${what}\n`)
  return EXIT_CODES.ok
}

/** Lists what waits for a person about an agent. */
export async function trustHolds(deps: CliDeps, agent: string, options: PeopleOptions): Promise<ExitCode> {
  const server = await peopleServer(deps, options)
  const path = `/api/v1/agents/${encodeURIComponent(agent)}/trust`
  const { holds } = await sendRequest(deps, server, { method: 'GET', path }, AgentTrustAnswer)
  deps.stdout(`${options.json ? jsonText({ agent, holds }) : holdsText(holds)}\n`)
  return EXIT_CODES.ok
}

function holdsText(holds: AgentTrustAnswer['holds']): string {
  if (holds.length === 0) return 'nothing waits'
  return table([
    ['HOLD', 'REASON', 'SCOPE', 'SOURCE', 'UNITS', 'CAP', 'SINCE'],
    ...holds.map(({ id, reason, scope, source, units, cap, since }) => [
      id,
      reason,
      scope ?? 'all',
      source,
      units.toFixed(1),
      cap === null ? '-' : String(cap),
      since,
    ]),
  ])
}

/** Options of `gradus trust resolve`. */
export type ResolveOptions = PeopleOptions & {
  readonly agent: string
  readonly hold: string
  readonly accept: boolean
  readonly dismiss: boolean
  readonly note: string | undefined
}

/** Says whether what waited about an agent is true. */
export async function trustResolve(deps: CliDeps, options: ResolveOptions): Promise<ExitCode> {
  const { agent, hold, accept, dismiss, note } = options
  if (accept === dismiss)
    throw new ServiceError('usage', 'say whether it is true', { fix: 'add --accept or --dismiss, and only one of them' })
  const server = await peopleServer(deps, options)
  const path = `/api/v1/agents/${encodeURIComponent(agent)}/holds/${encodeURIComponent(hold)}`
  const report = { resolution: accept ? 'accept' : 'dismiss', ...(note === undefined ? {} : { note }) }
  const answer = await postToServer(deps, server, path, report, HoldAnswer)
  if (options.json) deps.stdout(`${jsonText(answer)}\n`)
  else {
    const { resolution, weighed } = answer
    const said = resolution === 'accept' ? `accepted; ${weighed} reports weigh now, as of their own time` : 'dismissed'
    deps.stdout(`${escapeLine(answer.hold_id)}: ${painter(deps)(resolution === 'accept' ? 'yellow' : 'green', said)}\n`)
  }
  return EXIT_CODES.ok
}
