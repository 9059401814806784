import { isMap, isScalar, visit } from 'yaml'
import type { z } from 'zod'

import { ServiceError } from './error.ts'
import { choiceIssues } from './choice-issues.ts'
import type { SourceFinding, TextPlace } from './source-place.ts'
import { openYaml, type YamlDocument } from './yaml-document.ts'

/** Parses a YAML file by its schema; an error names file, line, column and member of the first thing that does not fit. */
export function parseYaml<S extends z.ZodType>(
  file: string,
  text: string,
  schema: S,
  code: 'bad_policy' | 'bad_config',
): z.infer<S> {
  const { document, placeAt } = openYaml(text)
  const [syntax] = document.errors
  if (syntax !== undefined)
    throw new ServiceError(code, syntax.message, { place: { file, ...placeAt(syntax.pos[0]) }, fix: 'mend the YAML syntax' })
  const parsed = schema.safeParse(
    valueOf(document, (offset, message) => {
      const place = { file, ...placeAt(offset) }
      return new ServiceError(code, message, { place, fix: 'write the value out instead of the alias' })
    }),
  )
  if (parsed.success) return parsed.data
  const [first, ...others] = parsed.error.issues
    .flatMap(choiceIssues)
    .flatMap((issue) => misfits(issue, document))
    .toSorted((a, b) => Number(b.isWritten) - Number(a.isWritten) || a.offset - b.offset)
  if (first === undefined) throw new ServiceError(code, 'does not fit the schema', { place: { file }, cause: parsed.error })
  const named = first.path.map(String)
  const more = others.length > 0 ? ` (and ${others.length} more)` : ''
  throw new ServiceError(code, `${named.length === 0 ? 'the file' : named.join('.')}: ${first.message}${more}`, {
    place: { file, ...placeAt(first.offset), pointer: named.map((name) => `/${name}`).join('') },
    fix: first.fix,
  })
}

/** One thing that does not fit, and where it stands in the text; `isWritten` false: where it should be. */
type Misfit = {
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly fix: string
  readonly offset: number
  readonly isWritten: boolean
}

/** The value of a document. An alias without its anchor, or more of them than a file needs, is the file's fault. */
function valueOf(document: YamlDocument, fault: (offset: number, message: string) => ServiceError): unknown {
  try {
    return document.toJS() ?? {}
  } catch (cause) {
    if (!(cause instanceof ReferenceError)) throw cause
    let offset = 0
    visit(document, {
      Alias: (_key, alias) => {
        if (alias.resolve(document) !== undefined && !cause.message.startsWith('Excessive')) return undefined
        offset = alias.range?.[0] ?? 0
        return visit.BREAK
      },
    })
    throw fault(offset, cause.message)
  }
}

/** An unknown key stands where it is written; anything else at its value, or where it should be. */
function misfits(issue: z.core.$ZodIssue, document: YamlDocument): readonly Misfit[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const path = [...issue.path, key]
      const offset = keyOffset(document, path) ?? valueOffset(document, issue.path)
      return { path, message: 'there is no such member', fix: 'correct the spelling, or remove it', offset, isWritten: true }
    })
  const { path, message } = issue
  const isWritten = nodeAt(document, path) !== undefined
  return [{ path, message, fix: 'see the schema of this file in schemas/', offset: valueOffset(document, path), isWritten }]
}

/** A YAML (or JSON) text with the places of its nodes. */
export type YamlSource = {
  readonly value: unknown
  /** Line and column, from 1, of the node at a path, or of the nearest one around it. */
  readonly placeOf: (path: readonly PropertyKey[]) => TextPlace
  /** Whether a value other than null is written at a path. */
  readonly has: (path: readonly PropertyKey[]) => boolean
}

/**
 * Reads YAML 1.2; aliases are expanded, keys are unique; `merge` also takes `<<`, as OPA does in data files. A text that is no YAML is one
 * finding, the first place: what the parser stumbles over further down is mostly a consequence of it.
 */
export function readYaml(file: string, text: string, { merge = false } = {}): YamlSource | readonly SourceFinding[] {
  const { document, placeAt } = openYaml(text, { merge })
  const [first] = document.errors.toSorted((a, b) => a.pos[0] - b.pos[0])
  if (first !== undefined) {
    const fix = 'mend the YAML syntax; text with ": " or " #" in it needs quotes'
    return [{ file, ...placeAt(first.pos[0]), message: first.message, fix }]
  }
  try {
    return {
      value: document.toJS({ maxAliasCount: 1_000 }),
      placeOf: (path) => placeAt(keyOrNearestOffset(document, path)),
      has: (path) => {
        const node = nodeAt(document, path)
        return node !== undefined && !(isScalar(node) && node.value === null)
      },
    }
  } catch (error) {
    return [{ file, line: 1, column: 1, message: (error as Error).message, fix: 'use fewer aliases' }]
  }
}

/** The places of values in a text that is YAML or JSON: of the value at a path, or of the nearest value around it. */
export function valuePlaces(text: string): (path: readonly PropertyKey[]) => TextPlace {
  const { document, placeAt } = openYaml(text)
  return (path) => {
    const around = path.map((_, above) => nodeAt(document, path.slice(0, path.length - above)))
    const nearest = around.find((node) => node !== undefined) ?? document.contents
    return placeAt(nearest?.range?.[0] ?? 0)
  }
}

/** Offset of the value at a path; where there is none, of the closest key above it. */
function valueOffset(document: YamlDocument, path: readonly PropertyKey[]): number {
  const value = nodeAt(document, path)?.range?.[0]
  if (value !== undefined) return value
  for (let length = path.length - 1; length > 0; length -= 1) {
    const above = path.slice(0, length)
    const offset = keyOffset(document, above) ?? nodeAt(document, above)?.range?.[0]
    if (offset !== undefined) return offset
  }
  return 0
}

/** Offset of the key that a path ends in, of the value if it has no key, or of the nearest node around it. */
function keyOrNearestOffset(document: YamlDocument, path: readonly PropertyKey[]): number {
  const steps = path.map((step) => (typeof step === 'number' ? step : String(step)))
  for (let length = steps.length; length >= 0; length -= 1) {
    const above = steps.slice(0, length)
    const offset = keyOffset(document, above) ?? nodeAt(document, above)?.range?.[0]
    if (offset !== undefined) return offset
  }
  return 0
}

/** Offset of the key that a path ends in; undefined if it ends in no key that is written. */
function keyOffset(document: YamlDocument, path: readonly PropertyKey[]): number | undefined {
  if (path.length === 0) return undefined
  const parent = nodeAt(document, path.slice(0, -1))
  if (!isMap(parent)) return undefined
  const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(path.at(-1)))
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined
}

function nodeAt(document: YamlDocument, path: readonly PropertyKey[]) {
  if (path.length === 0) return document.contents ?? undefined
  return document.getIn(path as (string | number)[], true) as { readonly range?: readonly number[] | null } | undefined
}
