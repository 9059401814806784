import { isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml'
import type { z } from 'zod'

import { ServiceError } from './error.ts'

/** One thing that does not fit, and where it stands in the text; `isWritten` false: where it should be. */
type Misfit = {
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly fix: string
  readonly offset: number
  readonly isWritten: boolean
}

/** Parses a YAML file by its schema; an error names file, line, column and member of the first thing that does not fit. */
export function parseYaml<S extends z.ZodType>(
  file: string,
  text: string,
  schema: S,
  code: 'bad_policy' | 'bad_config',
): z.infer<S> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const [syntax] = document.errors
  if (syntax !== undefined) {
    const { line, col } = lines.linePos(syntax.pos[0])
    throw new ServiceError(code, syntax.message, { place: { file, line, column: col }, fix: 'mend the YAML syntax' })
  }
  const parsed = schema.safeParse(
    valueOf(document, (offset, message) => {
      const { line, col } = lines.linePos(offset)
      return new ServiceError(code, message, {
        place: { file, line, column: col },
        fix: 'write the value out instead of the alias',
      })
    }),
  )
  if (parsed.success) return parsed.data
  const [first, ...others] = parsed.error.issues
    .flatMap((issue) => misfits(issue, document))
    .toSorted((a, b) => Number(b.isWritten) - Number(a.isWritten) || a.offset - b.offset)
  if (first === undefined) throw new ServiceError(code, 'does not fit the schema', { place: { file }, cause: parsed.error })
  const { line, col } = lines.linePos(first.offset)
  const named = first.path.map(String)
  const more = others.length > 0 ? ` (and ${others.length} more)` : ''
  throw new ServiceError(code, `${named.length === 0 ? 'the file' : named.join('.')}: ${first.message}${more}`, {
    place: { file, line, column: col, pointer: named.map((name) => `/${name}`).join('') },
    fix: first.fix,
  })
}

/** The value of a document. An alias without its anchor, or more of them than a file needs, is the file's fault. */
function valueOf(document: ReturnType<typeof parseDocument>, fault: (offset: number, message: string) => ServiceError): unknown {
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
function misfits(issue: z.core.$ZodIssue, document: ReturnType<typeof parseDocument>): readonly Misfit[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const path = [...issue.path, key]
      const offset = keyOffset(document, path) ?? offsetOf(document, issue.path)
      return { path, message: 'there is no such member', fix: 'correct the spelling, or remove it', offset, isWritten: true }
    })
  const { path, message } = issue
  const isWritten = nodeAt(document, path) !== undefined
  return [{ path, message, fix: 'see the schema of this file in schemas/', offset: offsetOf(document, path), isWritten }]
}

/** Offset of the value at a path; where there is none, of the closest key above it. */
function offsetOf(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): number {
  const value = nodeAt(document, path)?.range?.[0]
  if (value !== undefined) return value
  for (let length = path.length - 1; length > 0; length -= 1) {
    const above = path.slice(0, length)
    const offset = keyOffset(document, above) ?? nodeAt(document, above)?.range?.[0]
    if (offset !== undefined) return offset
  }
  return 0
}

/** Offset of the key that a path ends in; undefined if it ends in no key that is written. */
function keyOffset(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): number | undefined {
  const parent = path.length === 1 ? document.contents : nodeAt(document, path.slice(0, -1))
  if (!isMap(parent)) return undefined
  const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(path.at(-1)))
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined
}

function nodeAt(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]) {
  if (path.length === 0) return document.contents ?? undefined
  return document.getIn(path as (string | number)[], true) as { readonly range?: readonly number[] | null } | undefined
}
