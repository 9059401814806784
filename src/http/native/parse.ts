import type { z } from 'zod'

import { identifier } from '../../format/identifier.ts'
import { ID_CHARS_MAX } from '../../model/request.ts'
import type { Exchange, Fault, Handler, Parsed, Reply } from '../exchange.ts'
import { checkShape, parseAs } from '../validate.ts'

/** An id in a path. */
export const Id = identifier(ID_CHARS_MAX)

/** A handler of a body of this shape. `empty`: what no body at all stands for, where that is accepted. */
export function withBody<T>(
  schema: z.ZodType<T>,
  handle: (body: T, exchange: Exchange) => Promise<Reply | Fault>,
  empty?: object,
): Handler {
  return (exchange) => {
    const parsed =
      empty !== undefined && exchange.body.byteLength === 0 ? checkShape(schema, empty) : parseAs(schema, exchange.body)
    return parsed.ok ? handle(parsed.value, exchange) : parsed.fault
  }
}

/** Handles a parameter of the path of this shape; the refusal names the parameter. */
export async function withParam<T>(
  schema: z.ZodType<T>,
  params: Exchange['params'],
  name: string,
  handle: (value: T) => Promise<Reply | Fault>,
): Promise<Reply | Fault> {
  const parsed: Parsed<T> = checkShape(schema, params[name])
  if (parsed.ok) return handle(parsed.value)
  return { ...parsed.fault, message: `{${name}} in the path: ${parsed.fault.message}`, errors: undefined }
}
