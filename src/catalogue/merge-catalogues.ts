import { z } from 'zod'

import { AgentFile, CatalogueFile } from './catalogue-file.ts'

/** One file of a catalogue folder, read. */
export type CataloguePart = { readonly file: string; readonly catalogue: CatalogueFile }

/** Something that two files of a catalogue disagree about: in which file, at which path of the catalogue, what, and how to put it right. */
export type PartConflict = {
  readonly file: string
  readonly path: readonly string[]
  readonly message: string
  readonly fix: string
}

/** The sections of a catalogue; a name stands in one file only. */
export const CATALOGUE_SECTIONS = ['trust_scopes', 'tools', 'agents', 'teams', 'servers', 'default_levels', 'risk_bands'] as const
type Section = (typeof CATALOGUE_SECTIONS)[number]

/** Whether a file of a catalogue folder is that of one agent: it says `agent` at the top. */
export function isAgentFile(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'agent')
}

/** A file of a catalogue folder: a part of the catalogue, or the file of one agent, which is the part with that agent. */
export const CatalogueSource = z.unknown().transform((value, context): CatalogueFile => {
  const parsed = isAgentFile(value) ? AgentFile.transform(partOfAgent).safeParse(value) : CatalogueFile.safeParse(value)
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue)
  return z.NEVER
})

function partOfAgent({ agent, ...entry }: z.infer<typeof AgentFile>): CatalogueFile {
  return { version: 1, stages: 2, trust_scopes: {}, tools: {}, agents: { [agent]: entry } }
}

/** All files of a catalogue as one, and what they disagree about. */
export function mergeCatalogues(parts: readonly CataloguePart[]): {
  readonly catalogue: CatalogueFile
  readonly conflicts: readonly PartConflict[]
} {
  const all = <S extends Section>(section: S): NonNullable<CatalogueFile[S]> =>
    Object.fromEntries(parts.flatMap(({ catalogue }) => Object.entries(catalogue[section] ?? {}))) as NonNullable<
      CatalogueFile[S]
    >
  const optional = <S extends 'teams' | 'servers' | 'default_levels' | 'risk_bands'>(
    section: S,
  ): Pick<CatalogueFile, S> | object =>
    parts.some(({ catalogue }) => catalogue[section] !== undefined) ? { [section]: all(section) } : {}
  const catalogue: CatalogueFile = {
    version: 1,
    ...(parts.some(speaksOfStages) ? { stages: 2 as const } : {}),
    trust_scopes: all('trust_scopes'),
    tools: all('tools'),
    agents: all('agents'),
    ...optional('teams'),
    ...optional('servers'),
    ...optional('default_levels'),
    ...optional('risk_bands'),
  }
  return {
    catalogue,
    conflicts: [...CATALOGUE_SECTIONS.flatMap((section) => namedTwice(section, parts)), ...stageConflicts(parts)],
  }
}

function namedTwice(section: Section, parts: readonly CataloguePart[]): readonly PartConflict[] {
  const firstFile = new Map<string, string>()
  return parts.flatMap(({ file, catalogue }) =>
    Object.keys(catalogue[section] ?? {}).flatMap((name): PartConflict[] => {
      const before = firstFile.get(name)
      if (before === undefined) {
        firstFile.set(name, file)
        return []
      }
      return [{ file, path: [section, name], message: `it is in ${before} too`, fix: 'keep one of the two' }]
    }),
  )
}

function speaksOfStages({ catalogue }: CataloguePart): boolean {
  return catalogue.stages === 2
}

/** A level in a file that does not say which naming it uses would change its meaning by what another file says. */
function stageConflicts(parts: readonly CataloguePart[]): readonly PartConflict[] {
  const other = parts.find(speaksOfStages)
  if (other === undefined) return []
  return parts
    .filter((part) => !speaksOfStages(part) && hasLevels(part.catalogue))
    .map(({ file }) => ({
      file,
      path: ['version'],
      message: `the file has levels, and does not say "stages: 2" as ${other.file} does`,
      fix: 'add "stages: 2": sandbox is L1 then, supervised L2, trusted L3, autonomous L4',
    }))
}

function hasLevels({ trust_scopes, agents }: CatalogueFile): boolean {
  const declared = [
    ...Object.values(trust_scopes),
    ...Object.values(agents).flatMap((agent) => Object.values(agent.trust_scopes)),
  ]
  return declared.some(({ level }) => level !== undefined)
}
