import type { PolicySet } from './policy-set.ts'
import type { Ask, Observer } from './service.ts'
import { SENSITIVE_POINTERS } from '../model/record.ts'

/** The mask rule's entrypoint, by OPA's own name. */
const MASK_ENTRYPOINT = 'system/log/mask'
/** Most members one decision's mask may name; more, and everything sensitive is masked. */
const MASKS_MAX = 256

/** A JSON Pointer (RFC 6901). */
const POINTER = /^(?:\/(?:[^/~]|~[01])*)*$/u
/** Members of the context that the record repeats as the goal. */
const GOALS = ['purpose', 'session', 'environment'] as const

/** Whether one pointer is, holds, or is inside the other. */
function overlaps(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`)
}

/** Where a pointer under OPA's `/input` is in our record. */
function inRecord(pointer: string, foreign: boolean): readonly string[] {
  if (!`${pointer}/`.startsWith('/input/')) return []
  const rest = pointer.slice('/input'.length)
  // A foreign input is also copied, by its mapping, into the request: what hides a part of it hides the copies.
  return foreign
    ? [`/body/base_input${rest}`, '/body/request/action/properties', '/body/request/context', '/body/goal']
    : [`/body/request${rest}`, ...GOALS.filter((goal) => overlaps(rest, `/context/${goal}`)).map((goal) => `/body/goal/${goal}`)]
}

/**
 * The record members that are stored without their value, as the policy set's `system/log/mask` says. Fails closed: a mask rule
 * that cannot be evaluated, or says something else than pointers, masks every sensitive member.
 */
export async function maskedPointers(policySet: PolicySet | undefined, ask: Ask, observe: Observer): Promise<readonly string[]> {
  if (policySet?.mask === undefined) return []
  const evaluation = await policySet.mask.evaluate(MASK_ENTRYPOINT, {
    input: ask.baseInput ?? ask.request,
    path: ask.entrypoint ?? '',
  })
  if (evaluation.kind === 'undefined') return []
  const masks: unknown = evaluation.kind === 'value' ? evaluation.value : undefined
  const pointers = Array.isArray(masks) && masks.length <= MASKS_MAX ? masks.map(pointerOf) : [undefined]
  if (pointers.includes(undefined)) {
    observe({ kind: 'degraded', cause: 'mask' })
    return SENSITIVE_POINTERS.decision
  }
  return [...new Set(pointers.flatMap((pointer) => inRecord(pointer ?? '', ask.baseInput !== undefined)))].sort()
}

/** A mask is a pointer, or `{op, path}`: `remove` and `upsert` alike hide what was there. */
function pointerOf(mask: unknown): string | undefined {
  const path: unknown = typeof mask === 'object' && mask !== null ? (mask as Readonly<Record<string, unknown>>)['path'] : mask
  return typeof path === 'string' && POINTER.test(path) && !path.includes('__proto__') ? path : undefined
}
