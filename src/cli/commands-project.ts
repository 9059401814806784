import { Option, type Command } from 'commander'

import { catalogueDraft, DRAFT_SOURCES } from './catalogue-draft.ts'
import type { CliDeps } from './deps.ts'
import type { Ending } from './exit-codes.ts'
import { fixtureFrom } from './fixture-from.ts'
import { initCommand, TEMPLATES } from './init.ts'

/** Commands of a team's own repository: begin one, draft its catalogue, take fixtures from life. */
export function addProjectCommands(program: Command, deps: CliDeps, ending: Ending): void {
  program
    .command('init')
    .description('write a small project that works: configuration, policies with tests, fixtures, schemas, CI')
    .argument('<dir>', 'folder to write to; it must be empty, or not there yet')
    .addOption(new Option('--template <name>', 'what it begins as').choices(TEMPLATES).default(TEMPLATES[0]))
    .option('--keep-existing', 'write into a folder with other files; none of them is changed', false)
    .option('--json', 'as JSON', false)
    .action(async (dir: string, { template, keepExisting, json }: { template: string; keepExisting: boolean; json: boolean }) => {
      ending.code = await initCommand(deps, { dir, template, keepExisting, json })
    })
  addCatalogue(program, deps, ending)
  addFixture(program, deps, ending)
}

function addCatalogue(program: Command, deps: CliDeps, ending: Ending): void {
  program
    .command('catalogue')
    .description('the action catalogue')
    .command('draft')
    .description('propose entries for what was asked for and is not in the catalogue, in the worst class, marked for review')
    .argument(
      '[file]',
      'with --from mcp: JSON file with the tools of an MCP server, as tools/list answers it; "-" is standard input',
    )
    .addOption(
      new Option('--from <source>', 'recorded decisions, or an MCP server').choices(DRAFT_SOURCES).default(DRAFT_SOURCES[0]),
    )
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option('-d, --data-dir <dir>', 'data directory; that of the configuration when absent')
    .option('--tenant <tenant>', 'decisions of this tenant; of all when absent')
    .option('--since <time>', 'decisions from this time on (ISO 8601)')
    .option('-o, --output <file>', 'file to write; standard output when absent')
    .option('--json', 'as JSON', false)
    .action(
      async (
        file: string | undefined,
        options: {
          from: string
          config?: string
          dataDir?: string
          tenant?: string
          since?: string
          output?: string
          json: boolean
        },
      ) => {
        const { from, config, dataDir, tenant, since, output, json } = options
        ending.code = await catalogueDraft(deps, { file, from, config, dataDir, tenant, since, output, json })
      },
    )
}

function addFixture(program: Command, deps: CliDeps, ending: Ending): void {
  program
    .command('fixture')
    .description('decision fixtures')
    .command('from')
    .description('write the fixture that gives a recorded decision again')
    .argument('<decision-id>', 'the decision_id of an answer')
    .option('--name <name>', 'name of the case')
    .option('-o, --output <file>', 'file to write; standard output when absent')
    .option('--tenant <tenant>', 'tenant of the decision', 'default')
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option('-d, --data-dir <dir>', 'data directory; that of the configuration when absent')
    .option('--json', 'as JSON', false)
    .action(
      async (
        id: string,
        options: { name?: string; output?: string; tenant: string; config?: string; dataDir?: string; json: boolean },
      ) => {
        const { name, output, tenant, config, dataDir, json } = options
        ending.code = await fixtureFrom(deps, { id, name, output, tenant, config, dataDir, json })
      },
    )
}
