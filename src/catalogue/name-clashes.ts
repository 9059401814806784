import type { CatalogueFile, CatalogueTool } from './catalogue-file.ts'
import { claims, DESCRIPTION_CHARS_MAX, type SeenTool } from './seen-tool.ts'

/** The server whose tools are drafted. `certain`: a person named it; otherwise it is only a guess to tell names apart with. */
export type ToolServer = { readonly name: string; readonly certain: boolean }

/** A name that the catalogue has for one tool and a server for another. */
export type NameClash = {
  readonly name: string
  /** What the server's tool is called in the draft; an enforcement point has to ask for it by this name. */
  readonly draftedAs: string
  /** What is known of the two, for a person. */
  readonly inCatalogue: string
  readonly atServer: string
}

/** Gives each tool of the server a name of its own where the catalogue's entry of that name is another's. */
export function separateTools(
  tools: readonly SeenTool[],
  known: CatalogueFile['tools'],
  server: ToolServer | undefined,
): { readonly seen: readonly SeenTool[]; readonly clashes: readonly NameClash[] } {
  if (server === undefined) return { seen: tools, clashes: [] }
  const clashes: NameClash[] = []
  const seen = tools.map((tool): SeenTool => {
    const entry = Object.hasOwn(known, tool.name) ? known[tool.name] : undefined
    if (entry === undefined || !isAnother(tool, entry, server)) return server.certain ? { ...tool, namespace: server.name } : tool
    const draftedAs = `${server.name}.${tool.name}`
    if (!Object.hasOwn(known, draftedAs))
      clashes.push({ name: tool.name, draftedAs, inCatalogue: entryText(entry), atServer: seenText(tool) })
    return { ...tool, name: draftedAs, namespace: server.name, offeredAs: tool.name }
  })
  return { seen, clashes }
}

/** Whether an entry describes another tool: of another server, in other words, or as harmless what its server says can destroy. */
function isAnother({ description, hints }: SeenTool, entry: CatalogueTool, { name, certain }: ToolServer): boolean {
  if (certain && entry.namespace !== undefined) return entry.namespace !== name
  if (hints?.destructiveHint === true && entry.category === 'read_only') return true
  if (description === undefined || entry.description === undefined) return false
  return description.slice(0, DESCRIPTION_CHARS_MAX) !== entry.description
}

function entryText({ namespace, description, category, scope }: CatalogueTool): string {
  return [namespace === undefined ? '' : `of ${namespace}`, quoted(description), `${category} in scope ${scope}`]
    .filter((part) => part !== '')
    .join(', ')
}

function seenText(tool: SeenTool): string {
  return [quoted(tool.description), ...claims(tool)].filter((part) => part !== '').join(', ') || 'nothing is said of it'
}

function quoted(description: string | undefined): string {
  return description === undefined ? '' : `"${description.slice(0, SHOWN_CHARS_MAX)}"`
}

/** Longest part of a description that is shown beside a name, characters. */
const SHOWN_CHARS_MAX = 120
