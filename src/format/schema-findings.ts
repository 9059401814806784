import type { z } from 'zod'

import { choiceIssues } from './choice-issues.ts'
import type { SourceFinding } from './source-place.ts'
import type { YamlSource } from './yaml.ts'

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
  const issues = error.issues.flatMap(choiceIssues)
  const strangers = issues.filter(({ code }) => code === 'unrecognized_keys')
  return issues.flatMap((issue): SourceFinding[] => {
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
