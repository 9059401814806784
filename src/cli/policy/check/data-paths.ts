import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

import type { SourceFinding } from '../../../format/source-place.ts'
import { readYaml } from '../../../format/yaml.ts'

/** A path below `data` that some Rego reads: its static part, and where it stands. */
type DataRead = { readonly path: readonly string[]; readonly file: string; readonly line: number; readonly column: number }

const DATA_FILES = ['data.yaml', 'data.yml', 'data.json']
// Not input.data, not a name that ends in data.
const READ = /(?<![\w.\]])data((?:\.[A-Za-z_]\w*|\["[^"]*"\])+)/gu
const PACKAGE = /^\s*package\s+([\w.]+)/mu

/**
 * What the Rego of a package folder reads below `data` although nothing of its bundle is there: the folder's data files become
 * `data.<folder>`, its Rego the package that it says. What is not there is undefined, and an undefined base denies everybody.
 */
export async function dataPathFindings(folder: string): Promise<readonly SourceFinding[]> {
  const mount = basename(folder)
  const names = (await readdir(folder, { recursive: true })).filter(
    (name) => name.endsWith('.rego') && !name.endsWith('_test.rego'),
  )
  const sources = await Promise.all(
    names.sort().map(async (name) => ({ file: join(folder, name), text: await readFile(join(folder, name), 'utf8') })),
  )
  const packages = packagesOf(sources)
  const provided = (path: readonly string[]): boolean =>
    path[0] === mount || packages.some((each) => each.every((step, at) => path[at] === undefined || path[at] === step))
  const missing = sources.flatMap(readsOf).filter(({ path }) => !provided(path))
  const firsts = missing.filter(({ path }, at) => missing.findIndex((other) => other.path[0] === path[0]) === at)
  const members = await dataMembers(folder)
  return firsts.map(({ path, file, line, column }): SourceFinding => {
    const [first = ''] = path
    const message = `nothing provides data.${first}: the data files of ${folder} are data.${mount}, and its Rego ${packages.map((each) => `data.${each.join('.')}`).join(', ')}`
    const fix = members.includes(first)
      ? `read data.${mount}.${first}`
      : `read it below data.${mount}, and put it into a data file of ${folder}`
    return { file, line, column, message, fix }
  })
}

function packagesOf(sources: readonly { readonly text: string }[]): readonly (readonly string[])[] {
  const names = sources.flatMap(({ text }) => PACKAGE.exec(text)?.[1] ?? [])
  return [...new Set(names)].sort().map((name) => name.split('.'))
}

function readsOf({ file, text }: { readonly file: string; readonly text: string }): readonly DataRead[] {
  return text.split('\n').flatMap((content, at) =>
    [...withoutWords(content).matchAll(READ)].map(({ index, 1: steps = '' }) => ({
      path: [...steps.matchAll(/\.(\w+)|\["([^"]*)"\]/gu)].map(([, name, quoted]) => name ?? quoted ?? ''),
      file,
      line: at + 1,
      column: index + 1,
    })),
  )
}

/** A line with what is no code blanked: texts that are no key in brackets, and the comment at its end. */
function withoutWords(line: string): string {
  return line.replaceAll(/(?<!\[)"(?:[^"\\]|\\.)*"|`[^`]*`/gu, (text) => ' '.repeat(text.length)).replace(/#.*$/u, '')
}

async function dataMembers(folder: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const name of DATA_FILES) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => undefined)
    const source = text === undefined ? undefined : readYaml(name, text, { merge: true })
    if (source !== undefined && 'placeOf' in source && typeof source.value === 'object' && source.value !== null)
      found.push(...Object.keys(source.value))
  }
  return found
}
