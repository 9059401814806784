import type { z } from 'zod'

import { mappedInput } from '../../decisions/mapped-input.ts'
import { type FixtureQuestion, mappedQuestion } from '../../fixtures/request.ts'
import { ServiceError } from '../../format/error.ts'
import { readText } from '../../format/read-text.ts'
import { parseStrictJson } from '../../format/strict-json.ts'
import { readYaml } from '../../format/yaml.ts'
import { Request } from '../../model/request.ts'
import type { InputMapping } from '../../policy/settings.ts'
import type { CliDeps } from './deps.ts'

/**
 * Reads what is asked: strict JSON as the service takes it, or YAML from a `.yaml` file. With a mapping it may be the input of a foreign base, as
 * the server takes it on the entrypoint. Errors name file, line and column.
 */
export async function readQuestion(
  deps: Pick<CliDeps, 'cwd' | 'readStdin'>,
  file: string,
  mapping: InputMapping | undefined,
): Promise<FixtureQuestion> {
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
  if (mapping !== undefined && mappedInput(source.value, mapping).ok) return mappedQuestion(source.value, mapping, name)
  const parsed = Request.safeParse(source.value)
  if (parsed.success) return { request: parsed.data }
  // Neither of the two: where it has nothing of a request, the foreign input is what was meant.
  if (mapping !== undefined && !hasSubject(source.value)) return mappedQuestion(source.value, mapping, name)
  throw schemaError(name, source.placeOf, parsed.error)
}

function hasSubject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'subject')
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
