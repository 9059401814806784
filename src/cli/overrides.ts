import { OverrideAnswer, OverridesAnswer } from '../approvals/wire.ts'
import { ServiceError } from '../format/error.ts'
import { ScopeKey } from '../model/scope.ts'
import type { CliDeps } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { escapeLine, jsonText, painter, table } from './output.ts'
import { type PeopleOptions, peopleServer } from './people-server.ts'
import { postToServer, sendRequest } from './server-client.ts'

/** Longest time an override may be asked for, minutes. */
const MINUTES_MAX = 60

/** Lists the emergency overrides in force. */
export async function overridesList(deps: CliDeps, options: PeopleOptions): Promise<ExitCode> {
  const server = await peopleServer(deps, options)
  const answer = await sendRequest(deps, server, { method: 'GET', path: '/api/v1/overrides' }, OverridesAnswer)
  deps.stdout(`${options.json ? jsonText(answer) : listText(answer)}\n`)
  return EXIT_CODES.ok
}

function listText({ overrides }: OverridesAnswer): string {
  if (overrides.length === 0) return 'no override is in force'
  return table([
    ['OVERRIDE', 'AGENT', 'SCOPE', 'ACTION', 'PEOPLE', 'HIGH RISK', 'UNTIL', 'REASON'],
    ...overrides.map(({ override, reaches_high_risk }) => [
      override.id,
      override.agent,
      override.scope,
      override.action ?? 'all',
      override.people.join(', '),
      reaches_high_risk ? 'yes' : 'no',
      override.until,
      override.reason,
    ]),
  ])
}

/** Options of `gradus overrides open`. */
export type OpenOptions = PeopleOptions & {
  readonly agent: string
  readonly scope: string
  readonly action: string | undefined
  readonly reason: string
  readonly minutes: string
}

/** Takes over for an agent's scope for a while. */
export async function overridesOpen(deps: CliDeps, options: OpenOptions): Promise<ExitCode> {
  const { agent, action, reason } = options
  const minutes = Number(options.minutes)
  if (!(minutes > 0 && minutes <= MINUTES_MAX))
    throw new ServiceError('usage', `"${options.minutes}" is not a number of minutes an override may last`, {
      fix: `write a number above 0, at most ${MINUTES_MAX}`,
    })
  const scope = ScopeKey.safeParse(options.scope)
  if (!scope.success)
    throw new ServiceError('usage', `"${options.scope}" is not a scope`, {
      fix: 'write it like crm:full; "gradus trust show AGENT" lists them',
    })
  const server = await peopleServer(deps, options)
  const report = { agent, scope: scope.data, reason, minutes, ...(action === undefined ? {} : { action }) }
  told(deps, await postToServer(deps, server, '/api/v1/overrides', report, OverrideAnswer), options.json)
  return EXIT_CODES.ok
}

/** Stands behind an override as one more person. */
export async function overridesConfirm(deps: CliDeps, id: string, options: PeopleOptions): Promise<ExitCode> {
  const server = await peopleServer(deps, options)
  const path = `/api/v1/overrides/${encodeURIComponent(id)}/confirmations`
  told(deps, await sendRequest(deps, server, { method: 'POST', path }, OverrideAnswer), options.json)
  return EXIT_CODES.ok
}

/** Ends an override before its time. */
export async function overridesEnd(deps: CliDeps, id: string, options: PeopleOptions): Promise<ExitCode> {
  const server = await peopleServer(deps, options)
  const path = `/api/v1/overrides/${encodeURIComponent(id)}`
  told(deps, await sendRequest(deps, server, { method: 'DELETE', path }, OverrideAnswer), options.json)
  return EXIT_CODES.ok
}

function told(deps: CliDeps, answer: OverrideAnswer, json: boolean): void {
  if (json) {
    deps.stdout(`${jsonText(answer)}\n`)
    return
  }
  const { override, in_force, reaches_high_risk } = answer
  const paint = painter(deps)
  const what = `${override.agent} in ${override.scope}${override.action === null ? '' : `, only ${override.action}`}`
  const state = in_force ? paint('yellow', `in force until ${escapeLine(override.until)}`) : paint('green', 'ended')
  deps.stdout(
    [
      `override ${escapeLine(override.id)} of ${escapeLine(what)}: ${state}`,
      `  behind it: ${escapeLine(override.people.join(', '))}`,
      ...(in_force && !reaches_high_risk
        ? [`  reaches high risk only once another person confirms it: gradus overrides confirm ${escapeLine(override.id)}`]
        : []),
      '',
    ].join('\n'),
  )
}
