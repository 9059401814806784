import { ServiceError } from '../../format/error.ts'
import { escapeLine, type Paint } from '../../format/terminal-text.ts'
import { ContainmentAnswer, ContainmentsAnswer } from '../../incidents/wire.ts'
import type { ContainmentTarget } from '../../ledger/documents/containment.ts'
import type { CliDeps } from '../support/deps.ts'
import { painter, printAnswer } from '../support/output.ts'
import { sendRequest, type Server } from '../support/server-client.ts'

/** Where the server has the containments. */
export const CONTAINMENTS_PATH = '/api/v1/containments'

/** What to take out of service, as the command line names it; all of it absent: nothing is named. */
export type TargetOptions = {
  readonly agent: string | undefined
  readonly scope: string | undefined
  readonly action: string | undefined
  readonly tenant: boolean
}

/** The target that options name: the tenant, an agent, or a scope or an action, of one agent or of all. Throws `usage` where it is none, or two. */
export function containmentTarget({ agent, scope, action, tenant }: TargetOptions): ContainmentTarget {
  const named = [scope, action].filter((each) => each !== undefined).length
  if (tenant ? agent !== undefined || named > 0 : named > 1 || (named === 0 && agent === undefined))
    throw new ServiceError('usage', 'one thing is taken out of service at a time', {
      fix: 'name --agent, --scope or --action (the last two of one agent with --agent), or --tenant alone',
    })
  const of = agent === undefined ? {} : { agent }
  if (scope !== undefined) return { kind: 'scope', scope, ...of }
  if (action !== undefined) return { kind: 'action', action, ...of }
  return agent === undefined ? { kind: 'tenant' } : { kind: 'agent', agent }
}

/** A target in words. */
export function targetText(target: ContainmentTarget): string {
  const of = 'agent' in target && target.agent !== undefined ? target.agent : 'all agents'
  switch (target.kind) {
    case 'tenant':
      return 'the whole tenant'
    case 'agent':
      return target.agent
    case 'scope':
      return `scope ${target.scope} of ${of}`
    case 'action':
      return `action ${target.action} of ${of}`
  }
}

/** Asks the server what is out of service. */
export async function fetchContainments(deps: CliDeps, server: Server): Promise<ContainmentsAnswer> {
  return sendRequest(deps, server, { method: 'GET', path: CONTAINMENTS_PATH }, ContainmentsAnswer)
}

/** Asks the server to put a containment out of force. */
export async function liftContainment(deps: CliDeps, server: Server, id: string): Promise<ContainmentAnswer> {
  return sendRequest(
    deps,
    server,
    { method: 'DELETE', path: `${CONTAINMENTS_PATH}/${encodeURIComponent(id)}` },
    ContainmentAnswer,
  )
}

/** Prints where a containment stands. */
export function printContainment(deps: CliDeps, answer: ContainmentAnswer, json: boolean): void {
  printAnswer(deps, json, answer, () => containmentText(answer, painter(deps)))
}

function containmentText(answer: ContainmentAnswer, paint: Paint): string {
  const { id, target, known, in_force, leaf_index } = answer
  const state = in_force ? paint('yellow', 'out of service') : paint('green', 'in service again, as far as nothing else holds it')
  return [
    `${escapeLine(targetText(target))}: ${state}${leaf_index === null ? ' (it was already)' : ''}`,
    ...(known ? [] : ['  the catalogue does not know that name; check the spelling']),
    ...(in_force ? [`  to lift it: gradus contain lift ${escapeLine(id)}`] : []),
    '',
  ].join('\n')
}
