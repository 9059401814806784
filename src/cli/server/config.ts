import { relative } from 'node:path'

import type { Command } from 'commander'

import { type EffectiveSetting, effectiveSettings } from '../../config/effective.ts'
import { readConfigSource } from '../../config/load-config.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { configOption } from '../support/options.ts'
import { table, printAnswer } from '../support/output.ts'

/** Options of `gradus config`. */
type ConfigOptions = { readonly config?: string; readonly json: boolean }

/** Adds `gradus config`. */
export function addConfig(program: Command, cli: Cli): void {
  const command = configOption(program.command('config'))
    .description('the configuration in force: every value, where it came from, and the room of the sources that declares it')
    .option('--json', 'as JSON', false)
  examples(command, 'gradus config', 'gradus config -c gradus.yaml --json')
  runs(command, cli, { ok: 'printed', failed: 'the configuration is wrong' }, (options: ConfigOptions) =>
    configCommand(cli.deps, options),
  )
}

/** Prints every value of the configuration in force, with the line it came from. Secrets are shown as `(set)`. */
async function configCommand(deps: CliDeps, { config: named, json }: ConfigOptions): Promise<ExitCode> {
  const { config, file } = await deps.loadConfig(named)
  const source = file === null ? { value: {}, placeOf: () => ({ line: 0, column: 0 }) } : await readConfigSource(file)
  const settings = effectiveSettings(config, source)
  printAnswer(deps, json, { file, settings: settings.map(settingJson) }, () => settingsTable(deps, file, settings))
  return EXIT_CODES.ok
}

function settingJson({ path, value, line, owner }: EffectiveSetting) {
  return { key: path.join('.'), value, from: line === null ? 'default' : 'file', line, room: owner }
}

function settingsTable({ cwd }: Pick<CliDeps, 'cwd'>, file: string | null, settings: readonly EffectiveSetting[]): string {
  const place = file === null ? '' : shorter(relative(cwd, file), file)
  return table([
    ['KEY', 'VALUE', 'FROM', 'ROOM'],
    ...settings.map(({ path, value, line, owner }) => [
      path.join('.'),
      typeof value === 'string' ? value : JSON.stringify(value),
      line === null ? 'default' : `${place}:${line}`,
      owner ?? '-',
    ]),
  ])
}

/** A path below the working directory without it; any other as it is. */
function shorter(inside: string, file: string): string {
  return inside.startsWith('..') ? file : inside
}
