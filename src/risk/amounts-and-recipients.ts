import { pointerSteps } from '../format/source-place.ts'

/** Most recipients of one request; of more the domains are not read. */
export const RECIPIENTS_MAX = 1_000

/** What a request measures: absent where the tool has no such measure, unavailable where it has one that cannot be read. */
export type Measure<T> = T | 'unavailable' | 'not_applicable'
type Arguments = Readonly<Record<string, unknown>> | undefined

/** The amount at a JSON Pointer into the arguments: a finite number of at least 0, nothing that merely looks like one. */
export function amountAt(toolArguments: Arguments, pointer: string | undefined): Measure<{ readonly value: number }> {
  if (pointer === undefined) return 'not_applicable'
  const value = valueAt(toolArguments, pointer)
  return isCount(value) ? { value } : 'unavailable'
}

/** How many records are touched: a finite number of at least 0, or the length of a list. */
export function recordsAt(toolArguments: Arguments, pointer: string | undefined): Measure<{ readonly count: number }> {
  if (pointer === undefined) return 'not_applicable'
  const value = valueAt(toolArguments, pointer)
  if (Array.isArray(value)) return { count: value.length }
  return isCount(value) ? { count: value } : 'unavailable'
}

/** Recipients with the domains of their addresses, lower-case, sorted; `new_domains` are those not known before. */
export type Recipients = { readonly count: number; readonly domains: readonly string[]; readonly new_domains: readonly string[] }
/** Where recipients are in the arguments: one JSON Pointer, or several that all count; an empty list says that there are none. */
export type RecipientPointers = string | readonly string[] | undefined

/**
 * The recipients at JSON Pointers: mail addresses in texts or lists. A pointer may find nothing, but what it finds has to be
 * addresses; one that is none makes all of them unavailable, and so do pointers that all find nothing. An empty list is nobody.
 */
export function recipientsAt(
  toolArguments: Arguments,
  pointers: RecipientPointers,
  knownDomains: readonly string[],
): Measure<Recipients> {
  const places = pointersOf(pointers)
  if (places.length === 0) return 'not_applicable'
  const values = places.map((pointer) => memberAt(toolArguments, pointer)).filter((value) => value !== undefined)
  const entries = values.flatMap((value): readonly unknown[] => (Array.isArray(value) ? value : [value]))
  if (values.length === 0 || entries.length > RECIPIENTS_MAX) return 'unavailable'
  const found = entries.flatMap((entry) => (typeof entry === 'string' ? entry.split(/[,;]/u, RECIPIENTS_MAX + 1) : [undefined]))
  const domains = found.map((recipient) => (recipient === undefined ? undefined : domainOf(recipient)))
  if (found.length > RECIPIENTS_MAX || !domains.every((domain) => domain !== undefined)) return 'unavailable'
  const sorted = [...new Set(domains)].sort()
  return { count: found.length, domains: sorted, new_domains: sorted.filter((domain) => !knownDomains.includes(domain)) }
}

/** The pointers as a list. */
export function pointersOf(pointers: RecipientPointers): readonly string[] {
  return typeof pointers === 'string' ? [pointers] : (pointers ?? [])
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity
}

/** The own member that a JSON Pointer (RFC 6901) names; undefined where there is none. */
function valueAt(toolArguments: Arguments, pointer: string): unknown {
  return pointerSteps(pointer).reduce<unknown>((value, name) => {
    if (typeof value !== 'object' || value === null) return undefined
    return Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined
  }, toolArguments)
}

/** Like `valueAt`; null, which is never a recipient, where something on the way is no object: what was meant to be there is somewhere else. */
function memberAt(toolArguments: Arguments, pointer: string): unknown {
  return pointerSteps(pointer).reduce<unknown>((value, name) => {
    if (value === undefined) return undefined
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    return Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined
  }, toolArguments ?? null)
}

/** What the request measures by itself. Null: the tool has no such measure. `unknown`: it has one, but it cannot be read. */
export type Measures = {
  readonly amount: number | null | 'unknown'
  readonly records: number | null | 'unknown'
  readonly recipient_domains: readonly string[] | null | 'unknown'
}

/** Names under which tools take the addresses of a message, without separators, in lower case. */
const RECIPIENT_NAME =
  /^(?:to|cc|bcc|recipients?|receivers?|attendees?|invitees?|forwardto|sendto)(?:s|list|emails?|address(?:es)?|recipients?)?$/u

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u

/** The plain form of RFC 5321; without `%` and `!`, by which some servers pass mail on to another domain than the one after the `@`. */
const ADDRESS = /^[A-Za-z0-9#$&'*+/=?^_`{|}~.-]{1,64}@([A-Za-z0-9.-]{1,253})$/u

/** A name before the address holds nothing that could itself be an address, end a quotation, or set off another recipient. */
const NAMED = /^(?:"[^"\\<>@]*"|[^"\\<>@(),:;[\]]*) *<([^<>]*)>$/u

/** Control, format, surrogate, private use, unassigned, separators, default ignorable, and spaces other than U+0020: what a person does not see. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/u

/** Longest recipient that is read, in characters. */
const RECIPIENT_CHARS_MAX = 512

/**
 * The domain, lower-case, of `local@domain` or `Name <local@domain>`; undefined for everything else. International domains only
 * in their `xn--` form, so that none is mistaken for another. What two programs could read in two ways is not read.
 */
function domainOf(recipient: string): string | undefined {
  if (recipient.length > RECIPIENT_CHARS_MAX || INVISIBLE.test(recipient)) return undefined
  const trimmed = recipient.trim()
  const address = trimmed.endsWith('>') ? NAMED.exec(trimmed)?.[1] : trimmed
  const domain = ADDRESS.exec(address ?? '')?.[1]?.toLowerCase()
  return domain?.split('.').every((label) => LABEL.test(label)) ? domain : undefined
}

/**
 * Whether arguments hold addresses in a member that is named like recipients and lies at none of these JSON Pointers: somebody would
 * receive the message whom nobody counted.
 */
export function hasUnnamedRecipients(toolArguments: unknown, pointers: readonly string[]): boolean {
  const named = new Set(pointers.map((pointer) => JSON.stringify(pointerSteps(pointer))))
  const search = (value: unknown, path: readonly string[]): boolean => {
    if (typeof value !== 'object' || value === null || named.has(JSON.stringify(path))) return false
    return Object.entries(value).some(([name, member]) => {
      const at = [...path, name]
      const isUnnamed = !Array.isArray(value) && isRecipientName(name) && !covers(at)
      return (isUnnamed && holdsAddress(member)) || search(member, at)
    })
  }
  /** A pointer to a place or to something inside of it. */
  const covers = (at: readonly string[]): boolean =>
    pointers.some((pointer) => at.every((name, place) => pointerSteps(pointer)[place] === name))
  return search(toolArguments, [])
}

function isRecipientName(name: string): boolean {
  return RECIPIENT_NAME.test(
    name
      .normalize('NFKC')
      .replace(/[^\p{L}\p{N}]/gu, '')
      .toLowerCase(),
  )
}

function holdsAddress(value: unknown): boolean {
  if (typeof value === 'string') return value.normalize('NFKC').includes('@')
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsAddress)
}
