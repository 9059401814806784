import { ServiceError } from '../format/error.ts'
import { IncidentAnswer, IncidentsAnswer, IncidentStage, IncidentView } from '../incidents/wire.ts'
import { ScopeKey } from '../model/scope.ts'
import { IncidentClass } from '../trust/constants.ts'
import type { CliDeps } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { escapeLine, jsonText, painter, table } from './output.ts'
import { type PeopleOptions, peopleServer } from './people-server.ts'
import { postToServer, sendRequest, type Server } from './server-client.ts'

const PATH = '/api/v1/incidents'

/** Options of `gradus incidents list`. */
export type IncidentListOptions = PeopleOptions & { readonly agent: string | undefined; readonly state: string | undefined }

/** Lists incidents that still bound an agent, what waits for a person first. */
export async function incidentsList(deps: CliDeps, options: IncidentListOptions): Promise<ExitCode> {
  const query = new URLSearchParams()
  if (options.agent !== undefined) query.set('agent', options.agent)
  if (options.state !== undefined) query.set('state', oneOf(IncidentStage.options, options.state, 'a state'))
  const server = await peopleServer(deps, options)
  const path = query.size === 0 ? PATH : `${PATH}?${query.toString()}`
  const answer = await sendRequest(deps, server, { method: 'GET', path }, IncidentsAnswer)
  deps.stdout(`${options.json ? jsonText(answer) : listText(answer)}\n`)
  return EXIT_CODES.ok
}

function oneOf<T extends string>(known: readonly T[], text: string, what: string): T {
  const found = known.find((each) => each === text)
  if (found !== undefined) return found
  throw new ServiceError('usage', `"${text}" is not ${what}`, { fix: `it is one of ${known.join(', ')}` })
}

function listText({ incidents, total }: IncidentsAnswer): string {
  if (total === 0) return 'no incident bounds an agent'
  const rows = table([
    ['INCIDENT', 'STATE', 'AGENT', 'CLASS', 'REACH', 'CAP', 'SINCE', 'NEEDS'],
    ...incidents.map((each) => [
      each.incident_id,
      each.state,
      each.agent,
      each.class,
      each.scope ?? 'agent',
      each.cap.toFixed(4),
      each.since,
      each.needs === 'review' ? 'a review' : 'verified successes',
    ]),
  ])
  return total === incidents.length ? rows : `${rows}\n… ${total - incidents.length} more; name one agent with --agent`
}

async function theIncident(deps: CliDeps, server: Server, id: string): Promise<IncidentView> {
  return sendRequest(deps, server, { method: 'GET', path: `${PATH}/${encodeURIComponent(id)}` }, IncidentView)
}

/** Shows one incident: what it caps where, and what lifts it. */
export async function incidentsShow(deps: CliDeps, id: string, options: PeopleOptions): Promise<ExitCode> {
  const view = await theIncident(deps, await peopleServer(deps, options), id)
  deps.stdout(options.json ? `${jsonText(view)}\n` : `${viewText(view)}\n`)
  return EXIT_CODES.ok
}

function viewText(view: IncidentView): string {
  const id = escapeLine(view.incident_id)
  const head = table([
    ['incident', view.incident_id],
    ['agent', view.agent],
    ['class', view.class],
    ['reach', view.scope ?? 'the whole agent'],
    ['since', view.since],
    ['cap', `${view.cap.toFixed(4)}, raised at ${view.cap_raised.toFixed(4)}`],
    ['review', view.review],
  ])
  const scopes = view.scopes.map(({ scope, cap, proven }) => [
    '  ',
    scope,
    `cap ${cap.toFixed(4)}`,
    `${proven.toFixed(1)} units proven since`,
  ])
  const lifts =
    view.needs === 'evidence'
      ? [`lifted by verified successes later than ${escapeLine(view.counts_from ?? view.since)}, and by nothing else`]
      : [
          'waits for a person; nothing that the agent does counts before:',
          `  gradus incidents review ${id} --reason …          it happened: from then on successes count`,
          ...(view.merged ? [] : [`  gradus incidents false-positive ${id} --reason …  it did not: gives back what it took`]),
        ]
  return [head, ...(scopes.length === 0 ? [] : [table(scopes)]), ...lifts].join('\n')
}

/** Options of `gradus incidents raise`. */
export type RaiseOptions = PeopleOptions & {
  readonly class: string
  readonly reason: string
  readonly scope: string | undefined
  readonly cap: string | undefined
}

/** Raises an incident: trust is capped at once. */
export async function incidentsRaise(deps: CliDeps, agent: string, options: RaiseOptions): Promise<ExitCode> {
  const of = oneOf(IncidentClass.options, options.class, 'a class of incident')
  const scope = options.scope === undefined ? undefined : ScopeKey.safeParse(options.scope)
  if (scope?.success === false)
    throw new ServiceError('usage', `"${String(options.scope)}" is not a scope`, { fix: 'write it like crm:full' })
  const cap = options.cap === undefined ? undefined : Number(options.cap)
  if (cap !== undefined && !(cap >= 0 && cap <= 1 && options.cap !== ''))
    throw new ServiceError('usage', `"${String(options.cap)}" is not a score`, { fix: 'write a number from 0 to 1' })
  const report = {
    agent,
    class: of,
    detail: { reason: options.reason },
    ...(scope === undefined ? {} : { scope: scope.data }),
    ...(cap === undefined ? {} : { cap }),
  }
  const answer = await postToServer(deps, await peopleServer(deps, options), PATH, report, IncidentAnswer)
  told(deps, answer, 'raised', options.json)
  return EXIT_CODES.ok
}

/** Reviews an incident: it happened, or it was a false positive, which gives back what it took. */
export async function incidentsReview(
  deps: CliDeps,
  id: string,
  options: PeopleOptions & { readonly reason: string; readonly falsePositive: boolean },
): Promise<ExitCode> {
  const server = await peopleServer(deps, options)
  const { agent } = await theIncident(deps, server, id)
  const report = { agent, false_positive: options.falsePositive, note: options.reason }
  const answer = await postToServer(deps, server, `${PATH}/${encodeURIComponent(id)}/reviews`, report, IncidentAnswer)
  told(deps, answer, options.falsePositive ? 'a false positive' : 'reviewed', options.json)
  return EXIT_CODES.ok
}

function told(deps: CliDeps, answer: IncidentAnswer, what: string, json: boolean): void {
  if (json) {
    deps.stdout(`${jsonText(answer)}\n`)
    return
  }
  const paint = painter(deps)
  const moved = answer.changes.flatMap((change) => {
    if (change.kind === 'demoted') return [`  ${escapeLine(change.scope)}: L${change.from} to L${change.to}`]
    if (change.kind === 'restored') return [`  ${escapeLine(change.scope)}: given back, L${change.from} to L${change.to}`]
    return []
  })
  const scopes = answer.scopes.map(({ scope, score, level_effective }) => ['  ', scope, score.toFixed(4), `L${level_effective}`])
  deps.stdout(
    [
      `incident ${escapeLine(answer.incident_id)} of ${escapeLine(answer.agent)}: ${paint('yellow', what)}`,
      ...(answer.known ? [] : ['  the catalogue does not know that agent; check the spelling']),
      ...moved,
      ...(scopes.length === 0 ? [] : [table(scopes)]),
      '',
    ].join('\n'),
  )
}
