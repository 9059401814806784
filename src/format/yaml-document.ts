import { isCollection, isNode, LineCounter, parseDocument, visit, YAMLParseError } from 'yaml'

import type { TextPlace } from './source-place.ts'

/** A parsed YAML text. */
export type YamlDocument = ReturnType<typeof parseDocument>

/** What is said of a text whose nesting is more than can be read. */
const TOO_DEEP = 'the text nests deeper than can be read'
const COLLECTION_KEY = 'a key is a list or a mapping'

/**
 * A parsed text, and the line and column of each of its offsets. Keys are unique; one that nests too deep, or
 * has a list or mapping as a key, is a document with an error.
 */
export function openYaml(text: string, options: Parameters<typeof parseDocument>[1] = {}) {
  const lines = new LineCounter()
  const document = parsed(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, logLevel: 'error', ...options })
  const placeAt = (offset: number): TextPlace => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  return { document, placeAt }
}

/** The library recurses at each level, most deeply while it parses: where its stack ends, the text is refused. */
function parsed(text: string, options: Parameters<typeof parseDocument>[1]): YamlDocument {
  try {
    const document = parseDocument(text, options)
    refuseCollectionKeys(document)
    return document
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const document = parseDocument('', options)
    document.errors.push(new YAMLParseError([0, 1], 'RESOURCE_EXHAUSTION', TOO_DEEP))
    return document
  }
}

/** Such keys are no JSON; the library writes them out again at every level, so 400 of them in each other take ten seconds. */
function refuseCollectionKeys(document: YamlDocument): void {
  visit(document, {
    Pair: (_key, { key }) => {
      if (!isNode(key) || !isCollection(key)) return undefined
      const at = key.range?.[0] ?? 0
      document.errors.push(new YAMLParseError([at, at + 1], 'BAD_SCALAR_START', COLLECTION_KEY))
      return visit.BREAK
    },
  })
}
