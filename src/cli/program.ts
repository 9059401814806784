import { Command, CommanderError, Option } from 'commander'

import { ServiceError } from '../format/error.ts'
import { describeExits } from './command-exits.ts'
import { addAuditCommands } from './commands-audit.ts'
import { addObserveCommands } from './commands-observe.ts'
import { addPeopleCommands } from './commands-people.ts'
import { addPolicyCommands } from './commands-policy.ts'
import { addProjectCommands } from './commands-project.ts'
import { addRaterCommands } from './commands-raters.ts'
import { addSimulateCommand } from './commands-simulate.ts'
import { addSteeringCommands } from './commands-steering.ts'
import { addTrustCommands } from './commands-trust.ts'
import type { CliDeps } from './deps.ts'
import { type Ending, EXIT_CODES, type ExitCode, exitCodeOf } from './exit-codes.ts'
import { errorText, escapeText, jsonText } from './output.ts'
import { serveCommand } from './serve.ts'
import { version } from './version.ts'

const HELP = '"gradus help" lists the commands, "gradus help COMMAND" their options'

/** The command line as a tree of commands. `ending` gets the exit code of the command that ran; `quiet`: it says nothing of its own errors. */
export function createProgram(deps: CliDeps, ending: Ending = { code: EXIT_CODES.ok }, quiet = false): Command {
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
  addServe(program, deps, ending)
  addProjectCommands(program, deps, ending)
  addPolicyCommands(program, deps, ending)
  addSimulateCommand(program, deps, ending)
  addObserveCommands(program, deps, ending)
  addTrustCommands(program, deps, ending)
  addPeopleCommands(program, deps, ending)
  addSteeringCommands(program, deps, ending)
  addRaterCommands(program, deps, ending)
  addAuditCommands(program, deps, ending)
  program
    .command('version')
    .description('versions of gradus, node, and the policy compiler')
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }) => {
      ending.code = await version(deps, { json: options.json === true })
    })
  describeExits(program)
  return program
}

function addServe(program: Command, deps: CliDeps, ending: Ending): void {
  program
    .command('serve')
    .description('answer decisions over HTTP; SIGTERM drains, SIGHUP loads the policies again')
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option('-l, --listen <host:port>', 'where to listen; port 0 takes a free one and prints it')
    .option('-d, --data-dir <dir>', 'where state and log are kept')
    .addOption(new Option('--store <engine>', 'memory forgets everything at the end').choices(['sqlite', 'memory']))
    .option('--demo', 'load the example organisation’s history, so that its agents are alive', false)
    .option('--watch', 'load the policies again when their files change', false)
    .option('--json', 'say where it listens as one line of JSON', false)
    .action(
      async (options: {
        config?: string
        listen?: string
        dataDir?: string
        store?: 'sqlite' | 'memory'
        demo: boolean
        watch: boolean
        json: boolean
      }) => {
        const { config, listen, dataDir, store, demo, watch, json } = options
        ending.code = await serveCommand(deps, { configFile: config, listen, dataDir, store, demo, watch }, json)
      },
    )
}

/** Runs one command line, without the program’s own name, and answers the exit code. Never rejects. */
export async function runCli(deps: CliDeps, argv: readonly string[]): Promise<ExitCode> {
  const ending: Ending = { code: EXIT_CODES.ok }
  const asJson = argv.includes('--json')
  try {
    await createProgram(deps, ending, asJson).parseAsync([...argv], { from: 'user' })
    return ending.code
  } catch (error) {
    return ended(deps, asJson, error)
  }
}

function ended(deps: CliDeps, asJson: boolean, error: unknown): ExitCode {
  if (error instanceof CommanderError) {
    // The help or the version that was asked for.
    if (error.exitCode === 0 || error.code === 'commander.help') return EXIT_CODES.ok
    if (asJson) told(deps, asJson, new ServiceError('usage', error.message.replace(/^error: /u, ''), { fix: HELP }))
    return EXIT_CODES.usage
  }
  if (error instanceof ServiceError) {
    told(deps, asJson, error)
    return exitCodeOf(error.code)
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  deps.stderr(`gradus: this is a bug in gradus, please report it:\n${escapeText(stack)}\n`)
  return EXIT_CODES.bug
}

function told(deps: CliDeps, asJson: boolean, { code, message, place, fix }: ServiceError): void {
  deps.stderr(
    asJson
      ? `${jsonText({ error: { code, message, place, fix: fix ?? null } })}\n`
      : `gradus: ${errorText({ message, place, fix })}\n`,
  )
}
