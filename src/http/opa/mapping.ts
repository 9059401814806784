import { mappedInput } from '../../decisions/mapped-input.ts'
import { Request } from '../../model/request.ts'
import type { InputMapping } from '../../policy/settings.ts'
import { type Parsed, refuseRequest } from '../exchange.ts'
import { checkShape } from '../input.ts'

/** The request that a foreign input stands for, or the refusal with the place that is not as the mapping says. */
export function mappedRequest(input: unknown, mapping: InputMapping): Parsed<Request> {
  const mapped = mappedInput(input, mapping)
  if (mapped.ok) return checkShape(Request, mapped.request)
  return refuseRequest('bad_request', mapped.message, {
    fix: 'Correct the input, or `base.mapping` in the configuration.',
    errors: [{ pointer: `/input${mapped.pointer}`, message: mapped.message }],
  })
}
