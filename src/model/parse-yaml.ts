import { LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'

import { ServiceError } from './error.ts'

/** Parses a YAML file by its schema; an error names file, line, column and member. */
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
  const parsed = schema.safeParse(document.toJS() ?? {})
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = issue?.path ?? []
  const node = nearest(document, path)
  const at = node === undefined ? undefined : lines.linePos(node)
  const more = parsed.error.issues.length > 1 ? ` (and ${parsed.error.issues.length - 1} more)` : ''
  throw new ServiceError(code, `${path.map(String).join('.')}: ${issue?.message ?? 'does not fit the schema'}${more}`, {
    place: { file, line: at?.line, column: at?.col, pointer: `/${path.map(String).join('/')}` },
    fix: 'see the schema of this file in schemas/',
  })
}

/** Offset of the node at a path, or of the closest one around it. */
function nearest(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = document.getIn(path.slice(0, length) as (string | number)[], true) as
      { readonly range?: readonly number[] } | undefined
    if (node?.range?.[0] !== undefined) return node.range[0]
  }
  return undefined
}
