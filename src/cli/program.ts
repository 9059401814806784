import { Command, CommanderError } from 'commander'

import { ServiceError } from '../format/error.ts'
import { escapeText } from '../format/terminal-text.ts'
import { addAgentsCommands } from './agents/agents-commands.ts'
import { addApprovalsCommands } from './approvals/approvals-commands.ts'
import { addAuditCommands } from './audit/audit-commands.ts'
import { addCompletion } from './completion/completion.ts'
import { addContainCommands } from './contain/contain-commands.ts'
import { addIncidentsCommands } from './incidents/incidents-commands.ts'
import { addObserveCommands } from './observe/observe-commands.ts'
import { addOverridesCommands } from './overrides/overrides-commands.ts'
import { addPermissionRequestsCommands } from './permission-requests/permission-requests-commands.ts'
import { addPolicyCommands } from './policy/policy-commands.ts'
import { addProjectCommands } from './project/project-commands.ts'
import { addRatersCommands } from './raters/raters-commands.ts'
import { addReservationsCommands } from './reservations/reservations-commands.ts'
import { addReviewsCommands } from './reviews/reviews-commands.ts'
import { addConfig } from './server/config.ts'
import { addServe } from './server/serve.ts'
import { addVersion } from './server/version.ts'
import { addSimulateCommands } from './simulate/simulate-commands.ts'
import { type Cli, examples } from './support/command.ts'
import type { CliDeps } from './support/deps.ts'
import { EXIT_CODES, type ExitCode, exitCodeOf } from './support/exit-codes.ts'
import { errorText, jsonText } from './support/output.ts'
import { addTrustCommands } from './trust/trust-commands.ts'

const HELP = '"gradus help" lists the commands, "gradus help COMMAND" their options'

/** The command line as a tree of commands. `ending` gets the exit code of the command that ran; `quiet`: it says nothing of its own errors. */
export function createProgram(deps: CliDeps, ending: Cli['ending'] = { code: EXIT_CODES.ok }, quiet = false): Command {
  const program = new Command('gradus')
    .description(
      'A policy decision point for AI agents: Rego says what may ever happen, trust and risk say how much of it may happen now.',
    )
    .version(deps.version.gradus, '-V, --version')
    .configureOutput({
      writeOut: deps.stdout,
      // What was typed is quoted here.
      writeErr: (text) => (quiet ? undefined : deps.stderr(escapeText(text))),
      outputError: (text, write) => {
        write(`${errorText({ message: text, place: {}, fix: undefined })}\n`)
      },
      getOutHelpWidth: () => deps.columns,
      getErrHelpWidth: () => deps.columns,
    })
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .showHelpAfterError(`  fix: ${HELP}`)
    // An option belongs to the command it follows: `simulate` and `simulate trust` both have --json.
    .enablePositionalOptions()
    .exitOverride()
  examples(program, 'gradus serve --demo', 'gradus init my-policies', 'gradus help trust')
  addCommands(program, { deps, ending })
  return program
}

/** Every command, in the order of the help. */
function addCommands(program: Command, cli: Cli): void {
  addServe(program, cli)
  addConfig(program, cli)
  addProjectCommands(program, cli)
  addPolicyCommands(program, cli)
  addSimulateCommands(program, cli)
  addObserveCommands(program, cli)
  addTrustCommands(program, cli)
  addApprovalsCommands(program, cli)
  addOverridesCommands(program, cli)
  addAgentsCommands(program, cli)
  addContainCommands(program, cli)
  addIncidentsCommands(program, cli)
  addRatersCommands(program, cli)
  addReservationsCommands(program, cli)
  addReviewsCommands(program, cli)
  addPermissionRequestsCommands(program, cli)
  addAuditCommands(program, cli)
  addCompletion(program, cli)
  addVersion(program, cli)
}

/** Runs one command line, without the program’s own name, and answers the exit code. Never rejects. */
export async function runCli(deps: CliDeps, argv: readonly string[]): Promise<ExitCode> {
  const ending: Cli['ending'] = { code: EXIT_CODES.ok }
  const asJson = argv.includes('--json')
  try {
    await createProgram(deps, ending, asJson).parseAsync([...argv], { from: 'user' })
    return ending.code
  } catch (error) {
    return exitCodeAfter(deps, asJson, error)
  }
}

function exitCodeAfter(deps: CliDeps, asJson: boolean, error: unknown): ExitCode {
  if (error instanceof CommanderError) {
    // The help or the version that was asked for.
    if (error.exitCode === 0 || error.code === 'commander.help') return EXIT_CODES.ok
    if (asJson) printError(deps, asJson, new ServiceError('usage', error.message.replace(/^error: /u, ''), { fix: HELP }))
    return EXIT_CODES.usage
  }
  if (error instanceof ServiceError) {
    printError(deps, asJson, error)
    return exitCodeOf(error.code)
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  deps.stderr(`gradus: this is a bug in gradus, please report it:\n${escapeText(stack)}\n`)
  return EXIT_CODES.bug
}

function printError(deps: CliDeps, asJson: boolean, { code, message, place, fix }: ServiceError): void {
  deps.stderr(
    asJson
      ? `${jsonText({ error: { code, message, place, fix: fix ?? null } })}\n`
      : `gradus: ${errorText({ message, place, fix })}\n`,
  )
}
