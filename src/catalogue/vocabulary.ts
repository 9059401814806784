import type { CatalogueFile } from './catalogue-file.ts'

/** What a catalogue calls its tools and scopes, as texts: names, descriptions, synonyms. */
export type CatalogueVocabulary = {
  /** Of each tool: its description and synonyms. */
  readonly tools: ReadonlyMap<string, string>
  /** Of each scope: its name, description and synonyms, and the names and synonyms of its tools. */
  readonly scopes: ReadonlyMap<string, string>
}

/** The words of a catalogue. */
export function vocabularyOf({ tools, trust_scopes }: CatalogueFile): CatalogueVocabulary {
  const scopes = new Map<string, string[]>()
  for (const [name, scope] of Object.entries(trust_scopes)) scopes.set(name, [name, ...wordsOf(scope)])
  for (const [name, tool] of Object.entries(tools)) {
    const words = scopes.get(tool.scope) ?? [tool.scope]
    scopes.set(tool.scope, [...words, name, ...(tool.synonyms ?? [])])
  }
  return {
    tools: new Map(Object.entries(tools).map(([name, tool]) => [name, wordsOf(tool).join('\n')])),
    scopes: new Map([...scopes].map(([name, words]) => [name, words.join('\n')])),
  }
}

function wordsOf(entry: {
  readonly description?: string | undefined
  readonly synonyms?: readonly string[] | undefined
}): readonly string[] {
  return [entry.description ?? '', ...(entry.synonyms ?? [])]
}
