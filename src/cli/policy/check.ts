import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

import type { Command } from 'commander'

import { ServiceError } from '../../format/error.ts'
import type { SourceFinding } from '../../format/source-place.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import type { CliDeps, LoadedConfig } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { findingsText } from '../support/findings.ts'
import { configOption } from '../support/options.ts'
import { jsonText, painter, progress } from '../support/output.ts'
import { configurationFindings } from './check/configuration.ts'
import { checkedParts, findingsOfRefusal } from './check/parts.ts'

/** Options of `gradus check`. */
export type CheckCommandOptions = {
  readonly dir: string | undefined
  readonly config: string | undefined
  readonly json: boolean
}

type Checked = { readonly parts: readonly string[]; readonly findings: readonly SourceFinding[] }

/** Adds `gradus check`. */
export function addCheck(program: Command, cli: Cli): void {
  const command = configOption(program.command('check'))
    .description('validate configuration, Rego, catalogue, rules and fixtures')
    .argument('[dir]', 'folder of policies; that of the configuration when absent')
    .option('--json', 'as JSON')
  const exits = { ok: 'nothing found', failed: 'something found', not_found: 'no such folder', io: LOG_EXITS.io }
  examples(command, 'gradus check', 'gradus check policies --json')
  runs(command, cli, exits, (dir: string | undefined, { config, json }: { config?: string; json?: true }) =>
    checkCommand(cli.deps, { dir, config, json: json === true }),
  )
}

/** Validates everything a team writes: configuration, Rego, roles, matrix, catalogue, rules, fixtures. 0: nothing found; 1: something was. */
async function checkCommand(deps: CliDeps, options: CheckCommandOptions): Promise<ExitCode> {
  const bar = progress(deps, options.json)
  const { parts, findings } = await checked(deps, options, (name) => bar.show(`checking ${name}`))
  bar.end()
  if (options.json) deps.stdout(`${jsonText({ ok: findings.length === 0, checked: parts, findings })}\n`)
  else {
    deps.stderr(findingsText(findings, deps.cwd))
    const paint = painter(deps)
    deps.stdout(
      findings.length === 0
        ? `${paint('green', 'ok')} ${parts.join(', ')}\n`
        : `${paint('red', `${findings.length} found`)} in ${parts.join(', ')}\n`,
    )
  }
  return findings.length === 0 ? EXIT_CODES.ok : EXIT_CODES.failed
}

async function checked(deps: CliDeps, options: CheckCommandOptions, begin: (name: string) => void): Promise<Checked> {
  // A folder with a configuration of its own is a project; any other is a folder of policies.
  const project = options.dir === undefined ? undefined : join(resolve(deps.cwd, options.dir), 'gradus.yaml')
  const isProject = project !== undefined && existsSync(project)
  const { loaded, findings: wrong } = await configuration(deps, options.config ?? (isProject ? project : undefined))
  const named = isProject ? undefined : options.dir
  if (loaded === undefined && named === undefined) return { parts: ['configuration'], findings: wrong }
  const own = loaded === undefined ? undefined : resolve(loaded.root, loaded.config.policies)
  const folder = named === undefined ? (own ?? deps.cwd) : resolve(deps.cwd, named)
  const done = ['configuration']
  const found: SourceFinding[] = [...wrong]
  const parts = await checkedParts(deps, folder, loaded?.config.base.allow_builtins ?? [])
  if (parts.length === 0) found.push(nothingIn(folder))
  // The policy set is loaded below: that fails where the Rego is not what was compiled.
  const cannotCheckRego = folder === own && !(await deps.hasOpa())
  for (const part of parts) {
    if (part.name === 'rego' && cannotCheckRego) {
      done.push(`rego (as compiled; not checked, for opa ${deps.version.opa} is not here)`)
      continue
    }
    begin(part.name)
    found.push(...(await part.findings()))
    done.push(part.name)
  }
  if (found.length === 0 && loaded !== undefined && folder === own) found.push(...(await deps.staleBundles(loaded)))
  // What all parts come to is asked last: how they fit together, and whether the server would take it.
  if (found.length === 0 && loaded !== undefined && folder === own) {
    begin('policy set')
    found.push(...(await findingsOfRefusal(folder, () => deps.loadPolicySet(loaded, { sources: true }))))
    done.push('policy set')
  }
  return { parts: done, findings: found }
}

async function configuration(
  deps: CliDeps,
  config: string | undefined,
): Promise<{ readonly loaded?: LoadedConfig; readonly findings: readonly SourceFinding[] }> {
  try {
    return { loaded: await deps.loadConfig(config), findings: [] }
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return { findings: await configurationFindings(error, config ?? 'gradus.yaml') }
  }
}

function nothingIn(folder: string): SourceFinding {
  const message = 'there is nothing to check: no Rego, no catalogue, no rules, no fixtures'
  return { file: folder, line: 0, column: 0, message, fix: 'name a folder of policies' }
}
