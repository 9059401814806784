import { pointerSteps } from '../../format/source-place.ts'
import { Request } from '../../model/request.ts'
import type { InputMapping } from '../../policy/settings.ts'
import { type Parsed, refuseRequest } from '../exchange.ts'
import { checkShape } from '../input.ts'
import { select } from './path.ts'

/** Resource id where the mapping names none. */
export const RESOURCE_UNSPECIFIED = 'unspecified'

/**
 * Builds the request that a foreign input stands for: the values at the configured places are copied, the input is untouched. A
 * place that is missing or not a string is refused, because an action of an unknown agent cannot be graduated.
 */
export function mappedRequest(input: unknown, mapping: InputMapping): Parsed<Request> {
  const subject = textAt(input, mapping.subject, 'agent')
  if (!subject.ok) return subject
  const action = textAt(input, mapping.action, 'action')
  if (!action.ok) return action
  const resource =
    mapping.resource === undefined
      ? { ok: true as const, value: RESOURCE_UNSPECIFIED }
      : textAt(input, mapping.resource, 'resource')
  if (!resource.ok) return resource
  const given = mapping.arguments === undefined ? undefined : select(input, pointerSteps(mapping.arguments))
  return checkShape(Request, {
    subject: { type: mapping.subject_type, id: subject.value },
    action: { name: action.value, ...(given === undefined ? {} : { properties: { arguments: given } }) },
    resource: { type: mapping.resource_type, id: resource.value },
  })
}

function textAt(input: unknown, pointer: string, what: string): Parsed<string> {
  const value = select(input, pointerSteps(pointer))
  if (typeof value === 'string') return { ok: true, value }
  const found =
    value === undefined ? 'nothing' : value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
  const message = `The ${what} is a string at ${pointer} of the input; there is ${found}.`
  return refuseRequest('bad_request', message, {
    fix: 'Correct the input, or `base.mapping` in the configuration.',
    errors: [{ pointer: `/input${pointer}`, message }],
  })
}
