import { type VerifiedClaims, withVerifiedClaims } from '../access/verified-claims.ts'
import { jsonPointer, pointerSteps } from '../format/source-place.ts'
import { SENSITIVE_POINTERS } from '../ledger/record.ts'
import type { Observer } from '../model/observation.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import type { Policy } from '../policy/policy.ts'
import type { DecisionRequest } from './decision-request.ts'

/** The mask rule's entrypoint, by OPA's own name. */
const MASK_ENTRYPOINT = 'system/log/mask'
/** Most places that masks hide one by one; beyond it they hide what holds those places. */
const MASKS_MAX = 256
/** Most members that masks may leave beside themselves, each of which is then sealed on its own; beyond it they hide what holds them. */
const SIBLINGS_MAX = 1_024
/** Members of a request that are sealed whole; masks inside them are never widened beyond them. */
const SEALED_STEPS = SENSITIVE_POINTERS.decision
  .filter((pointer) => pointer.startsWith('/body/request/'))
  .map((pointer) => pointerSteps(pointer.slice('/body/request'.length)))

/** A JSON Pointer (RFC 6901). */
const POINTER = /^(?:\/(?:[^/~]|~[01])*)*$/u
/** Members of the context that the record repeats as the goal. */
const GOALS = ['purpose', 'session', 'environment'] as const

/** Where policies are told verified claims, and where the record keeps them. */
const CLAIMS_TOLD = '/subject/properties/verified'
const CLAIMS_KEPT = '/body/facts/caller/claims'

/** What masks are asked about: a question, and what the issuer says of who asks. */
type MaskedRequest = DecisionRequest & { readonly claims?: VerifiedClaims | undefined }

/** Whether one pointer is, holds, or is inside the other. */
function overlaps(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`)
}

/** Steps into a JSON document, from its root. */
type Steps = readonly string[]

/** Where a place in the input is in our record. */
function inRecord(steps: Steps, foreign: boolean): readonly string[] {
  const rest = jsonPointer(steps)
  // A foreign input is also copied, by its mapping, into the request: what hides a part of it hides the copies.
  return foreign
    ? [`/body/base_input${rest}`, '/body/request/action/properties', '/body/request/context', '/body/goal']
    : [`/body/request${rest}`, ...GOALS.filter((goal) => overlaps(rest, `/context/${goal}`)).map((goal) => `/body/goal/${goal}`)]
}

/**
 * The record members that are stored without their value, as the policy set's `system/log/mask` says. Fails closed: a mask rule
 * that cannot be evaluated, or says something else than pointers, masks every sensitive member.
 */
export function maskedPointers(policySet: PolicySet | undefined, asked: MaskedRequest, observe: Observer): readonly string[] {
  if (policySet?.mask === undefined) return []
  const { mask } = policySet
  const input = asked.baseInput ?? asked.request
  const pointers = masksOf(mask, input, asked)
  const hidden = asked.claims === undefined ? [] : maskedClaims(mask, asked, asked.claims)
  if (pointers === undefined || hidden === undefined) {
    observe({ kind: 'degraded', cause: 'mask' })
    return SENSITIVE_POINTERS.decision
  }
  const foreign = asked.baseInput !== undefined
  const places = placesOf(pointers, input)
  const kept = widened(places, input, foreign ? [] : SEALED_STEPS)
  return [...new Set([...kept.flatMap((steps) => inRecord(steps, foreign)), ...hidden])].sort()
}

/** The pointers that the mask rule gives for an input; undefined where it fails or says something else. */
function masksOf(mask: Policy, input: unknown, { entrypoint = '' }: MaskedRequest): readonly string[] | undefined {
  const evaluation = mask.evaluate(MASK_ENTRYPOINT, { input, path: entrypoint })
  if (evaluation.kind === 'undefined') return []
  const masks: unknown = evaluation.kind === 'value' ? evaluation.value : undefined
  const pointers = Array.isArray(masks) ? masks.map(pointerOf) : [undefined]
  return pointers.every((pointer) => pointer !== undefined) ? pointers : undefined
}

/** Claims that are stored without their value: those that the mask rule would hide where policies are told them, each whole. */
function maskedClaims(mask: Policy, asked: MaskedRequest, claims: VerifiedClaims): readonly string[] | undefined {
  const { request } = asked
  const input = { ...request, subject: withVerifiedClaims(request.subject, claims) }
  const pointers = masksOf(mask, input, asked)
  if (pointers === undefined) return undefined
  const inside = `${CLAIMS_TOLD}/`
  const places = placesOf(pointers, input).map(jsonPointer)
  if (places.some((place) => inside.startsWith(`${place}/`))) return [CLAIMS_KEPT]
  const names = places.flatMap((place) =>
    place.startsWith(inside) ? pointerSteps(place.slice(CLAIMS_TOLD.length)).slice(0, 1) : [],
  )
  return [...new Set(names)].map((name) => `${CLAIMS_KEPT}${jsonPointer([name])}`)
}

/** A mask is a pointer, or `{op, path}`: `remove` and `upsert` alike hide what was there. */
function pointerOf(mask: unknown): string | undefined {
  const path: unknown = typeof mask === 'object' && mask !== null ? (mask as Readonly<Record<string, unknown>>)['path'] : mask
  return typeof path === 'string' && POINTER.test(path) ? path : undefined
}

/** What the pointers name under OPA's `/input`, as far as it is there; the object around a name that the log refuses in pointers. */
function placesOf(pointers: readonly string[], input: unknown): readonly Steps[] {
  return pointers.flatMap((pointer) => {
    if (!`${pointer}/`.startsWith('/input/')) return []
    const steps = pointerSteps(pointer).slice(1)
    const refused = steps.findIndex((step) => step.includes('__proto__'))
    const named = refused === -1 ? steps : steps.slice(0, refused)
    return valueAt(input, named) === undefined ? [] : [named]
  })
}

/**
 * The same places, or what holds them: cut level by level from the deepest, never above a `root`, until they are few enough and
 * leave few enough members beside them.
 */
function widened(places: readonly Steps[], input: unknown, roots: readonly Steps[]): readonly Steps[] {
  const levelsOf = (place: Steps): number =>
    roots.find((root) => root.every((step, level) => place[level] === step))?.length ?? (roots.length === 0 ? 0 : place.length)
  let kept = distinct(places)
  for (let levels = Math.max(0, ...kept.map(({ length }) => length)) - 1; levels >= 0 && !areFew(kept, input); levels -= 1) {
    kept = distinct(kept.map((place) => place.slice(0, Math.max(levels, levelsOf(place)))))
  }
  return kept
}

function distinct(places: readonly Steps[]): readonly Steps[] {
  return [...new Map(places.map((place) => [jsonPointer(place), place])).values()]
}

function areFew(places: readonly Steps[], input: unknown): boolean {
  if (places.length > MASKS_MAX) return false
  const holders = distinct(places.flatMap((place) => place.map((_, level) => place.slice(0, level))))
  const siblings = holders.reduce((sum, holder) => sum + Object.keys(valueAt(input, holder) as object).length, 0)
  return siblings <= SIBLINGS_MAX
}

/** The value at a place; undefined where there is none. */
function valueAt(input: unknown, steps: Steps): unknown {
  return steps.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Readonly<Record<string, unknown>>)[step]
        : undefined,
    input,
  )
}
