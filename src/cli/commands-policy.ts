import type { Command } from 'commander'

import { buildCommand } from './build.ts'
import { checkCommand } from './check.ts'
import type { CliDeps } from './deps.ts'
import { evalCommand } from './eval.ts'
import type { Ending } from './exit-codes.ts'
import { explainCommand } from './explain.ts'
import type { TrustOptions } from './given.ts'
import { testCommand } from './test.ts'
import { TEST_FORMATS } from './test/report.ts'

type TrustFlags = {
  trust?: string
  fixture?: string
  level?: string
  score?: string
  at?: string
  config?: string
  dataDir?: string
}

/** Commands of people who write policies: eval, explain, test, check, build. */
export function addPolicyCommands(program: Command, deps: CliDeps, ending: Ending): void {
  addEval(program, deps, ending)
  addExplain(program, deps, ending)
  addTest(program, deps, ending)
  program
    .command('check')
    .description('validate configuration, Rego, catalogue, rules and fixtures')
    .argument('[dir]', 'folder of policies; that of the configuration when absent')
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option('--json', 'as JSON')
    .action(async (dir: string | undefined, options: { config?: string; json?: true }) => {
      ending.code = await checkCommand(deps, { dir, config: options.config, json: options.json === true })
    })
  program
    .command('build')
    .description('compile policies to bundles, reproducibly')
    .argument('[dir]', 'folder of policies; that of the configuration when absent')
    .option('-o, --out <dir>', 'where to write the bundles')
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option('--json', 'as JSON')
    .action(async (dir: string | undefined, options: { out?: string; config?: string; json?: true }) => {
      ending.code = await buildCommand(deps, { dir, out: options.out, config: options.config, json: options.json === true })
    })
}

function withTrust(command: Command): Command {
  return command
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option('--trust <yaml>', "trust as in a fixture's given.trust, such as '{score: 0.85}'")
    .option('--level <level>', 'granted level, 0 to 4 or a name')
    .option('--score <score>', 'score from 0 to 1')
    .option('--fixture <file>', 'take what is given from a fixture: FILE, or FILE#NAME')
    .option('-d, --data-dir <dir>', 'take trust from the store of a data directory')
    .option('--at <time>', 'decide as of this time (ISO 8601)')
    .option('--bundles', 'use the bundles as they are instead of compiling the sources', false)
    .option('--exit-code', 'end with 10 for deny, 11 for suggest, 12 for require_approval', false)
    .option('--json', 'as JSON', false)
}

function trustOptions({ trust, fixture, level, score, at, config, dataDir }: TrustFlags): TrustOptions {
  return { trust, fixture, level, score, at, config, dataDir }
}

function addEval(program: Command, deps: CliDeps, ending: Ending): void {
  withTrust(program.command('eval').description('decide one request; nothing is recorded'))
    .argument('[file]', 'request in JSON or YAML; "-" is standard input', '-')
    .option('--entrypoint <path>', 'ask another base entrypoint')
    .option('--print', 'show what print() in policies says on standard error, as it does by default', true)
    .option('--no-print', 'leave out what print() in policies says')
    .action(
      async (
        file: string,
        options: TrustFlags & { entrypoint?: string; print: boolean; json: boolean; exitCode: boolean; bundles: boolean },
      ) => {
        const { entrypoint, print, json, exitCode, bundles } = options
        ending.code = await evalCommand(deps, { ...trustOptions(options), file, entrypoint, print, json, exitCode, bundles })
      },
    )
}

function addExplain(program: Command, deps: CliDeps, ending: Ending): void {
  withTrust(program.command('explain').description('draw a decision as a ladder, and say what would lift it'))
    .argument('<id-or-file>', 'a recorded decision, or a file with a request')
    .option('--tenant <tenant>', 'tenant of the recorded decision', 'default')
    .action(
      async (target: string, options: TrustFlags & { tenant: string; json: boolean; exitCode: boolean; bundles: boolean }) => {
        const { tenant, json, exitCode, bundles } = options
        ending.code = await explainCommand(deps, { ...trustOptions(options), target, tenant, json, exitCode, bundles })
      },
    )
}

function addTest(program: Command, deps: CliDeps, ending: Ending): void {
  program
    .command('test')
    .description('run decision fixtures: 0 all passed, 1 could not be loaded, 2 a fixture failed')
    .argument('[dir]', 'fixture file or folder; policies/fixtures when absent')
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option('-f, --format <format>', TEST_FORMATS.join(', '), 'pretty')
    .option('--json', 'the same as --format json', false)
    .option('--filter <pattern>', 'only cases whose name has this (regular expression)')
    .option('--coverage', 'risk rules and matrix cells that no fixture reached', false)
    .option('--watch', 'run again when something changes', false)
    .option('--bundles', 'use the bundles as they are instead of compiling the sources', false)
    .action(
      async (
        dir: string | undefined,
        options: {
          config?: string
          format: string
          json: boolean
          filter?: string
          coverage: boolean
          watch: boolean
          bundles: boolean
        },
      ) => {
        const { config, format, json, filter, coverage, watch, bundles } = options
        ending.code = await testCommand(deps, { dir, config, format: json ? 'json' : format, filter, coverage, watch, bundles })
      },
    )
}
