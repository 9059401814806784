import type { z } from 'zod'

import { ServiceError } from '../../format/error.ts'
import { readText } from '../../format/read-text.ts'
import { parseStrictJson } from '../../format/strict-json.ts'
import { readYaml, schemaFindings } from '../../format/yaml.ts'
import type { CliDeps } from './deps.ts'

/** Reads a JSON file by its schema. Throws `bad_request` with file, line, column and fix. */
export async function readJsonFile<S extends z.ZodType>(
  deps: Pick<CliDeps, 'cwd' | 'readStdin'>,
  file: string,
  schema: S,
  { fix }: { readonly fix: string },
): Promise<z.infer<S>> {
  const { name, text } = await readText(deps, file)
  const reading = parseStrictJson(text)
  if (!reading.ok) {
    const { line, column, pointer, message } = reading.error
    throw new ServiceError('bad_request', message, { place: { file: name, line, column, pointer }, fix })
  }
  const parsed = schema.safeParse(reading.value)
  if (parsed.success) return parsed.data
  // JSON is YAML: its nodes have places there.
  const source = readYaml(name, text)
  const [finding] = 'placeOf' in source ? schemaFindings(name, source, parsed.error, { fix }) : source
  throw new ServiceError('bad_request', finding?.message ?? 'is not what is expected', {
    place: { file: name, line: finding?.line, column: finding?.column },
    fix,
  })
}
