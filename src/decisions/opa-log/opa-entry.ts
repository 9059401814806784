import { z } from 'zod'

import { Request } from '../../model/request.ts'
import type { InputMapping } from '../../policy/settings.ts'
import { mappedInput } from '../mapped-input.ts'

/** Most path segments of an entry. */
const SEGMENTS_MAX = 64

/** One decision of an OPA decision log (EventV1), as far as it is read; members that are not named here are OPA's own. */
export const OpaEntry = z.looseObject({
  decision_id: z.string().min(1).max(256),
  timestamp: z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'is not a time (RFC 3339)'),
  path: z.string().max(2_048).optional(),
  query: z.string().optional(),
  input: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z.unknown().optional(),
  erased: z.array(z.string()).optional(),
  masked: z.array(z.string()).optional(),
})
export type OpaEntry = z.infer<typeof OpaEntry>

/** Whether a value of a log is a decision at all; a console log also holds other lines. */
export function isDecisionEntry(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'decision_id' in value && ('path' in value || 'query' in value)
}

/** Why an entry tells too little: what was asked or answered is hidden, or there is no answer. Undefined where it tells enough. */
export function unreadableBecause({ erased = [], masked = [], error }: OpaEntry): 'erased' | 'masked' | 'failed' | undefined {
  // What else is hidden (`/nd_builtin_cache`) is no part of the question or the answer.
  const hides = (pointers: readonly string[]): boolean => pointers.some((pointer) => /^\/(?:input|result)(?:\/|$)/u.test(pointer))
  if (hides(erased)) return 'erased'
  if (hides(masked)) return 'masked'
  return error === undefined ? undefined : 'failed'
}

/** The path segments of an entry; OPA writes no leading slash, receivers tolerate one. */
function segmentsOf(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '')
}

/** Which entrypoint of a base an entry asked, and where inside its answer; undefined where the base has none above the path. The longest wins. */
export function entrypointFor(
  { path }: OpaEntry,
  entrypoints: readonly string[],
): { readonly entrypoint: string; readonly inside: readonly string[] } | undefined {
  const asked = segmentsOf(path ?? '')
  if (asked.length > SEGMENTS_MAX) return undefined
  const [found] = entrypoints
    .map((entrypoint) => ({ entrypoint, parts: segmentsOf(entrypoint) }))
    .filter(({ parts }) => parts.length > 0 && parts.every((part, index) => part === asked[index]))
    .sort((a, b) => b.parts.length - a.parts.length)
  return found === undefined ? undefined : { entrypoint: found.entrypoint, inside: asked.slice(found.parts.length) }
}

/**
 * The request that an entry's input stands for: by the configured mapping, otherwise what of the input has AuthZEN's shape. Undefined
 * where it stands for none; nothing is guessed.
 */
export function requestIn(input: unknown, mapping: InputMapping | undefined): Request | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined
  return mapping === undefined ? authzenRequest(input) : mappedRequest(input, mapping)
}

/** AuthZEN ignores members that it does not know. */
const Shape = z.object({
  subject: Request.shape.subject.strip(),
  action: Request.shape.action.strip(),
  resource: Request.shape.resource.strip(),
  context: Request.shape.context,
})

function authzenRequest(input: object): Request | undefined {
  const parsed = Shape.safeParse(input)
  if (!parsed.success) return undefined
  const { context, ...rest } = parsed.data
  return context === undefined ? rest : { ...rest, context }
}

function mappedRequest(input: object, mapping: InputMapping): Request | undefined {
  const mapped = mappedInput(input, mapping)
  return mapped.ok ? Request.safeParse(mapped.request).data : undefined
}
