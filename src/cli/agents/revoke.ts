import { type Command, Option } from 'commander'

import { escapeLine } from '../../format/terminal-text.ts'
import { RevocationAnswer, RevocationClass } from '../../incidents/wire.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { OPERATOR_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { reasonedOptions } from '../support/options.ts'
import { painter, table, printAnswer } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'

/** Options of `gradus agents revoke`. */
export type RevokeOptions = PeopleOptions & { readonly reason: string; readonly class: RevocationClass }

/** Adds `gradus agents revoke`. */
export function addAgentsRevoke(agents: Command, cli: Cli): void {
  const command = reasonedOptions(agents.command('revoke'))
    .description('stops an agent altogether until a person has reviewed it')
    .argument('<agent>', 'id of the agent')
    .addOption(
      new Option('--class <class>', 'why it is stopped').choices(RevocationClass.options).default('credential_compromise'),
    )
  const exits = { ...OPERATOR_EXITS, ok: 'revoked, and what is still under way is told' }
  examples(command, 'gradus agents revoke coding-agent --reason "its key was in a public repository"')
  runs(command, cli, exits, (agent: string, options: RevokeOptions) => agentsRevoke(cli.deps, agent, options))
}

/** Stops an agent altogether until a person has reviewed it, and says what of it is still under way. */
async function agentsRevoke(deps: CliDeps, agent: string, options: RevokeOptions): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const path = `/api/v1/agents/${encodeURIComponent(agent)}/revocation`
  const answer = await sendRequest(
    deps,
    server,
    { method: 'POST', path, body: { reason: options.reason, class: options.class } },
    RevocationAnswer,
  )
  printAnswer(deps, options.json, answer, () => revokedText(deps, answer))
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
