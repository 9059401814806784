import type { z } from 'zod'

import { ServiceError } from '../../format/error.ts'
import { parseStrictJson } from '../../format/strict-json.ts'
import { schemaFindings } from '../../format/schema-findings.ts'
import { readYaml } from '../../format/yaml.ts'

/** Reads JSON by its schema. `file` is only named. Throws `bad_request` with file, line, column and fix. */
export function readJsonText<S extends z.ZodType>(
  file: string,
  text: string,
  schema: S,
  { fix }: { readonly fix: string },
): z.infer<S> {
  const reading = parseStrictJson(text)
  if (!reading.ok) {
    const { line, column, pointer, message } = reading.error
    throw new ServiceError('bad_request', message, { place: { file, line, column, pointer }, fix })
  }
  const parsed = schema.safeParse(reading.value)
  if (parsed.success) return parsed.data
  // JSON is YAML: its nodes have places there.
  const source = readYaml(file, text)
  const [finding] = 'placeOf' in source ? schemaFindings(file, source, parsed.error, { fix }) : source
  throw new ServiceError('bad_request', finding?.message ?? 'is not what is expected', {
    place: { file, line: finding?.line, column: finding?.column },
    fix,
  })
}
