/** Most recipients of one request; of more the domains are not read. */
export const RECIPIENTS_MAX = 1_000
/** Longest recipient that is read, in characters. */
export const RECIPIENT_CHARS_MAX = 512

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

/** The recipients at a JSON Pointer: mail addresses in a text or a list. One that is not an address makes them unavailable. */
export function recipientsAt(
  toolArguments: Arguments,
  pointer: string | undefined,
  knownDomains: readonly string[],
): Measure<Recipients> {
  if (pointer === undefined) return 'not_applicable'
  const value = valueAt(toolArguments, pointer)
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length > RECIPIENTS_MAX) return 'unavailable'
  const found = list.flatMap((entry) => (typeof entry === 'string' ? entry.split(/[,;]/u, RECIPIENTS_MAX + 1) : [undefined]))
  const domains = found.map(domainOf)
  if (found.length > RECIPIENTS_MAX || !domains.every((domain) => domain !== undefined)) return 'unavailable'
  const sorted = [...new Set(domains)].sort()
  return { count: found.length, domains: sorted, new_domains: sorted.filter((domain) => !knownDomains.includes(domain)) }
}

const ADDRESS = /^[^\s@<>"(),:;[\]\\]{1,64}@([a-z0-9][a-z0-9.-]{0,252})$/u
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u

/** The domain of `local@domain` or `Name <local@domain>`; international domains only in their `xn--` form, so that none is mistaken for another. */
function domainOf(recipient: string | undefined): string | undefined {
  if (recipient === undefined || recipient.length > RECIPIENT_CHARS_MAX) return undefined
  const trimmed = recipient.trim()
  const open = trimmed.indexOf('<')
  const address = open >= 0 && trimmed.endsWith('>') ? trimmed.slice(open + 1, -1) : trimmed
  const domain = ADDRESS.exec(address.toLowerCase())?.[1]
  return domain?.split('.').every((label) => LABEL.test(label)) ? domain : undefined
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity
}

/** The own member that a JSON Pointer (RFC 6901) names; undefined where there is none. */
function valueAt(toolArguments: Arguments, pointer: string): unknown {
  const names = pointer.split('/').slice(1)
  return names.reduce<unknown>((value, name) => {
    if (typeof value !== 'object' || value === null) return undefined
    const key = name.replaceAll('~1', '/').replaceAll('~0', '~')
    return Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : undefined
  }, toolArguments)
}
