import { type VerifiedClaims, withVerifiedClaims } from '../access/verified-claims.ts'
import { ServiceError } from '../format/error.ts'
import { overLimit } from '../format/limit.ts'
import { jsonPointer, pointerSteps } from '../format/source-place.ts'
import { type AuditRecord, SENSITIVE_POINTERS } from '../ledger/record.ts'
import type { Observer } from '../model/observation.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import type { Policy } from '../policy/policy.ts'
import type { InputMapping } from '../policy/settings.ts'
import type { DecisionRequest } from './decision-request.ts'

/** The mask rule's entrypoint, by OPA's own name. */
const MASK_ENTRYPOINT = 'system/log/mask'
/** Most values that are masked in one request. */
export const MASKS_MAX = 1_024
/** Most characters that the pointers to masked values have together. */
export const MASK_CHARS_MAX = 262_144
/** Where a record keeps the outlines of what it masks. */
const OUTLINES_POINTER = '/body/masked'
/** What a mask rule that cannot be followed hides. */
const EVERYTHING = SENSITIVE_POINTERS.decision.filter((pointer) => pointer !== OUTLINES_POINTER)
/** Where the request has what a mapping copies as its arguments. */
const ARGUMENTS = '/body/request/action/properties/arguments'

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

/**
 * What a record is stored without: pointers into it, and by pointer below `/body` the outline of each masked value, so that a reader sees
 * which names and types are hidden.
 */
export type Masked = { readonly pointers: readonly string[]; readonly outlines: { readonly [pointer: string]: Outline } }

/** The names and types of a value without what they hold: a type's name, or the outlines of what is inside. */
type Outline = string | readonly Outline[] | { readonly [name: string]: Outline }

const NOTHING: Masked = { pointers: [], outlines: {} }

/** A value is where its outline says, and wherever the record repeats it. */
type Place = { readonly pointers: readonly string[]; readonly value: unknown }

/**
 * The record members that are stored without their value, as the policy set's `system/log/mask` says: the values it names, never what
 * holds them. Fails closed: beyond `MASKS_MAX` or `MASK_CHARS_MAX` it throws `too_large`, or where the decision cannot be refused any more
 * (`mayRefuse` is false) masks every sensitive value, as it does for a rule that cannot be evaluated or says something else than pointers.
 */
export function maskedValues(
  policySet: PolicySet | undefined,
  asked: MaskedRequest,
  observe: Observer,
  mayRefuse: boolean,
): Masked {
  if (policySet?.mask === undefined) return NOTHING
  const { mask, settings } = policySet
  const input = asked.baseInput ?? asked.request
  const pointers = masksOf(mask, input, asked)
  const hidden = asked.claims === undefined ? [] : maskedClaims(mask, asked, asked.claims)
  if (pointers === undefined || hidden === undefined) {
    observe({ kind: 'degraded', cause: 'mask' })
    return everything(asked)
  }
  const named = placesOf(pointers, input)
  const isForeign = asked.baseInput !== undefined
  if (isBeyond(named)) {
    if (mayRefuse) throw tooMany(named)
    return everything(asked)
  }
  const inRecord = isForeign ? foreignPlaces(settings.base.mapping) : requestPlaces
  const places = [...named.map((steps) => ({ pointers: inRecord(jsonPointer(steps)), value: valueAt(input, steps) })), ...hidden]
  return {
    pointers: [...new Set(places.flatMap((place) => place.pointers))].sort(),
    outlines: Object.fromEntries(places.map((place) => [belowBody(place.pointers[0] as string), outlineOf(place.value)])),
  }
}

/** A decision's record with the outlines of what is masked in it. */
export function withMasked(record: AuditRecord, { outlines }: Masked): AuditRecord {
  if (Object.keys(outlines).length === 0) return record
  return { ...record, body: { ...record.body, masked: outlines as AuditRecord['body'][string] } }
}

/** Where a value of the request is in our record. */
function requestPlaces(rest: string): readonly string[] {
  const goals = GOALS.filter((goal) => overlaps(rest, `/context/${goal}`))
  return [`/body/request${rest}`, ...goals.map((goal) => `/body/goal/${goal}`)]
}

/** Where a value of a foreign input is in our record: there, and in the copy that the mapping made of it. */
function foreignPlaces(mapping: InputMapping | undefined): (rest: string) => readonly string[] {
  // What copied it is not known: what hides a part of it hides all copies there may be.
  const unknown = ['/body/request/action/properties', '/body/request/context', '/body/goal']
  const copied = mapping?.arguments === undefined ? undefined : jsonPointer(pointerSteps(mapping.arguments))
  return (rest) => {
    const there = `/body/base_input${rest}`
    if (mapping === undefined) return [there, ...unknown]
    if (copied === undefined || !overlaps(rest, copied)) return [there]
    return [there, `${ARGUMENTS}${rest.slice(copied.length)}`]
  }
}

function isBeyond(named: readonly Steps[]): boolean {
  return named.length > MASKS_MAX || charsOf(named) > MASK_CHARS_MAX
}

function charsOf(named: readonly Steps[]): number {
  return named.reduce((sum, steps) => sum + jsonPointer(steps).length, 0)
}

function tooMany(named: readonly Steps[]): ServiceError {
  const isMany = named.length > MASKS_MAX
  const why = isMany
    ? overLimit('What is masked before it is stored are', 'masks.values_max', { max: MASKS_MAX, came: named.length })
    : overLimit('The places of what is masked have', 'masks.place_chars_max', { max: MASK_CHARS_MAX, came: charsOf(named) })
  return new ServiceError('too_large', why, { fix: 'send fewer members with names of secrets, or fewer at a time' })
}

/** Every sensitive member of a record, each with its outline. */
function everything({ request, baseInput, claims }: MaskedRequest): Masked {
  const body = { request, base_input: baseInput, facts: { caller: { claims } } }
  const outlines = EVERYTHING.flatMap((pointer) => {
    const value = valueAt(body, pointerSteps(belowBody(pointer)))
    return value === undefined ? [] : [[belowBody(pointer), outlineOf(value)] as const]
  })
  return { pointers: EVERYTHING, outlines: Object.fromEntries(outlines) }
}

function belowBody(pointer: string): string {
  return pointer.slice('/body'.length)
}

function outlineOf(value: unknown): Outline {
  if (Array.isArray(value)) return value.map(outlineOf)
  if (typeof value !== 'object') return typeof value
  return value === null ? 'null' : Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, outlineOf(inner)]))
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
function maskedClaims(mask: Policy, asked: MaskedRequest, claims: VerifiedClaims): readonly Place[] | undefined {
  const { request } = asked
  const input = { ...request, subject: withVerifiedClaims(request.subject, claims) }
  const pointers = masksOf(mask, input, asked)
  if (pointers === undefined) return undefined
  const inside = `${CLAIMS_TOLD}/`
  const places = placesOf(pointers, input).map(jsonPointer)
  if (places.some((place) => inside.startsWith(`${place}/`))) return [{ pointers: [CLAIMS_KEPT], value: claims }]
  const names = places.flatMap((place) =>
    place.startsWith(inside) ? pointerSteps(place.slice(CLAIMS_TOLD.length)).slice(0, 1) : [],
  )
  return [...new Set(names)].map((name) => ({
    pointers: [`${CLAIMS_KEPT}${jsonPointer([name])}`],
    value: valueAt(claims, [name]),
  }))
}

/** A mask is a pointer, or `{op, path}`: `remove` and `upsert` alike hide what was there. */
function pointerOf(mask: unknown): string | undefined {
  const path: unknown = typeof mask === 'object' && mask !== null ? (mask as Readonly<Record<string, unknown>>)['path'] : mask
  return typeof path === 'string' && POINTER.test(path) ? path : undefined
}

/** What the pointers name under OPA's `/input`, as far as it is there, each once; the object around a name that no record may have. */
function placesOf(pointers: readonly string[], input: unknown): readonly Steps[] {
  return [...new Set(pointers)].flatMap((pointer) => {
    if (!`${pointer}/`.startsWith('/input/')) return []
    const steps = pointerSteps(pointer).slice(1)
    const refused = steps.indexOf('__proto__')
    const named = refused === -1 ? steps : steps.slice(0, refused)
    return valueAt(input, named) === undefined ? [] : [named]
  })
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
