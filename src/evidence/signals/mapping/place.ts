import { pointerSteps } from '../../../format/source-place.ts'
import { valueInside } from '../../../format/value-inside.ts'
import type { SignalPlace } from '../settings.ts'

/** What an alert can say at one place. */
export type AlertValue = string | number | boolean
/** What was found at a place, in words of ours; or why there is nothing, in a few words. */
export type AtPlace = { readonly ok: true; readonly value: AlertValue } | { readonly ok: false; readonly because: string }

/** Longest text of an alert that a message quotes, characters. */
const QUOTED_CHARS_MAX = 64
/** Values of one place that a condition looks at. */
const VALUES_MAX = 64
/** Longest text that is compared, and that is taken apart at its commas; those of mappings are shorter. Characters. */
const COMPARED_CHARS_MAX = 512

/** Reads a place of an alert: the first pointer at which a value stands, put into other words by the table. */
export function readPlace({ at = [], table, value }: SignalPlace, alert: unknown): AtPlace {
  const found = at.map((pointer) => ({ pointer, value: scalarAt(alert, pointer) })).find((each) => each.value !== undefined)
  const theirs = found?.value
  if (found === undefined || theirs === undefined)
    return value === undefined ? { ok: false, because: `nothing at ${at.join(', ')}` } : { ok: true, value }
  if (table === undefined) return { ok: true, value: theirs }
  const word = Object.entries(table).find(([name]) => alike(name, theirs))?.[1] ?? value
  if (word !== undefined) return { ok: true, value: word }
  return { ok: false, because: `${quoted(theirs)} at ${found.pointer} is not in its table` }
}

/** Whether something stands at one of the pointers that is one of these, or a list with one of them; without them, anything. */
export function holds(at: readonly string[], among: readonly AlertValue[] | undefined, alert: unknown): boolean {
  return at.some((pointer) => {
    const values = scalarsAt(alert, pointer)
    return among === undefined ? values.length > 0 : values.some((value) => among.some((each) => alike(each, value)))
  })
}

/** A value that is there; a list of one counts as the one: search results come so. */
function scalarAt(alert: unknown, pointer: string): AlertValue | undefined {
  const value = valueInside(alert, pointerSteps(pointer))
  const one: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value
  return isScalar(one) ? one : undefined
}

/** What a condition looks at: a value, each of a list, each part of a text with commas. */
function scalarsAt(alert: unknown, pointer: string): readonly AlertValue[] {
  const value = valueInside(alert, pointerSteps(pointer))
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return values
    .filter(isScalar)
    .slice(0, VALUES_MAX)
    .flatMap((each) => [each, ...partsOf(each)])
    .slice(0, VALUES_MAX)
}

function partsOf(value: AlertValue): readonly string[] {
  if (typeof value !== 'string' || value.length > COMPARED_CHARS_MAX || !value.includes(',')) return []
  return value.split(',').map((part) => part.trim())
}

function isScalar(value: unknown): value is AlertValue {
  return typeof value === 'number' || typeof value === 'boolean' || (typeof value === 'string' && value !== '')
}

function alike(ours: AlertValue, theirs: AlertValue): boolean {
  const text = String(theirs)
  return text.length <= COMPARED_CHARS_MAX && String(ours).toLowerCase() === text.toLowerCase()
}

function quoted(value: AlertValue): string {
  const text = String(value)
  return JSON.stringify(text.length > QUOTED_CHARS_MAX ? `${text.slice(0, QUOTED_CHARS_MAX)}…` : text)
}
