import { isMap, isScalar, visit } from 'yaml'
import type { z } from 'zod'

import { ServiceError } from './error.ts'
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

/** How findings are told. `inFile`: a path of the value as a path of the text. `fix`: what to do where the issue itself does not say it. */
export type FindingOptions = {
  readonly inFile?: (path: readonly PropertyKey[]) => readonly PropertyKey[]
  readonly fix: string
}

/**
 * The issues of a schema as findings with their places; an unknown key is shown where it stands. Where one is, what is missing beside, above or
 * below it is not told: it is the same member, misspelt or in the wrong place. Members of one mapping none of which is known are one finding.
 */
export function schemaFindings(
  file: string,
  source: YamlSource,
  error: z.ZodError,
  { inFile = (path) => path, fix }: FindingOptions,
): readonly SourceFinding[] {
  const finding = (path: readonly PropertyKey[], message: string, remedy: string): SourceFinding => {
    const there = inFile(path)
    return { file, ...source.placeOf(there), message: `${dotted(there)}: ${message}`, fix: remedy }
  }
  const strangers = error.issues.filter(({ code }) => code === 'unrecognized_keys')
  return error.issues.flatMap((issue): SourceFinding[] => {
    if (issue.code === 'unrecognized_keys') {
      const [first = '', ...others] = issue.keys
      if (others.length > 0 && issue.keys.length === membersAt(source.value, inFile(issue.path)))
        return [
          finding([...issue.path, first], `there is no such member here, nor ${others.join(', ')}`, 'put them where they belong'),
        ]
      return issue.keys.map((key) =>
        finding([...issue.path, key], 'there is no such member', 'correct the spelling, or remove it'),
      )
    }
    const owner = issue.path.slice(0, -1)
    const isSameMember = !source.has(inFile(issue.path)) && strangers.some(({ path }) => isAlong(path, owner))
    return isSameMember ? [] : [finding(issue.path, deepest(issue), fixOf(issue, fix))]
  })
}

/** How many members the mapping at a path has; 0 where there is none. */
function membersAt(value: unknown, path: readonly PropertyKey[]): number {
  const there = path.reduce<unknown>((around, step) => (around as Record<PropertyKey, unknown> | undefined)?.[step], value)
  return typeof there === 'object' && there !== null ? Object.keys(there).length : 0
}

/** One of the two paths leads to the other. */
function isAlong(a: readonly PropertyKey[], b: readonly PropertyKey[]): boolean {
  return a.slice(0, b.length).every((step, at) => step === b[at])
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
