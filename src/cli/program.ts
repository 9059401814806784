import { Command, CommanderError, Option } from 'commander'

import { ServiceError } from '../model/error.ts'
import { addAuditCommands } from './commands-audit.ts'
import { addPolicyCommands } from './commands-policy.ts'
import { addTrustCommands } from './commands-trust.ts'
import type { CliDeps } from './deps.ts'
import { EXIT_CODES, exitCodeOf, type Ending, type ExitCode } from './exit-codes.ts'
import { errorText, escapeText, jsonText } from './output.ts'
import { serve } from './serve.ts'
import { version } from './version.ts'

/** The command line as a tree of commands. `ending` gets the exit code of the command that ran. */
export function createProgram(deps: CliDeps, ending: Ending = { code: EXIT_CODES.ok }): Command {
  const program = new Command('gradus')
    .description(
      'A policy decision point for AI agents: Rego says what may ever happen, trust and risk say how much of it may happen now.',
    )
    .version(deps.version.gradus, '-V, --version')
    .configureOutput({
      writeOut: deps.stdout,
      writeErr: deps.stderr,
      getOutHelpWidth: () => deps.columns,
      getErrHelpWidth: () => deps.columns,
    })
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .showHelpAfterError('  fix: "gradus help" lists the commands, "gradus help COMMAND" their options')
    .exitOverride()
  addServe(program, deps, ending)
  addPolicyCommands(program, deps, ending)
  addTrustCommands(program, deps, ending)
  addAuditCommands(program, deps, ending)
  program
    .command('version')
    .description('versions of gradus, node, and the policy compiler')
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }) => {
      ending.code = await version(deps, { json: options.json === true })
    })
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
    .action(
      async (options: {
        config?: string
        listen?: string
        dataDir?: string
        store?: 'sqlite' | 'memory'
        demo: boolean
        watch: boolean
      }) => {
        const { config, listen, dataDir, store, demo, watch } = options
        ending.code = await serve(deps, { configFile: config, listen, dataDir, store, demo, watch })
      },
    )
}

/** Runs one command line, without the program’s own name, and answers the exit code. Never rejects. */
export async function runCli(deps: CliDeps, argv: readonly string[]): Promise<ExitCode> {
  const ending: Ending = { code: EXIT_CODES.ok }
  try {
    await createProgram(deps, ending).parseAsync([...argv], { from: 'user' })
    return ending.code
  } catch (error) {
    return ended(deps, argv, error)
  }
}

function ended(deps: CliDeps, argv: readonly string[], error: unknown): ExitCode {
  // Commander has said what was wrong, or has shown the help that was asked for.
  if (error instanceof CommanderError)
    return error.exitCode === 0 || error.code === 'commander.help' ? EXIT_CODES.ok : EXIT_CODES.usage
  if (error instanceof ServiceError) {
    const { code, message, place, fix } = error
    deps.stderr(
      argv.includes('--json')
        ? `${jsonText({ error: { code, message, place, fix: fix ?? null } })}\n`
        : `gradus: ${errorText(error)}\n`,
    )
    return exitCodeOf(code)
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  deps.stderr(`gradus: this is a bug in gradus, please report it:\n${escapeText(stack)}\n`)
  return EXIT_CODES.bug
}
