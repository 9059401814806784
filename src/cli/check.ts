import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import { ServiceError } from '../model/error.ts'
import type { CliDeps, Finding, LoadedConfig } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { findingOf, findingsText } from './findings.ts'
import { loadFixtures } from './fixtures/load.ts'
import { jsonText, painter, progress } from './output.ts'

/** Options of `gradus check`. */
export type CheckOptions = { readonly dir: string | undefined; readonly config: string | undefined; readonly json: boolean }

/** One part of what a team writes: its name, and what is wrong with it. */
type Part = { readonly name: string; readonly findings: () => Promise<readonly Finding[]> }

/** Validates everything a team writes: configuration, Rego, catalogue, rules, fixtures. 0: nothing found; 1: something was. */
export async function check(deps: CliDeps, options: CheckOptions): Promise<ExitCode> {
  // A folder with a configuration of its own is a project; any other is a folder of policies.
  const project = options.dir === undefined ? undefined : join(resolve(deps.cwd, options.dir), 'gradus.yaml')
  const isProject = project !== undefined && existsSync(project)
  const config = options.config ?? (isProject ? project : undefined)
  const configuration = await orFinding(config ?? 'gradus.yaml', () => deps.loadConfig(config))
  const bar = progress(deps, options.json)
  const findings: Finding[] = [...configuration.findings]
  const checked: string[] = ['configuration']
  if (configuration.value !== undefined || (options.dir !== undefined && !isProject)) {
    for (const part of await partsOf(deps, folderOf(deps, isProject ? undefined : options.dir, configuration.value))) {
      bar.show(`checking ${part.name}`)
      findings.push(...(await part.findings()))
      checked.push(part.name)
    }
  }
  bar.end()
  if (options.json) deps.stdout(`${jsonText({ ok: findings.length === 0, checked, findings })}\n`)
  else {
    deps.stderr(findingsText(findings, deps.cwd))
    const paint = painter(deps)
    deps.stdout(
      findings.length === 0
        ? `${paint('green', 'ok')} ${checked.join(', ')}\n`
        : `${paint('red', `${findings.length} found`)} in ${checked.join(', ')}\n`,
    )
  }
  return findings.length === 0 ? EXIT_CODES.ok : EXIT_CODES.failed
}

function folderOf(deps: CliDeps, dir: string | undefined, loaded: LoadedConfig | undefined): string {
  if (dir !== undefined) return resolve(deps.cwd, dir)
  return join(loaded?.root ?? deps.cwd, loaded?.config.policies ?? 'policies')
}

async function partsOf(deps: CliDeps, folder: string): Promise<readonly Part[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new ServiceError('not_found', `cannot be read: ${(error as Error).message}`, {
      place: { file: folder },
      fix: 'name a folder of policies',
    })
  })
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const inside = (name: string): string => join(folder, name)
  const part = (name: string, dir: string, findings: () => Promise<readonly Finding[]>): readonly Part[] =>
    names.includes(dir) ? [{ name, findings }] : []
  const schemas = names.includes('schemas') ? { schemas: inside('schemas') } : {}
  const rego = { name: 'rego', findings: () => checkRego(deps, folder, schemas) }
  return [
    ...((await holdsRego(folder)) ? [rego] : []),
    ...part('catalogue', 'catalogue', () => refusals(inside('catalogue'), () => deps.readCatalogue(inside('catalogue')))),
    ...part('risk rules', 'risk', () => refusals(inside('risk'), () => deps.readRisk(inside('risk')))),
    ...part('fixtures', 'fixtures', async () => (await loadFixtures(inside('fixtures'))).findings),
  ]
}

async function checkRego(deps: CliDeps, folder: string, schemas: { readonly schemas?: string }): Promise<readonly Finding[]> {
  const { value, findings } = await orFinding(folder, () => deps.checkRego(folder, schemas))
  return value ?? findings
}

async function refusals(file: string, read: () => Promise<unknown>): Promise<readonly Finding[]> {
  return (await orFinding(file, read)).findings
}

async function holdsRego(folder: string): Promise<boolean> {
  const entries = await readdir(folder, { recursive: true })
  return entries.some((name) => name.endsWith('.rego'))
}

/** What work gives, or its expected failure as a finding. */
async function orFinding<T>(
  file: string,
  work: () => Promise<T>,
): Promise<{ readonly value: T | undefined; readonly findings: readonly Finding[] }> {
  try {
    return { value: await work(), findings: [] }
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return { value: undefined, findings: [findingOf(error, file)] }
  }
}
