import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'

import type { SourceFinding } from './finding.ts'

/** Largest YAML or JSON file that is read, bytes. */
export const SOURCE_BYTES_MAX = 16_777_216

/** A YAML (or JSON) text with the places of its nodes. */
export type YamlSource = {
  readonly value: unknown
  /** Line and column, from 1, of the node at a path, or of the nearest one around it. */
  readonly placeOf: (path: readonly PropertyKey[]) => { readonly line: number; readonly column: number }
}

/** Reads YAML 1.2; aliases are expanded, keys are unique; `merge` also takes `<<`, as OPA does in data files. Problems come as findings. */
export function readYaml(file: string, text: string, { merge = false } = {}): YamlSource | readonly SourceFinding[] {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, merge, logLevel: 'error' })
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  if (document.errors.length > 0) {
    return document.errors.map((error) => ({
      file,
      ...at(error.pos[0]),
      message: error.message,
      fix: 'mend the YAML syntax; text with ": " or " #" in it needs quotes',
    }))
  }
  try {
    return { value: document.toJS({ maxAliasCount: 1_000 }), placeOf: (path) => at(offsetOf(document, path)) }
  } catch (error) {
    return [{ file, line: 1, column: 1, message: (error as Error).message, fix: 'use fewer aliases' }]
  }
}

/** The offset of the key that a path ends in, of the value if it has no key, or of the nearest node around it. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  const steps = path.map((step) => (typeof step === 'number' ? step : String(step)))
  for (let length = steps.length; length >= 0; length -= 1) {
    const parent: unknown = length === 0 ? document.contents : document.getIn(steps.slice(0, length - 1), true)
    const last = steps[length - 1]
    if (length > 0 && isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(last))
      if (isScalar(pair?.key) && pair.key.range != null) return pair.key.range[0]
    }
    const node = (length === 0 ? document.contents : document.getIn(steps.slice(0, length), true)) as
      { readonly range?: readonly number[] | null } | null | undefined
    if (node?.range?.[0] !== undefined) return node.range[0]
  }
  return 0
}

/** How findings are told. `inFile`: a path of the value as a path of the text. `fix`: what to do where the issue itself does not say it. */
export type FindingOptions = {
  readonly inFile?: (path: readonly PropertyKey[]) => readonly PropertyKey[]
  readonly fix: string
}

/** The issues of a schema as findings with their places; an unknown key is shown where it stands. */
export function schemaFindings(
  file: string,
  source: Pick<YamlSource, 'placeOf'>,
  error: z.ZodError,
  { inFile = (path) => path, fix }: FindingOptions,
): readonly SourceFinding[] {
  const finding = (path: readonly PropertyKey[], message: string, remedy: string): SourceFinding => {
    const there = inFile(path)
    return { file, ...source.placeOf(there), message: `${dotted(there)}: ${message}`, fix: remedy }
  }
  return error.issues.flatMap((issue): SourceFinding[] =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => finding([...issue.path, key], 'there is no such member', 'correct the spelling, or remove it'))
      : [finding(issue.path, deepest(issue), fixOf(issue, fix))],
  )
}

/** A finding at a path of a text, in the words of schema findings. */
export function findingAt(
  file: string,
  source: Pick<YamlSource, 'placeOf'>,
  path: readonly PropertyKey[],
  { message, fix }: Pick<SourceFinding, 'message' | 'fix'>,
): SourceFinding {
  return { file, ...source.placeOf(path), message: `${dotted(path)}: ${message}`, fix }
}

/** What an issue asks for: one of a few words, a member that is missing, or what the file's own words say. */
function fixOf(issue: z.core.$ZodIssue, otherwise: string): string {
  if (issue.code === 'invalid_value' && issue.values.length > 1) return `use one of: ${issue.values.map(String).join(', ')}`
  if (issue.code === 'invalid_key') return 'correct the name'
  if (issue.code === 'custom' && typeof issue.params?.['fix'] === 'string') return issue.params['fix']
  return otherwise
}

/** The most telling message of an issue: for a choice, what is wrong with the alternative that got furthest. */
function deepest(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_union') return issue.message
  const best = issue.errors
    .flat()
    .filter((inner) => inner.path.length > 0)
    .toSorted((a, b) => b.path.length - a.path.length)[0]
  return best === undefined ? (issue.errors.flat()[0]?.message ?? issue.message) : `${dotted(best.path)}: ${best.message}`
}

function dotted(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the file' : path.map(String).join('.')
}
