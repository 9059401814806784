import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { REFUSED_BUILTINS } from './builtins/index.ts'
import { lackingBuiltins } from './build.ts'
import { readReport, type CheckOptions, type RegoFinding } from './check-report.ts'
import { BundleError } from './error.ts'
import { runOpa } from './opa-tool.ts'
import { readSources, type SourceFile } from './sources.ts'

/**
 * What would keep a folder of Rego that is otherwise right from being loaded: calls of built-ins that the host refuses or does not have, each with its
 * place, and packages in which no rule is an entrypoint. Folders are compiled apart, as bundles are.
 */
export async function loadFindings(dir: string, opa: string, options: CheckOptions): Promise<readonly RegoFinding[]> {
  const findings: RegoFinding[] = []
  for (const unit of await unitsOf(dir)) {
    const sources = await readSources([{ dir: unit, mount: unit === dir ? '' : basename(unit) }])
    const isPackage = options.packages?.includes(basename(unit)) === true
    if (isPackage && !sources.some(isEntrypointIn)) findings.push(withoutEntrypoint(unit))
    findings.push(...(await builtinFindings({ unit, sources, isPackage }, opa, options)))
  }
  return findings
}

type Unit = { readonly unit: string; readonly sources: readonly SourceFile[]; readonly isPackage: boolean }

async function builtinFindings(
  { unit, sources, isPackage }: Unit,
  opa: string,
  options: CheckOptions,
): Promise<readonly RegoFinding[]> {
  try {
    // As when it is loaded: what the configuration allows, it allows the base.
    const isOurs = isPackage && basename(unit) !== 'rbac'
    const allowed = options.allowBuiltins === undefined || isOurs ? {} : { allowBuiltins: options.allowBuiltins }
    const lacking = await lackingBuiltins(sources, opa, allowed)
    return lacking.length === 0 ? [] : await callsOf(unit, lacking, opa)
  } catch (error) {
    // A library that is not compiled by itself may well need the packages beside it.
    if (!(error instanceof BundleError) || error.code !== 'build_failed') throw error
    return isPackage ? [{ file: error.place, line: 0, column: 0, message: error.message, fix: error.fix }] : []
  }
}

/** The folders that are compiled apart: those directly below that hold Rego, and the folder itself where Rego lies in it. */
async function unitsOf(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { withFileTypes: true })
  if (entries.some((entry) => entry.isFile() && isPolicy(entry.name))) return [dir]
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => join(dir, name))
  const holding = await Promise.all(folders.map(async (folder) => (await readdir(folder, { recursive: true })).some(isPolicy)))
  return folders.filter((_, at) => holding[at] === true).sort()
}

function isPolicy(name: string): boolean {
  return name.endsWith('.rego') && !name.endsWith('_test.rego') && !basename(name).startsWith('.')
}

function isEntrypointIn({ name, bytes }: SourceFile): boolean {
  return name.endsWith('.rego') && /^#\s*entrypoint:\s*true\s*$/m.test(bytes.toString('utf8'))
}

function withoutEntrypoint(unit: string): RegoFinding {
  const fix = 'Put a METADATA comment with `# entrypoint: true` above the rule that is asked.'
  return { file: unit, line: 0, column: 0, message: 'no rule is marked as an entrypoint, so no bundle can be built', fix }
}

/** Every call of these built-ins: what the compiler stumbles over when they are taken from it. */
async function callsOf(unit: string, lacking: readonly string[], opa: string): Promise<readonly RegoFinding[]> {
  const folder = await mkdtemp(join(tmpdir(), 'gradus-check-'))
  try {
    const all = JSON.parse((await runOpa(opa, ['capabilities', '--current'])).stdout) as { readonly builtins: readonly Named[] }
    const file = join(folder, 'capabilities.json')
    await writeFile(file, JSON.stringify({ ...all, builtins: all.builtins.filter(({ name }) => !lacking.includes(name)) }))
    const flags = ['--capabilities', file, '--format', 'json', '--max-errors', '1000', '--ignore', '*_test.rego']
    const report = await runOpa(opa, ['check', ...flags, '--', unit])
    const found = readReport(report.stderr.trim() || report.stdout, unit).flatMap((finding) => {
      const name = lacking.find((each) => finding.message.endsWith(`undefined function ${each}`))
      return name === undefined ? [] : [{ ...finding, ...toldOf(name) }]
    })
    const unplaced = lacking.filter((name) => !found.some(({ message }) => message.startsWith(`${name} `)))
    return [...found, ...unplaced.map((name) => ({ file: unit, line: 0, column: 0, ...toldOf(name) }))]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

type Named = { readonly name: string }

function toldOf(name: string): Pick<RegoFinding, 'message' | 'fix'> {
  return REFUSED_BUILTINS.has(name)
    ? {
        message: `${name} is refused: a decision must not depend on what is outside of its input`,
        fix: 'Pass what it would fetch as input or as data of the bundle.',
      }
    : {
        message: `${name} is not there: no policy that calls it can be loaded`,
        fix: `Rewrite the rule without ${name}, or pass what it would give as input.`,
      }
}
