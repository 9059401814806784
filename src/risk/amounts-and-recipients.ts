import type { ActionClass } from '../catalogue/catalogue-file.ts'
import { pointerSteps } from '../format/source-place.ts'
import { mailsAt } from './destinations.ts'

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
/** The recipients among the destinations: mail addresses, each as often as it is named. */
export function recipientsAt(
  toolArguments: Arguments,
  places: ActionClass['arguments'],
  knownDomains: readonly string[],
): Measure<Recipients> {
  const mails = mailsAt(toolArguments, places)
  if (typeof mails === 'string') return mails
  const domains = [...new Set(mails.map((address) => address.slice(address.lastIndexOf('@') + 1)))].sort()
  return { count: mails.length, domains, new_domains: domains.filter((domain) => !knownDomains.includes(domain)) }
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

/** What the request measures by itself. Null: the tool has no such measure. `unknown`: it has one, but it cannot be read. */
export type Measures = {
  readonly amount: number | null | 'unknown'
  readonly records: number | null | 'unknown'
  readonly recipient_domains: readonly string[] | null | 'unknown'
  /** `kind:value`, sorted. */
  readonly destinations: readonly string[] | null | 'unknown'
}

/** Names under which tools take the addresses of a message, without separators, in lower case. */
const RECIPIENT_NAME =
  /^(?:to|cc|bcc|recipients?|receivers?|attendees?|invitees?|forwardto|sendto)(?:s|list|emails?|address(?:es)?|recipients?)?$/u

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
