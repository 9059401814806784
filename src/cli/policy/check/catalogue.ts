import type { CatalogueFile } from '../../../catalogue/catalogue-file.ts'
import {
  CATALOGUE_SECTIONS,
  type CataloguePart,
  CatalogueSource,
  isAgentFile,
  mergeCatalogues,
} from '../../../catalogue/merge-catalogues.ts'
import { type CatalogueProblem, checkCatalogue } from '../../../catalogue/problems.ts'
import { readFolder } from '../../../format/read-text.ts'
import { pointerSteps, type SourceFinding, type TextPlace } from '../../../format/source-place.ts'
import { schemaFindings } from '../../../format/schema-findings.ts'
import { readYaml, type YamlSource } from '../../../format/yaml.ts'

type Part = CataloguePart & { readonly source: YamlSource }

/** What is wrong in the catalogue of a folder: its schema, names in two files, and every contradiction between its parts. */
export async function catalogueFindings(folder: string): Promise<readonly SourceFinding[]> {
  const texts = await readFolder(folder, ['.yaml', '.yml'])
  if (texts.length === 0) return [missing(folder)]
  const read = texts.map(({ file, text }) => partOf(file, text))
  const wrong = read.flatMap((each) => ('findings' in each ? each.findings : []))
  // Half a catalogue contradicts itself everywhere.
  if (wrong.length > 0) return wrong
  const parts = read.flatMap((each) => ('catalogue' in each ? [each] : []))
  const { catalogue, conflicts } = mergeCatalogues(parts)
  if (conflicts.length === 0) return checkCatalogue(catalogue).map((problem) => findingOf(problem, parts))
  return conflicts.map(({ file, path, message, fix }) => {
    const place = placeIn(
      parts.find((part) => part.file === file),
      path,
    )
    return { file, ...place, message: `${path.join('.')}: ${message}`, fix }
  })
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
  const parsed = CatalogueSource.safeParse(source.value ?? {})
  if (parsed.success) return { file, source, catalogue: parsed.data }
  const schema = isAgentFile(source.value) ? 'agent-file' : 'catalogue'
  return { findings: schemaFindings(file, source, parsed.error, { fix: `see schemas/${schema}.schema.json` }) }
}

/** A contradiction where it stands: the file that names the tool, scope or agent, and the line of the member. */
function findingOf({ pointer, message }: CatalogueProblem, parts: readonly Part[]): SourceFinding {
  const path = pathOf(pointer)
  const [section, name = ''] = path
  const owner = parts.find(({ catalogue }) => names(catalogue, section, name))
  const [what = message, ...fixes] = message.split('; ')
  return {
    file: owner?.file ?? '',
    ...placeIn(owner, path),
    message: `${path.join('.')}: ${what}`,
    fix: fixes.join('; ') || 'make the two agree',
  }
}

function names(catalogue: CatalogueFile, section: string | number | undefined, name: string | number): boolean {
  return CATALOGUE_SECTIONS.some((each) => each === section && Object.hasOwn(catalogue[each] ?? {}, name))
}

/** Where a path of the catalogue stands in one of its files; the file of an agent begins below `agents` and its name. */
function placeIn(part: Part | undefined, path: readonly (string | number)[]): TextPlace {
  if (part === undefined) return { line: 0, column: 0 }
  const below = isAgentFile(part.source.value) ? path.slice(2) : path
  return part.source.placeOf(below.length === 0 ? ['agent'] : below)
}

/** The steps of a JSON Pointer; numbers are places in lists. */
function pathOf(pointer: string): readonly (string | number)[] {
  return pointerSteps(pointer).map((step, at) => (at > 2 && /^\d+$/u.test(step) ? Number(step) : step))
}
