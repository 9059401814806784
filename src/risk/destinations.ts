import type { ActionClass, DestinationKind, DestinationPlace } from '../catalogue/catalogue-file.ts'
import { checkIdentifier } from '../format/identifier.ts'
import { byCodeUnit } from '../format/order.ts'
import { pointerSteps } from '../format/source-place.ts'
import { domainName, mailAddress } from './mail-address.ts'

/** Most destinations of one request; of more none is read. */
export const DESTINATIONS_MAX = 1_000

/** Whom or what an action reaches: `value` is in the one spelling that equal ones have. */
export type Destination = { readonly kind: DestinationKind; readonly value: string }
/** All of a request; unavailable where one cannot be read, or a place that has to be there is not. */
export type Destinations = readonly Destination[] | 'unavailable' | 'not_applicable'

/**
 * The destinations at the places of a tool, without repetitions, sorted by name. `recipients` are mail addresses of which one place has to be
 * there; a place of `destinations` has to be there unless it is optional. An empty list is nobody.
 */
export function destinationsAt(toolArguments: unknown, places: ActionClass['arguments']): Destinations {
  const found = readAll(toolArguments, places)
  if (typeof found === 'string') return found
  const distinct = new Map(found.map((each) => [destinationName(each), each]))
  return [...distinct].sort(([a], [b]) => byCodeUnit(a, b)).map(([, each]) => each)
}

/** The mail addresses among them, in their order, each as often as it is named; not applicable where the tool has no place for any. */
export function mailsAt(toolArguments: unknown, { recipients, destinations = [] }: ActionClass['arguments']) {
  const found = readAll(toolArguments, { recipients, destinations: destinations.filter(({ kind }) => kind === 'mail') })
  return typeof found === 'string' ? found : found.map(({ value }) => value)
}

/** Every pointer at which a tool takes mail addresses. */
export function mailPointers({ recipients, destinations = [] }: ActionClass['arguments']): readonly string[] {
  return [...pointersOf(recipients), ...destinations.filter(({ kind }) => kind === 'mail').map(({ at }) => at)]
}

/** Whether a tool has a place for anybody or anything that it reaches. */
export function hasDestinations({ recipients, destinations = [] }: Places): boolean {
  return pointersOf(recipients).length + destinations.length > 0
}

function readAll(toolArguments: unknown, places: Places): Destinations {
  if (!hasDestinations(places)) return 'not_applicable'
  const { recipients, destinations = [] } = places
  const mails = pointersOf(recipients)
  const found = [
    ...(mails.length === 0 ? [] : [anyMailsAt(toolArguments, mails)]),
    ...destinations.map((place) => destinationsOf(toolArguments, place)),
  ]
  if (!found.every((each) => each !== undefined)) return 'unavailable'
  const all = found.flat()
  return all.length > DESTINATIONS_MAX ? 'unavailable' : all
}

/** A destination as rules and lists name it: `iban:DE89370400440532013000`. */
export function destinationName({ kind, value }: Destination): string {
  return `${kind}:${value}`
}

type Places = Pick<ActionClass['arguments'], 'recipients' | 'destinations'>

function pointersOf(pointers: Places['recipients']): readonly string[] {
  return typeof pointers === 'string' ? [pointers] : (pointers ?? [])
}

/** Addresses at any of several places; undefined where none is there, or one cannot be read. */
function anyMailsAt(toolArguments: unknown, pointers: readonly string[]): readonly Destination[] | undefined {
  const found = pointers.map((at) => destinationsOf(toolArguments, { at, kind: 'mail', optional: true }))
  const isThere = pointers.some((at) => memberAt(toolArguments, at) !== undefined)
  return isThere && found.every((each) => each !== undefined) ? found.flat() : undefined
}

function destinationsOf(toolArguments: unknown, { at, kind, optional }: DestinationPlace): readonly Destination[] | undefined {
  const value = memberAt(toolArguments, at)
  if (value === undefined) return optional ? [] : undefined
  const entries = textsOf(value, kind)
  if (entries === undefined) return undefined
  const read = entries.map((entry) => READ[kind](entry))
  return read.every((each) => each !== undefined) ? read.map((each): Destination => ({ kind, value: each })) : undefined
}

/** The entries of a value: of a list each; of a text with mail addresses each. Accounts may be whole numbers. */
function textsOf(value: unknown, kind: DestinationKind): readonly string[] | undefined {
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (entries.length > DESTINATIONS_MAX) return undefined
  const texts = entries.map((entry) => (kind === 'account' && Number.isSafeInteger(entry) ? String(entry) : entry))
  if (!texts.every((text) => typeof text === 'string')) return undefined
  const split = kind === 'mail' ? texts.flatMap((text) => text.split(/[,;]/u, DESTINATIONS_MAX + 1)) : texts
  return split.length > DESTINATIONS_MAX ? undefined : split
}

/** The own member that a JSON Pointer names; null, which is never a destination, where something on the way is no object. */
function memberAt(toolArguments: unknown, pointer: string): unknown {
  return pointerSteps(pointer).reduce<unknown>((value, name) => {
    if (value === undefined) return undefined
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    return Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined
  }, toolArguments ?? null)
}

/** How an entry of each kind is read; undefined for what is none, or what two programs could read in two ways. */
const READ: Readonly<Record<DestinationKind, (text: string) => string | undefined>> = {
  mail: (text) => mailAddress(text)?.address,
  domain: (text) => domainName(text.trim()),
  host: hostOf,
  url: urlOf,
  iban: ibanOf,
  account: nameOf,
  channel: (text) => nameOf(text.replace(/^#/u, '')),
  handle: (text) => nameOf(text.replace(/^@/u, '')),
}

/** Longest name of an account, channel or person, characters. */
const NAME_CHARS_MAX = 256
/** Longest URL that is read, characters. */
const URL_CHARS_MAX = 2_048

function nameOf(text: string): string | undefined {
  return checkIdentifier(text, { maxChars: NAME_CHARS_MAX }) === undefined ? text : undefined
}

/** A host without a port, lower-case. What ends in a number is an address of four decimal parts, or none: programs read others in several ways. */
function hostOf(text: string): string | undefined {
  if (/^\[[0-9A-Fa-f:.]{2,45}\]$/u.test(text)) return text.toLowerCase()
  const host = domainName(text)
  if (host === undefined || !/(?:^|\.)(?:\d+|0x[0-9a-f]*)$/u.test(host)) return host
  const parts = host.split('.')
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/u.test(part) && Number(part) <= 255) ? host : undefined
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443', ws: '80', wss: '443', ftp: '21' }
/** Scheme, host, port and path; no user, white space or backslash anywhere. */
const LOCATION = /^([a-z][a-z0-9+.-]*):\/\/(\[[^\]@]+\]|[^/?#:@[\]\\\s]+)(?::(\d{1,5}))?((?:\/[^?#\\\s]*)?)(?:[?#][^\\\s]*)?$/iu
/** Parts of a path that some programs take away or take for a slash. */
const AMBIGUOUS_PATH = /(?:^|\/)\.{1,2}(?:\/|$)|%(?:2e|2f|5c)/iu

/** Scheme, host, port and path; without what only this one request says (query, fragment), and without a port that the scheme has anyhow. */
function urlOf(text: string): string | undefined {
  const [, scheme = '', rawHost = '', port = '', path = ''] = (text.length > URL_CHARS_MAX ? null : LOCATION.exec(text)) ?? []
  const host = hostOf(rawHost)
  if (host === undefined || AMBIGUOUS_PATH.test(path)) return undefined
  const protocol = scheme.toLowerCase()
  const shown = port === '' || port === DEFAULT_PORTS[protocol] ? '' : `:${port}`
  return `${protocol}://${host}${shown}${path === '' ? '/' : path}`
}

/** ISO 13616, without spaces, upper-case; its check digits have to be right. */
function ibanOf(text: string): string | undefined {
  const iban = text.replaceAll(' ', '').toUpperCase()
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/u.test(iban)) return undefined
  const digits = `${iban.slice(4)}${iban.slice(0, 4)}`.replaceAll(/[A-Z]/gu, (letter) => String(letter.charCodeAt(0) - 55))
  return BigInt(digits) % 97n === 1n ? iban : undefined
}
