import type { Command } from 'commander'

import { ResumptionAnswer } from '../../approvals/wire.ts'
import { escapeLine } from '../../format/terminal-text.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { PEOPLE_EXITS } from '../support/command-exits.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { reasonedOptions } from '../support/options.ts'
import { painter, printAnswer } from '../support/output.ts'
import { type PeopleOptions, requireServer } from '../support/people-server.ts'
import { sendRequest } from '../support/server-client.ts'

/** Options of the commands by which something goes on. */
export type ResumeOptions = PeopleOptions & { readonly reason: string }

/** Adds `gradus approvals resume`. */
export function addApprovalsResume(approvals: Command, cli: Cli): void {
  addResume(approvals, cli, 'lets one go on that an incident, a containment or a demotion paused')
}

/** Adds the verb by which something paused goes on: an approval and a reservation go by the id of their decision. */
export function addResume(parent: Command, cli: Cli, description: string): void {
  const command = reasonedOptions(parent.command('resume'))
    .description(description)
    .argument('<decision>', 'id of the decision that is paused')
  const exits = { ...PEOPLE_EXITS, ok: 'said; more people may be needed' }
  examples(command, `gradus ${parent.name()} resume 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10 --reason "the incident was reviewed"`)
  runs(command, cli, exits, (decision: string, options: ResumeOptions) => resume(cli.deps, decision, options))
}

async function resume(deps: CliDeps, decision: string, options: ResumeOptions): Promise<ExitCode> {
  const server = await requireServer(deps, options)
  const path = `/api/v1/decisions/${encodeURIComponent(decision)}/resumption`
  const request = { method: 'POST', path, body: { reason: options.reason } } as const
  const answer = await sendRequest(deps, server, request, ResumptionAnswer)
  printAnswer(deps, options.json, answer, () => {
    const { decision_id, of, resumed, people, people_needed } = answer
    const said = `${people.length} of ${people_needed} said so`
    const state = resumed ? painter(deps)('green', `the ${of} goes on`) : painter(deps)('yellow', `the ${of} is still paused`)
    return `${escapeLine(decision_id)}: ${state}, ${said}\n`
  })
  return EXIT_CODES.ok
}
