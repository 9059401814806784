import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'

import type { z } from 'zod'

import { readFileText, readFolder } from '../../../format/read-text.ts'
import type { SourceFinding } from '../../../format/source-place.ts'
import { findingAt, schemaFindings } from '../../../format/schema-findings.ts'
import { readYaml, type YamlSource } from '../../../format/yaml.ts'

/** What the policies that ship read of the data file of a package: its member `config`, and how the text of the Rego names it. */
export type PackageConfig = {
  readonly file: string
  readonly source: YamlSource
  readonly config: unknown
}

/**
 * Reads `config` of the data file of a package folder; undefined where the package's Rego does not read `data.<package>.config`, so that the data is the
 * team's own business. Members that are not `known` but that this Rego reads are left out for the same reason. Findings where it cannot be read.
 */
export async function packageConfig(
  folder: string,
  known: readonly string[],
): Promise<PackageConfig | readonly SourceFinding[] | undefined> {
  const name = `data.${basename(folder)}.config`
  const texts = await readFolder(folder, ['.rego'])
  const rego = texts.flatMap(({ file, text }) => (file.endsWith('_test.rego') ? [] : [text])).join('\n')
  const file = ['data.yaml', 'data.yml', 'data.json'].map((each) => join(folder, each)).find((each) => existsSync(each))
  if (file === undefined) return rego.includes(name) ? [absent(join(folder, 'data.yaml'), name)] : undefined
  const source = readYaml(file, await readFileText(file), { merge: true })
  if (!('placeOf' in source)) return source
  if (!rego.includes(name)) return undefined
  const { value } = source
  if (typeof value !== 'object' || value === null || !('config' in value)) return [absent(file, name)]
  return { file, source, config: withoutOwn(value.config, (member) => !known.includes(member) && reads(rego, name, member)) }
}

function absent(file: string, name: string): SourceFinding {
  const message = `there is no member "config", and the policies read ${name}`
  return { file, line: 1, column: 1, message, fix: 'put what the policies read below "config"' }
}

function reads(rego: string, name: string, member: string): boolean {
  return rego.includes(`${name}.${member}`) || rego.includes(`${name}["${member}"]`)
}

function withoutOwn(config: unknown, isOwn: (member: string) => boolean): unknown {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return config
  return Object.fromEntries(Object.entries(config).filter(([member]) => !isOwn(member)))
}

/** The issues of a schema for `config` as findings. */
export function configFindings({ file, source }: PackageConfig, error: z.ZodError, fix: string): readonly SourceFinding[] {
  return schemaFindings(file, source, error, { inFile: (path) => ['config', ...path], fix })
}

/** A finding at a path below `config`. */
export function configFinding(
  { file, source }: PackageConfig,
  path: readonly PropertyKey[],
  told: Pick<SourceFinding, 'message' | 'fix'>,
): SourceFinding {
  return findingAt(file, source, ['config', ...path], told)
}
