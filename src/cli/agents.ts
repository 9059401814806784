import { ServiceError } from '../format/error.ts'
import { IncidentsAnswer, RevocationAnswer, type RevocationClass } from '../incidents/wire.ts'
import type { Containment, ContainmentTarget } from '../ledger/documents/containment.ts'
import { containAdd, containmentsOf, lifted, containmentTarget, targetText } from './contain.ts'
import type { CliDeps } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { escapeLine, jsonText, painter, table } from './output.ts'
import { type PeopleOptions, peopleServer } from './people-server.ts'
import { postToServer, sendRequest } from './server-client.ts'

/** Which part of an agent: a scope or an action of it, or all of it. */
export type PartOptions = PeopleOptions & { readonly scope: string | undefined; readonly action: string | undefined }

/** Takes an agent, or a scope or an action of it, out of service at once. */
export async function agentsPause(
  deps: CliDeps,
  agent: string,
  options: PartOptions & { readonly reason: string },
): Promise<ExitCode> {
  return containAdd(deps, containmentTarget({ ...options, agent, tenant: false }), options)
}

/** Lifts what a person contained under exactly this name, and says what still holds the agent. */
export async function agentsResume(deps: CliDeps, agent: string, options: PartOptions): Promise<ExitCode> {
  const target = containmentTarget({ ...options, agent, tenant: false })
  const server = await peopleServer(deps, options)
  const { containments } = await containmentsOf(deps, server)
  const held = containments.filter((each) => each.by === 'person' && isSame(each.target, target))
  if (held.length === 0)
    throw new ServiceError('not_found', `${targetText(target)} is not paused`, {
      fix: 'see "gradus contain list" and "gradus incidents list"; an incident is lifted by its review',
    })
  const answers = []
  for (const { id } of held) answers.push(await lifted(deps, server, id))
  const path = `/api/v1/incidents?state=open&agent=${encodeURIComponent(agent)}`
  const { incidents } = await sendRequest(deps, server, { method: 'GET', path }, IncidentsAnswer)
  const left = (await containmentsOf(deps, server)).containments.filter((each) => concerns(each.target, agent))
  if (options.json) {
    deps.stdout(`${jsonText({ lifted: answers, containments: left, incidents })}\n`)
    return EXIT_CODES.ok
  }
  const still = [
    ...left.map(({ target: of, reason }) => `  still out of service: ${escapeLine(`${targetText(of)} (${reason})`)}`),
    ...incidents.map(({ incident_id, class: of }) => `  incident ${escapeLine(`${of} ${incident_id}`)} waits for its review`),
  ]
  deps.stdout([`${escapeLine(targetText(target))}: ${painter(deps)('green', 'resumed')}`, ...still, ''].join('\n'))
  return EXIT_CODES.ok
}

function isSame(one: ContainmentTarget, other: ContainmentTarget): boolean {
  return JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort())
}

function concerns(target: Containment['target'], agent: string): boolean {
  return !('agent' in target) || target.agent === undefined || target.agent === agent
}

/** Options of `gradus agents revoke`. */
export type RevokeOptions = PeopleOptions & { readonly reason: string; readonly class: RevocationClass }

/** Stops an agent altogether until a person has reviewed it, and says what of it is still under way. */
export async function agentsRevoke(deps: CliDeps, agent: string, options: RevokeOptions): Promise<ExitCode> {
  const server = await peopleServer(deps, options)
  const path = `/api/v1/agents/${encodeURIComponent(agent)}/revocation`
  const answer = await postToServer(deps, server, path, { reason: options.reason, class: options.class }, RevocationAnswer)
  deps.stdout(options.json ? `${jsonText(answer)}\n` : revokedText(deps, answer))
  return EXIT_CODES.ok
}

function revokedText(deps: CliDeps, answer: RevocationAnswer): string {
  const { agent, known, incident_id, revoked, approvals_withdrawn, overrides_ended, outstanding, answers_valid_until } = answer
  const state = painter(deps)('red', revoked ? 'revoked' : 'revoked already')
  const id = escapeLine(incident_id)
  return [
    `${escapeLine(agent)}: ${state}, by incident ${id}`,
    ...(known ? [] : ['  the catalogue does not know that name; check the spelling']),
    `  ${approvals_withdrawn.length} approvals withdrawn, ${overrides_ended.length} overrides ended`,
    `  enforcement points that keep answers drop them with the event, or by ${escapeLine(answers_valid_until)}`,
    `  let run before and not verified yet: ${outstanding.length === 0 ? 'nothing' : ''}`,
    ...(outstanding.length === 0
      ? []
      : table(outstanding.map((each) => ['   ', each.decision_id, each.action, each.scope, each.verify_by])).split('\n')),
    '  its own credential is still configured: take it out, and start the server anew',
    `  back only by a review: gradus incidents review ${id}, or gradus incidents false-positive ${id}`,
    '',
  ].join('\n')
}
