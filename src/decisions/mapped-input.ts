import { pointerSteps } from '../format/source-place.ts'
import { valueInside } from '../format/value-inside.ts'
import type { InputMapping } from '../policy/settings.ts'

/** Resource id where the mapping names none. */
const RESOURCE_UNSPECIFIED = 'unspecified'

/** What a foreign input says where the mapping points: members of a request, still unchecked; or what is not a text there. */
export type MappedInput =
  { readonly ok: true; readonly request: unknown } | { readonly ok: false; readonly pointer: string; readonly message: string }

/**
 * The request that a foreign input stands for: the values at the configured places are copied, the input is untouched. A place that is
 * missing or not a string is refused, because an action of an unknown agent cannot be graduated.
 */
export function mappedInput(input: unknown, mapping: InputMapping): MappedInput {
  const subject = textAt(input, mapping.subject, 'agent')
  if (typeof subject !== 'string') return subject
  const action = textAt(input, mapping.action, 'action')
  if (typeof action !== 'string') return action
  const resource = mapping.resource === undefined ? RESOURCE_UNSPECIFIED : textAt(input, mapping.resource, 'resource')
  if (typeof resource !== 'string') return resource
  const given = mapping.arguments === undefined ? undefined : valueInside(input, pointerSteps(mapping.arguments))
  const request = {
    subject: { type: mapping.subject_type, id: subject },
    action: { name: action, ...(given === undefined ? {} : { properties: { arguments: given } }) },
    resource: { type: mapping.resource_type, id: resource },
  }
  return { ok: true, request }
}

function textAt(input: unknown, pointer: string, what: string): string | Extract<MappedInput, { ok: false }> {
  const value = valueInside(input, pointerSteps(pointer))
  if (typeof value === 'string') return value
  const found =
    value === undefined ? 'nothing' : value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
  return { ok: false, pointer, message: `The ${what} is a string at ${pointer} of the input; there is ${found}.` }
}
