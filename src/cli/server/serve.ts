import { type Command, Option } from 'commander'

import { ServiceError } from '../../format/error.ts'
import { escapeLine, escapeText } from '../../format/terminal-text.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import type { CliDeps, ServeOptions } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { configOption } from '../support/options.ts'
import { errorText, jsonText } from '../support/output.ts'

/** Adds `gradus serve`. */
export function addServe(program: Command, cli: Cli): void {
  const command = configOption(program.command('serve'))
    .description('answer decisions over HTTP; SIGTERM drains, SIGHUP loads the policies again')
    .option('-l, --listen <host:port>', 'where to listen; port 0 takes a free one and prints it')
    .option('-d, --data-dir <dir>', 'where state and log are kept')
    .addOption(new Option('--store <engine>', 'memory forgets everything at the end').choices(['sqlite', 'memory']))
    .option('--demo', 'load the example organisation’s history, so that its agents are alive', false)
    .option('--watch', 'load the policies again when their files change', false)
    .option('--allow-stale', 'let bundles decide that are older than their sources; /health says so', false)
    .option('--accept-new-checkpoint-file', 'begin audit.checkpoint_file where it is missing; refused otherwise', false)
    .option('--json', 'say where it listens as one line of JSON', false)
  const exits = {
    ok: 'asked to end, and everything under way is answered',
    failed: 'configuration or policy is wrong',
    unavailable: 'another process writes to the data directory',
    damaged: 'what is stored is damaged, or older than what was signed',
    io: 'the data directory cannot be written, or the address is taken',
  }
  examples(
    command,
    'gradus serve --demo',
    'gradus serve -c gradus.yaml --listen 127.0.0.1:8181',
    'gradus serve --store memory --watch',
  )
  runs(command, cli, exits, ({ config, json, ...options }: Typed) =>
    serveCommand(cli.deps, { ...options, configFile: config }, json),
  )
}

/** Options as they are typed. */
type Typed = Omit<ServeOptions, 'configFile'> & { readonly config?: string; readonly json: boolean }

/** Serves until the process is asked to end, then drains; says where first, as text or as one line of JSON. SIGHUP loads the policies again; broken ones leave the last good ones in force. */
async function serveCommand(deps: CliDeps, options: ServeOptions, asJson: boolean): Promise<ExitCode> {
  const stopped = deps.stopped()
  const server = await deps.serve(options)
  const { url, dataDir, notes } = server
  deps.stdout(
    asJson
      ? `${jsonText({ version: deps.version.gradus, url, data_dir: dataDir, notes }, 0)}\n`
      : `gradus ${deps.version.gradus} listens on ${url}\n${notes.map((note) => `${escapeLine(note)}\n`).join('')}`,
  )
  deps.onHangup(() => void reload(deps, server.reload))
  await stopped
  deps.stderr('finishing what is under way\n')
  await server.close()
  return EXIT_CODES.ok
}

async function reload(deps: CliDeps, again: () => Promise<string>): Promise<void> {
  try {
    deps.stderr(`policies in force: ${escapeLine(await again())}\n`)
  } catch (error) {
    const text =
      error instanceof ServiceError ? errorText(error) : escapeText(error instanceof Error ? error.message : String(error))
    deps.stderr(`the policies in force stay as they are: ${text}\n`)
  }
}
