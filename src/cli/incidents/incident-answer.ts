import { escapeLine, type Paint } from '../../format/terminal-text.ts'
import type { IncidentAnswer } from '../../incidents/wire.ts'
import { IncidentView } from '../../incidents/wire.ts'
import type { CliDeps } from '../support/deps.ts'
import { painter, table, printAnswer } from '../support/output.ts'
import { sendRequest, type Server } from '../support/server-client.ts'

/** Where the server has the incidents. */
export const INCIDENTS_PATH = '/api/v1/incidents'

/** Asks the server for one incident. */
export async function fetchIncident(deps: CliDeps, server: Server, id: string): Promise<IncidentView> {
  return sendRequest(deps, server, { method: 'GET', path: `${INCIDENTS_PATH}/${encodeURIComponent(id)}` }, IncidentView)
}

/** Prints what an incident did to the trust of its agent. */
export function printIncident(deps: CliDeps, answer: IncidentAnswer, what: string, json: boolean): void {
  printAnswer(deps, json, answer, () => incidentText(answer, what, painter(deps)))
}

function incidentText(answer: IncidentAnswer, what: string, paint: Paint): string {
  const moved = answer.changes.flatMap((change) => {
    if (change.kind === 'demoted') return [`  ${escapeLine(change.scope)}: L${change.from} to L${change.to}`]
    if (change.kind === 'restored') return [`  ${escapeLine(change.scope)}: given back, L${change.from} to L${change.to}`]
    return []
  })
  const scopes = answer.scopes.map(({ scope, score, level_effective }) => ['  ', scope, score.toFixed(4), `L${level_effective}`])
  return [
    `incident ${escapeLine(answer.incident_id)} of ${escapeLine(answer.agent)}: ${paint('yellow', what)}`,
    ...(answer.known ? [] : ['  the catalogue does not know that agent; check the spelling']),
    ...moved,
    ...(scopes.length === 0 ? [] : [table(scopes)]),
    '',
  ].join('\n')
}
