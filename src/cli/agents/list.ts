import type { Command } from 'commander'

import { escapeLine } from '../../format/terminal-text.ts'
import { AgentsAnswer } from '../../ladder/wire.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { PEOPLE_LIST_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { peopleOptions } from '../support/options.ts'
import { printAnswer, table } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'

/** Options of `gradus agents list`. */
export type AgentsListOptions = PeopleOptions & { readonly after: string | undefined }

/** Adds `gradus agents list`. */
export function addAgentsList(agents: Command, cli: Cli): void {
  const command = peopleOptions(agents.command('list'))
    .description('the agents of the catalogue and those that asked, with where their trust stands')
    .option('--after <agent>', 'those whose name comes after this one')
  examples(command, 'gradus agents list', 'gradus agents list --server http://127.0.0.1:8181 --token-file anna.token')
  runs(command, cli, { ...PEOPLE_LIST_EXITS, ok: 'listed' }, (options: AgentsListOptions) => agentsList(cli.deps, options))
}

/** Lists the agents that a server knows. */
async function agentsList(deps: CliDeps, options: AgentsListOptions): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const query = options.after === undefined ? '' : `?${new URLSearchParams({ after: options.after }).toString()}`
  const answer = await sendRequest(deps, server, { method: 'GET', path: `/api/v1/agents${query}` }, AgentsAnswer)
  printAnswer(deps, options.json, answer, () => listText(answer))
  return EXIT_CODES.ok
}

function listText({ agents, total, next }: AgentsAnswer): string {
  if (total === 0) return 'there is no agent in the catalogue, and none asked'
  const rows = agents.flatMap(({ agent, known, class: kind, tier, scopes, containments }) => {
    const head = [agent, known ? kind : 'not in the catalogue', tier, containments === 0 ? '' : String(containments)]
    const [first, ...more] = scopes.map(({ scope, level_effective, score }) => [scope, `L${level_effective}`, String(score)])
    return [[...head, ...(first ?? ['nothing yet', '', ''])], ...more.map((line) => ['', '', '', '', ...line])]
  })
  const lines = table([['AGENT', 'CLASS', 'TIER', 'CONTAINED', 'SCOPE', 'LEVEL', 'SCORE'], ...rows])
  return next === null ? lines : `${lines}\n… of ${total}; go on with --after ${escapeLine(next)}`
}
