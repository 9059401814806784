import type { z } from 'zod'

import { ServiceError } from '../../format/error.ts'
import { readText } from '../../format/read-text.ts'
import { parseStrictJson } from '../../format/strict-json.ts'
import { readYaml } from '../../format/yaml.ts'
import { Request } from '../../model/request.ts'
import type { CliDeps } from './deps.ts'

/** Reads one request: strict JSON as the service takes it, or YAML from a `.yaml` file. Errors name file, line and column. */
export async function readRequest(deps: Pick<CliDeps, 'cwd' | 'readStdin'>, file: string): Promise<Request> {
  const { name, text } = await readText(deps, file)
  const isYaml = /\.ya?ml$/u.test(file)
  if (!isYaml) {
    const reading = parseStrictJson(text)
    if (!reading.ok) {
      const { line, column, pointer, message } = reading.error
      throw new ServiceError('bad_request', message, {
        place: { file: name, line, column, pointer },
        fix: 'send one request in the shape {subject, action, resource, context}',
      })
    }
  }
  const source = readYaml(name, text)
  if (!('placeOf' in source)) throw fromFinding(source[0])
  const parsed = Request.safeParse(source.value)
  if (parsed.success) return parsed.data
  throw schemaError(name, source.placeOf, parsed.error)
}

function fromFinding(
  finding:
    | { readonly file: string; readonly line: number; readonly column: number; readonly message: string; readonly fix: string }
    | undefined,
): ServiceError {
  return new ServiceError('bad_request', finding?.message ?? 'the file cannot be read', {
    place: { file: finding?.file, line: finding?.line, column: finding?.column },
    fix: finding?.fix ?? 'mend the syntax',
  })
}

function schemaError(
  file: string,
  placeOf: (path: readonly PropertyKey[]) => { readonly line: number; readonly column: number },
  error: z.ZodError,
): ServiceError {
  const [issue] = error.issues
  const path = issue?.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : (issue?.path ?? [])
  const pointer = `/${path.map(String).join('/')}`
  return new ServiceError('bad_request', `${pointer}: ${issue?.message ?? 'is not a request'}`, {
    place: { file, ...placeOf(path), pointer },
    fix: 'see schemas/request.schema.json for the shape of a request',
  })
}
