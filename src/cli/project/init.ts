import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'

import { type Command, Option } from 'commander'

import { LISTENER_CREDENTIAL } from '../../access/actor-name.ts'
import { ServiceError } from '../../format/error.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { printAnswer } from '../support/output.ts'
import { byCodeUnit } from '../../format/order.ts'
import { escapeLine } from '../../format/terminal-text.ts'

/** What a new project can begin as; the first is the default. */
export const TEMPLATES = ['default', 'coding-agents', 'customer-support'] as const
/** What every project gets, whatever its template. */
const SHARED = 'shared'
/** Schemas that the files of a project name for the editor. */
const EDITOR_SCHEMAS = ['config', 'catalogue', 'agent-file', 'risk-document', 'fixture', 'request'] as const
/** What the base policy is asked, for `opa check`. */
const INPUT_SCHEMAS = ['base_input'] as const
/** What may stand in a folder that counts as empty: what `git init` and `npm install` leave there. */
const NOT_OURS = ['.git', '.npmrc', 'node_modules', 'package.json', 'package-lock.json']
/** Names that a package cannot carry as they are: npm drops `.gitignore`. */
const RENAMED: readonly (readonly [RegExp, string])[] = [
  [/^gitignore$/u, '.gitignore'],
  [/^github(?=\/)/u, '.github'],
]

/** The configuration of every template, and whom it takes callers without a token for. */
const CONFIGURATION = 'gradus.yaml'
const CALLERS = `callers without a token: ${CONFIGURATION} vouches for every process that reaches its loopback port (http.anonymous.vouched), so that a gateway works at once; each counts as the credential "${LISTENER_CREDENTIAL}". Take it away where you do not know them all`

/** Options of `gradus init`. */
export type InitOptions = {
  readonly dir: string
  readonly template: string
  /** True: write into a folder that holds other files, leaving every file as it is that is there already. */
  readonly keepExisting: boolean
  readonly json: boolean
}

/** One file of a new project. */
type ProjectFile = { readonly path: string; readonly bytes: Uint8Array }

/** Adds `gradus init`. */
export function addInit(program: Command, cli: Cli): void {
  const command = program
    .command('init')
    .description('write a small project that works: configuration, policies with tests, fixtures, schemas, CI')
    .argument('<dir>', 'folder to write to; it must be empty, or not there yet')
    .addOption(new Option('--template <name>', 'what it begins as').choices(TEMPLATES).default(TEMPLATES[0]))
    .option('--keep-existing', 'write into a folder with other files; none of them is changed', false)
    .option('--json', 'as JSON', false)
  const exits = { ok: 'written', failed: 'the folder is not empty, or is none', io: 'the folder cannot be written' }
  examples(command, 'gradus init my-policies', 'gradus init my-policies --template coding-agents')
  runs(command, cli, exits, (dir: string, options: Omit<InitOptions, 'dir'>) => initCommand(cli.deps, { ...options, dir }))
}

/** Writes a small project that works: configuration, policies with their tests, fixtures, schemas, CI. Never overwrites a file. */
async function initCommand(deps: CliDeps, options: InitOptions): Promise<ExitCode> {
  const template = TEMPLATES.find((name) => name === options.template)
  if (template === undefined)
    throw new ServiceError('usage', `"${options.template}" is not a template`, { fix: `--template ${TEMPLATES.join(', ')}` })
  const folder = resolve(deps.cwd, options.dir)
  const there = await entriesOf(folder)
  const inTheWay = there.filter((name) => !NOT_OURS.includes(name))
  if (inTheWay.length > 0 && !options.keepExisting)
    throw new ServiceError('conflict', `the folder is not empty: ${inTheWay.slice(0, 5).join(', ')}`, {
      place: { file: folder },
      fix: 'name an empty folder, or add --keep-existing: what is there then stays as it is, and only what is missing is written',
    })
  const packed = there.includes('package.json') ? undefined : await deps.packClone(folder)
  const files = await projectFiles(deps, template, packed)
  const written: string[] = []
  const kept: string[] = []
  for (const { path, bytes } of files) ((await writeNew(join(folder, path), bytes)) ? written : kept).push(path)
  // Only a clone is locked here: what a registry has is locked by the installation that comes next.
  if (packed !== undefined && !(await deps.lockProject(folder)))
    deps.stderr('there is no lock file yet: "npm install" writes it; commit it, for CI installs by it\n')
  printAnswer(deps, options.json, { dir: folder, template, written, kept }, () =>
    nextSteps(deps, { folder, template, written, kept }),
  )
  return EXIT_CODES.ok
}

type Done = {
  readonly folder: string
  readonly template: string
  readonly written: readonly string[]
  readonly kept: readonly string[]
}

function nextSteps(deps: CliDeps, { folder, template, written, kept }: Done): string {
  const place = relative(deps.cwd, folder)
  return [
    `${escapeLine(place === '' ? '.' : place)}: ${written.length} files of the template "${template}"`,
    ...(written.includes(CONFIGURATION) ? [CALLERS] : []),
    ...(kept.length === 0 ? [] : [`left as they were: ${kept.map(escapeLine).join(', ')}`]),
    '',
    'next:',
    ...(place === '' ? [] : [`  cd ${escapeLine(place)}`]),
    '  npm install',
    '  npx gradus check',
    '  npx gradus test',
    '  npx gradus serve',
    '',
  ].join('\n')
}

/** The names in a folder; none where there is no folder yet. */
async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw new ServiceError(code === 'ENOTDIR' ? 'conflict' : 'io', `cannot be a project: ${(cause as Error).message}`, {
      place: { file: folder },
      fix: 'name a folder',
      cause,
    })
  }
}

/** The files of a template. `packed`: the package that the project installs; absent: the release of this version. */
async function projectFiles(
  { packageRoot, version }: CliDeps,
  template: string,
  packed: string | undefined,
): Promise<readonly ProjectFile[]> {
  const templates = join(packageRoot, 'templates')
  const versions = (text: string): string =>
    text.replaceAll('OPA_VERSION', version.opa).replaceAll('VERSION', packed === undefined ? version.gradus : `file:${packed}`)
  const shared = (await filesBelow(join(templates, SHARED))).map(({ path, bytes }) => ({
    path: RENAMED.reduce((name, [from, to]) => name.replace(from, to), path),
    bytes: Buffer.from(versions(Buffer.from(bytes).toString('utf8'))),
  }))
  const copied = [
    ...EDITOR_SCHEMAS.map((name) => `schemas/${name}.schema.json`),
    ...INPUT_SCHEMAS.map((name) => `policies/schemas/${name}.json`),
  ]
  const schemas = await Promise.all(copied.map(async (path) => ({ path, bytes: await readFile(join(packageRoot, path)) })))
  return [...(await filesBelow(join(templates, template))), ...shared, ...schemas].sort((a, b) => byCodeUnit(a.path, b.path))
}

async function filesBelow(folder: string): Promise<readonly ProjectFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const file = join(entry.parentPath, entry.name)
        return { path: relative(folder, file).replaceAll('\\', '/'), bytes: await readFile(file) }
      }),
  )
}

/** Writes a file that is not there yet; false where there is one, or a link, whatever it leads to. */
async function writeNew(file: string, bytes: Uint8Array): Promise<boolean> {
  const folder = dirname(file)
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => refuse(folder, cause))
  return writeFile(file, bytes, { flag: 'wx' }).then(
    () => true,
    (cause: unknown) => ((cause as NodeJS.ErrnoException).code === 'EEXIST' ? false : refuse(file, cause)),
  )
}

function refuse(file: string, cause: unknown): never {
  throw new ServiceError('io', `cannot be written: ${(cause as Error).message}`, {
    place: { file },
    fix: 'make the folder writable, or name another one',
    cause,
  })
}
