import { basename, join, relative, resolve } from 'node:path'

import { type Command, Option } from 'commander'

import { draftCatalogue } from '../../catalogue/draft.ts'
import type { ToolServer } from '../../catalogue/name-clashes.ts'
import { ServiceError } from '../../format/error.ts'
import { escapeLine } from '../../format/terminal-text.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import type { DataDirOptions } from '../support/data-dir.ts'
import type { CliDeps, LoadedConfig } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { dataDirOptions } from '../support/options.ts'
import { writeNewText } from '../support/out-file.ts'
import { jsonText } from '../support/output.ts'
import { draftJson, draftSummary, draftYaml } from './catalogue-draft/draft-text.ts'
import { listedTools } from './catalogue-draft/mcp-tools.ts'
import { recordedNames } from './catalogue-draft/recorded-names.ts'

/** Where a draft comes from: the decisions of a data directory, or an MCP server's answer to `tools/list`. */
const DRAFT_SOURCES = ['audit', 'mcp'] as const

/** Options of `gradus catalogue draft`. */
export type CatalogueDraftOptions = DataDirOptions & {
  readonly from: string
  /** The tool list of an MCP server. */
  readonly file: string | undefined
  /** The server that the tools are of. */
  readonly namespace: string | undefined
  readonly tenant: string | undefined
  readonly since: string | undefined
  readonly output: string | undefined
  readonly json: boolean
}

/** Adds `gradus catalogue draft`. */
export function addCatalogueDraft(catalogue: Command, cli: Cli): void {
  const command = catalogue
    .command('draft')
    .description('propose entries for what was asked for and is not in the catalogue, in the worst class, marked for review')
    .argument(
      '[file]',
      'with --from mcp: file with the tools of an MCP server, as tools/list answers it, JSON or event stream; "-" is standard input',
    )
    .addOption(
      new Option('--from <source>', 'recorded decisions, or an MCP server').choices(DRAFT_SOURCES).default(DRAFT_SOURCES[0]),
    )
  dataDirOptions(command)
    .option('--namespace <server>', 'with --from mcp: the server that the tools are of; it becomes their namespace')
    .option('--tenant <tenant>', 'decisions of this tenant; of all when absent')
    .option('--since <time>', 'decisions from this time on (ISO 8601), or for so long until now, such as 7d')
    .option('-o, --output <file>', 'file to write; standard output when absent')
    .option('--json', 'as JSON', false)
  const exits = { ...LOG_EXITS, ok: 'drafted', failed: 'the configuration or the list of tools is wrong' }
  examples(
    command,
    'gradus catalogue draft --since 7d -o draft.yaml',
    'gradus catalogue draft --from mcp tools.json --namespace mail',
  )
  runs(command, cli, exits, (file: string | undefined, options: Omit<CatalogueDraftOptions, 'file'>) =>
    catalogueDraft(cli.deps, { ...options, file }),
  )
}

/** Proposes catalogue entries for what is not in the catalogue, in the worst class, marked for review. */
async function catalogueDraft(deps: CliDeps, options: CatalogueDraftOptions): Promise<ExitCode> {
  const source = DRAFT_SOURCES.find((known) => known === options.from)
  if (source === undefined || (source === 'mcp') !== (options.file !== undefined))
    throw new ServiceError('usage', 'a draft comes from the audit log, or from a file with the tools of an MCP server', {
      fix: 'write "gradus catalogue draft", or "gradus catalogue draft --from mcp FILE"',
    })
  const loaded = await deps.loadConfig(options.config)
  const folder = join(resolve(loaded.root, loaded.config.policies), 'catalogue')
  const catalogue = await deps.readCatalogue(folder)
  const seen = source === 'mcp' ? await listedTools(deps, options.file ?? '') : await recordedNames(deps, options)
  const draft = draftCatalogue(seen.tools, seen.agents, catalogue, source === 'mcp' ? serverOf(options) : undefined)
  if (options.json) deps.stdout(`${jsonText(draftJson(draft, seen))}\n`)
  else {
    deps.stderr(draftSummary(draft, seen))
    if (draft.tools.length + draft.agents.length > 0)
      await give(deps, options, draftYaml(draft, seen, place(deps, loaded, folder)))
  }
  return EXIT_CODES.ok
}

/** The server that somebody named, or the name of its file: good enough to tell two tools of one name apart. */
function serverOf({ namespace, file = '' }: CatalogueDraftOptions): ToolServer {
  if (namespace !== undefined) return { name: namespace, certain: true }
  const [name = ''] = basename(file).split('.')
  return { name: name.replaceAll(/[^A-Za-z0-9_-]/gu, '') || 'server', certain: false }
}

async function give(deps: CliDeps, { output }: CatalogueDraftOptions, text: string): Promise<void> {
  if (output === undefined) {
    deps.stdout(text)
    return
  }
  await writeNewText(deps, output, text)
  deps.stdout(`${escapeLine(output)}\n`)
}

function place({ cwd }: CliDeps, { file }: LoadedConfig, folder: string): string {
  return file === null ? folder : relative(cwd, folder) || '.'
}
