import { jsonPointer } from '../format/source-place.ts'
import { LEVEL_NAMES, parseLevel, type StageVersion, STAGES } from '../model/level.ts'
import type { CatalogueFile } from './catalogue-file.ts'
import { riskBandsOf } from './static-points.ts'

/** One trust scope of a catalogue file, or an agent's deviations from it. */
export type DeclaredScope = CatalogueFile['trust_scopes'][string]

/** Which naming of the stages a catalogue uses. */
export function stagesOf({ stages }: Pick<CatalogueFile, 'stages'>): StageVersion {
  return stages ?? 1
}

/** Something in a catalogue file that contradicts another part of it: where (JSON Pointer), what, and how to put it right. */
export type CatalogueProblem = { readonly pointer: string; readonly message: string }

const LISTS = ['auto_approve', 'require_approval', 'block'] as const

/** Every contradiction between the parts of a schema-checked catalogue, in the order of the file; empty if there is none. */
export function checkCatalogue(file: CatalogueFile): readonly CatalogueProblem[] {
  const scopes = scopeNames(file)
  const declared = Object.entries(file.trust_scopes).flatMap(([name, scope]) =>
    scopeProblems(file, name, scope, jsonPointer(['trust_scopes', name])),
  )
  const agents = Object.entries(file.agents).flatMap(([agent, { trust_scopes }]) =>
    Object.entries(trust_scopes).flatMap(([name, scope]) => {
      const at = jsonPointer(['agents', agent, 'trust_scopes', name])
      return scopes.has(name) ? scopeProblems(file, name, scope, at) : [unknownScope(at, name, scopes)]
    }),
  )
  return [...declared, ...toolProblems(file), ...agents, ...bandProblems(file)]
}

function bandProblems(file: CatalogueFile): readonly CatalogueProblem[] {
  const { low_points_max: low, medium_points_max: medium } = riskBandsOf(file)
  if (low <= medium) return []
  const message = `low would end at ${low} points, above medium at ${medium}; let medium_points_max be at least low_points_max`
  return [{ pointer: jsonPointer(['risk_bands']), message }]
}

function scopeNames(file: CatalogueFile): ReadonlySet<string> {
  return new Set([...Object.keys(file.trust_scopes), ...Object.values(file.tools).map((tool) => tool.scope)])
}

/** Once scopes are declared, a tool in another one is a spelling mistake that would escape their lists. */
function toolProblems(file: CatalogueFile): readonly CatalogueProblem[] {
  const declared = new Set(Object.keys(file.trust_scopes))
  if (declared.size === 0) return []
  return Object.entries(file.tools)
    .filter(([, tool]) => !declared.has(tool.scope))
    .map(([name, tool]) => unknownScope(jsonPointer(['tools', name, 'scope']), tool.scope, declared))
}

function unknownScope(pointer: string, name: string, known: ReadonlySet<string>): CatalogueProblem {
  const names = [...known].sort().join(', ')
  return { pointer, message: `unknown scope "${name}"; declare it in trust_scopes, or use one of: ${names}` }
}

function scopeProblems(file: CatalogueFile, name: string, scope: DeclaredScope, at: string): readonly CatalogueProblem[] {
  const listOf = new Map<string, string>()
  const problems: CatalogueProblem[] = levelProblems(file, scope, at)
  for (const list of LISTS) {
    for (const [index, tool] of scope[list].entries()) {
      const message = entryProblem({ file, scope: name, list, tool, before: listOf.get(tool) })
      if (message !== undefined) problems.push({ pointer: `${at}/${list}/${index}`, message })
      listOf.set(tool, list)
    }
  }
  return problems
}

function levelProblems(file: CatalogueFile, { level }: DeclaredScope, at: string): CatalogueProblem[] {
  if (level === undefined || parseLevel(String(level), stagesOf(file)) !== undefined) return []
  const names = [...new Set([...LEVEL_NAMES, ...STAGES])].sort().join(', ')
  return [{ pointer: `${at}/level`, message: `unknown level "${level}"; use 0 to 4, or one of: ${names}` }]
}

type ListEntry = {
  readonly file: CatalogueFile
  readonly scope: string
  readonly list: (typeof LISTS)[number]
  readonly tool: string
  readonly before: string | undefined
}

function entryProblem({ file, scope, list, tool: name, before }: ListEntry): string | undefined {
  const tool = Object.hasOwn(file.tools, name) ? file.tools[name] : undefined
  if (tool === undefined) return `unknown tool "${name}"; add it under tools, or correct its name`
  if (tool.scope !== scope) return `tool "${name}" is of scope "${tool.scope}"; list it there`
  if (before === list) return `tool "${name}" is twice in ${list}; keep one`
  if (before !== undefined) return `tool "${name}" is in ${before} and in ${list}; keep it in one list`
  if (list !== 'block' && tool.category === 'permission_escalation') {
    return `tool "${name}" is a permission escalation, which agents are always denied; list it under block`
  }
  return undefined
}
