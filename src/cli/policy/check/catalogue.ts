import { CatalogueFile } from '../../../catalogue/catalogue-file.ts'
import { type CatalogueProblem, checkCatalogue } from '../../../catalogue/problems.ts'
import { readFolder } from '../../../format/read-text.ts'
import { pointerSteps, type SourceFinding } from '../../../format/source-place.ts'
import { readYaml, schemaFindings, type YamlSource } from '../../../format/yaml.ts'

const SECTIONS = ['trust_scopes', 'tools', 'agents'] as const

type Part = { readonly file: string; readonly source: YamlSource; readonly catalogue: CatalogueFile }

/** What is wrong in the catalogue of a folder: its schema, names in two files, and every contradiction between its parts. */
export async function catalogueFindings(folder: string): Promise<readonly SourceFinding[]> {
  const texts = await readFolder(folder, ['.yaml', '.yml'])
  if (texts.length === 0) return [missing(folder)]
  const read = texts.map(({ file, text }) => partOf(file, text))
  const wrong = read.flatMap((each) => ('findings' in each ? each.findings : []))
  // Half a catalogue contradicts itself everywhere.
  if (wrong.length > 0) return wrong
  const parts = read.flatMap((each) => ('catalogue' in each ? [each] : []))
  const twice = SECTIONS.flatMap((section) => namedTwice(section, parts))
  return twice.length > 0 ? twice : checkCatalogue(merged(parts)).map((problem) => findingOf(problem, parts))
}

function missing(folder: string): SourceFinding {
  return {
    file: folder,
    line: 0,
    column: 0,
    message: 'there is no catalogue, so every action is unknown and denied to agents',
    fix: 'describe tools and agents in a YAML file there, as docs/policy-guide.md shows',
  }
}

function partOf(file: string, text: string): Part | { readonly findings: readonly SourceFinding[] } {
  const source = readYaml(file, text)
  if (!('placeOf' in source)) return { findings: source }
  const parsed = CatalogueFile.safeParse(source.value ?? {})
  if (parsed.success) return { file, source, catalogue: parsed.data }
  return { findings: schemaFindings(file, source, parsed.error, { fix: 'see schemas/catalogue.schema.json' }) }
}

function namedTwice(section: (typeof SECTIONS)[number], parts: readonly Part[]): readonly SourceFinding[] {
  const firstFile = new Map<string, string>()
  return parts.flatMap(({ file, source, catalogue }) =>
    Object.keys(catalogue[section]).flatMap((name): SourceFinding[] => {
      const before = firstFile.get(name)
      if (before === undefined) {
        firstFile.set(name, file)
        return []
      }
      const message = `${section}.${name}: it is in ${before} too`
      return [{ file, ...source.placeOf([section, name]), message, fix: 'keep one of the two' }]
    }),
  )
}

function merged(parts: readonly Part[]): CatalogueFile {
  const all = <S extends (typeof SECTIONS)[number]>(section: S): CatalogueFile[S] =>
    Object.assign({}, ...parts.map(({ catalogue }) => catalogue[section])) as CatalogueFile[S]
  return { version: 1, trust_scopes: all('trust_scopes'), tools: all('tools'), agents: all('agents') }
}

/** A contradiction where it stands: the file that names the tool, scope or agent, and the line of the member. */
function findingOf({ pointer, message }: CatalogueProblem, parts: readonly Part[]): SourceFinding {
  const path = pathOf(pointer)
  const [section, name = ''] = path
  const owner = parts.find(({ catalogue }) => SECTIONS.some((each) => each === section && Object.hasOwn(catalogue[each], name)))
  const [what = message, ...fixes] = message.split('; ')
  return {
    file: owner?.file ?? '',
    ...(owner?.source.placeOf(path) ?? { line: 0, column: 0 }),
    message: `${path.join('.')}: ${what}`,
    fix: fixes.join('; ') || 'make the two agree',
  }
}

/** The steps of a JSON Pointer; numbers are places in lists. */
function pathOf(pointer: string): readonly (string | number)[] {
  return pointerSteps(pointer).map((step, at) => (at > 2 && /^\d+$/u.test(step) ? Number(step) : step))
}
