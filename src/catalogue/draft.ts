import { checkIdentifier } from '../format/identifier.ts'
import { byCodeUnit } from '../format/order.ts'
import { NAME_CHARS_MAX } from '../model/ceiling.ts'
import type { CatalogueFile, DestinationKind } from './catalogue-file.ts'
import { type NameClash, type ToolServer, separateTools } from './name-clashes.ts'
import { claims, DESCRIPTION_CHARS_MAX, type SeenTool } from './seen-tool.ts'

/** Scope of drafted tools: nothing in it was looked at by a person. */
export const UNREVIEWED = 'unreviewed'
/** Longest name of a tool or agent that a catalogue can hold, characters. */
const ENTRY_NAME_CHARS_MAX = 256

/** An agent as it was seen in traffic. */
export type SeenAgent = { readonly id: string; readonly count: number }

/** The class of everything that nobody has looked at: that of an action which is not in the catalogue. */
const WORST = { category: 'destructive', blast: 3, reversibility: 2, frequency: 'rare', default_level: 0 } as const

/** A proposed entry, and what a reviewer should know. */
export type DraftEntry<T> = { readonly name: string; readonly entry: T; readonly review: readonly string[] }
export type DraftTool = {
  readonly description?: string
  readonly scope: typeof UNREVIEWED
  readonly category: (typeof WORST)['category']
  readonly blast: number
  readonly reversibility: number
  readonly frequency: (typeof WORST)['frequency']
  readonly default_level: number
  readonly namespace?: string
}
export type DraftAgent = { readonly class: typeof UNREVIEWED; readonly tier: 'high' }

/** Entries to review, and the names that no catalogue can hold. */
export type CatalogueDraft = {
  /** True: the draft declares its scope. It must not where the catalogue declares none, or has it already. */
  readonly declaresScope: boolean
  /** As in the catalogue: a file beside it has to name its levels in the same way. */
  readonly stages: CatalogueFile['stages']
  readonly tools: readonly DraftEntry<DraftTool>[]
  readonly agents: readonly DraftEntry<DraftAgent>[]
  readonly refused: readonly string[]
  /** What was seen and is in the catalogue. */
  readonly known: readonly string[]
  /** What was seen under a name that the catalogue has for another tool; it is drafted under a name of its own. */
  readonly clashes: readonly NameClash[]
}

/**
 * Proposes entries for what was seen and is not in the catalogue, most frequent first. Every tool gets the class of an unknown action
 * and every agent the highest tier, whatever is claimed: taken over as they are, they allow nothing that was not allowed before.
 */
export function draftCatalogue(
  tools: readonly SeenTool[],
  agents: readonly SeenAgent[],
  { trust_scopes, tools: known, agents: knownAgents, stages }: CatalogueFile,
  server?: ToolServer,
): CatalogueDraft {
  const { seen, clashes } = separateTools(firstOfEach(tools), known, server)
  const unknown = seen.filter(({ name }) => !Object.hasOwn(known, name))
  const missing = agents.filter(({ id }) => !Object.hasOwn(knownAgents, id))
  const holdsNoScope = Object.keys(trust_scopes).length === 0 && Object.keys(known).length > 0
  return {
    declaresScope: !holdsNoScope && !Object.hasOwn(trust_scopes, UNREVIEWED),
    stages,
    tools: unknown
      .filter(({ name }) => mayName(name))
      .sort(byCount(({ name }) => name))
      .map(draftTool),
    agents: missing
      .filter(({ id }) => mayName(id))
      .sort(byCount(({ id }) => id))
      .map(draftAgent),
    refused: [...unknown.map(({ name }) => name), ...missing.map(({ id }) => id)].filter((name) => !mayName(name)),
    known: seen.map(({ name }) => name).filter((name) => Object.hasOwn(known, name)),
    clashes,
  }
}

function mayName(name: string): boolean {
  return name !== '__proto__' && checkIdentifier(name, { maxChars: ENTRY_NAME_CHARS_MAX }) === undefined
}

function firstOfEach(tools: readonly SeenTool[]): readonly SeenTool[] {
  return [...new Map(tools.toReversed().map((tool) => [tool.name, tool])).values()].toReversed()
}

function byCount<T extends { readonly count?: number | undefined }>(nameOf: (seen: T) => string): (a: T, b: T) => number {
  return (a, b) => (b.count ?? 0) - (a.count ?? 0) || byCodeUnit(nameOf(a), nameOf(b))
}

function draftTool(seen: SeenTool): DraftEntry<DraftTool> {
  const { name, description, namespace } = seen
  const said = description === undefined ? {} : { description: description.slice(0, DESCRIPTION_CHARS_MAX) }
  const owned = namespace === undefined ? {} : { namespace }
  const review = [...traffic(seen), ...renamed(seen), ...claims(seen), ...measures(seen)]
  return { name, entry: { ...said, scope: UNREVIEWED, ...WORST, ...owned }, review }
}

function draftAgent({ id, count }: SeenAgent): DraftEntry<DraftAgent> {
  return {
    name: id,
    entry: { class: UNREVIEWED, tier: 'high' },
    review: [
      `${decisions(count)}; from here on it can earn trust: is it one of yours, of which class and tier, and who owns it?`,
    ],
  }
}

function decisions(count: number): string {
  return `${count} decision${count === 1 ? '' : 's'}`
}

function traffic({ count, agents = [], resources = [] }: SeenTool): readonly string[] {
  if (count === undefined) return []
  const on = resources.length === 0 ? '' : `, on ${resources.join(', ')}`
  return [`${decisions(count)}, by ${agents.length === 0 ? 'people' : agents.join(', ')}${on}`]
}

function renamed({ offeredAs }: SeenTool): readonly string[] {
  return offeredAs === undefined ? [] : [`its server calls it "${offeredAs}", which the catalogue has for another tool`]
}

const MEASURES = [
  { member: 'amount', named: /(?:^|_)(?:amount|total|price|sum|cost)$/u },
  { member: 'records', named: /(?:^|_)(?:ids|records|count|limit)$/u },
] as const

/** Names under which tools take whom or what they reach; the first kind that fits. */
const DESTINATION_NAMES: readonly { readonly kind: DestinationKind; readonly named: RegExp }[] = [
  {
    kind: 'mail',
    named:
      /^(?:to|cc|bcc|recipients?|receivers?|participants?|attendees?|invitees?|guests?|emails?|mails?|addresses|reply_to|forward_to|send_to)(?:_(?:list|emails?|address(?:es)?))?$|_(?:email|mail)(?:_address)?(?:es|s)?$/u,
  },
  { kind: 'iban', named: /(?:^|_)ibans?$/u },
  { kind: 'account', named: /(?:^|_)(?:account(?:_(?:id|number|no))?|payee|beneficiary|creditor|wallet)s?$/u },
  { kind: 'channel', named: /^(?:channel|chat|room|conversation|topic|queue)(?:_(?:id|name))?s?$/u },
  { kind: 'handle', named: /^(?:handle|username|screen_name|mention|assignee|reviewer)s?$/u },
  { kind: 'url', named: /(?:^|_)(?:ur[il]|webhook|endpoint|callback|href|link)s?$/u },
  { kind: 'domain', named: /(?:^|_)domains?$/u },
  { kind: 'host', named: /(?:^|_)(?:host|hostname|server)s?$/u },
]

/** Formats of JSON Schema that say what an argument is. */
const DESTINATION_FORMATS: readonly { readonly kind: DestinationKind; readonly formats: readonly string[] }[] = [
  { kind: 'mail', formats: ['email', 'idn-email'] },
  { kind: 'url', formats: ['uri', 'iri', 'url'] },
  { kind: 'host', formats: ['hostname', 'idn-hostname', 'ipv4', 'ipv6'] },
]

/** Arguments that look as if risk rules and caps would want to read them. */
function measures({ arguments: names, formats = {}, required }: SeenTool): readonly string[] {
  const namable = names.filter((name) => name.length <= NAME_CHARS_MAX && /^[\p{L}\p{N}_.$-]+$/u.test(name))
  const single = MEASURES.flatMap(({ member, named }) => {
    const found = namable.find((name) => named.test(snake(name)))
    return found === undefined ? [] : [`if "${found}" is what it looks like: arguments: { ${member}: /${found} }`]
  })
  const places = namable.flatMap((name) => {
    const kind = destinationKind(name, Object.hasOwn(formats, name) ? formats[name] : undefined)
    return kind === undefined ? [] : [{ name, kind }]
  })
  return [...single, ...reached(places, required)]
}

/** The kind of destination that an argument looks like, by its format, else by its name. */
function destinationKind(name: string, format: string | undefined): DestinationKind | undefined {
  const known = DESTINATION_FORMATS.find(({ formats }) => format !== undefined && formats.includes(format))
  return known?.kind ?? DESTINATION_NAMES.find(({ named }) => named.test(snake(name)))?.kind
}

/** Whom or what it reaches: all places together, because each that is left out is one that nobody counts. */
function reached(
  places: readonly { readonly name: string; readonly kind: DestinationKind }[],
  required: readonly string[] | undefined,
): readonly string[] {
  if (places.length === 0) return []
  const named = places.map(({ name }) => `"${name}"`).join(', ')
  const optional = (name: string): string => (required === undefined || required.includes(name) ? '' : ', optional: true')
  const entries = places.map(({ name, kind }) => `{ at: /${name}, kind: ${kind}${optional(name)} }`).join(', ')
  const looks = places.length === 1 ? 'is what it looks like' : 'are what they look like'
  const left = required === undefined ? '; optional: true for what may be left out' : ''
  return [`if ${named} ${looks}: arguments: { destinations: [${entries}] }${left}`]
}

/** `totalAmount` as `total_amount`. */
function snake(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/gu, '$1_$2').toLowerCase()
}
