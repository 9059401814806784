import type { ActionClass, AgentClass } from '../catalogue/catalogue-file.ts'
import type { PolicyTime } from '../model/policy-time.ts'
import type { Request } from '../model/request.ts'
import { amountAt, hasUnnamedRecipients, type Measures, recipientsAt, recordsAt } from './amounts-and-recipients.ts'
import { contentClasses } from './content-classes.ts'
import { destinationName, destinationsAt, mailPointers } from './destinations.ts'
import { claimReadings, comparedTrust, type ClaimSources, type FactReadings, listReading } from './readings.ts'
import type { RiskFactName } from './rule-document.ts'

/** Counters of the agent, from its recent activity. */
export type RiskCounters = { readonly actions_last_hour: number; readonly denials_last_hour: number; readonly first_use: boolean }

/** What the risk facts are made of; all values, nothing is looked up. */
export type RiskFactSources = {
  readonly request: Request
  readonly action: ActionClass
  readonly agent: AgentClass
  /** Null: the trust store could not be read. */
  readonly trust: ClaimSources['trust']
  readonly time: PolicyTime
  readonly classification: string
  readonly sensitive: boolean
  /** Recipient domains this agent has written to before; all others are new. */
  readonly knownDomains: readonly string[]
  /** Which of the destinations, by their position, it has reached before. */
  readonly knownDestinations: readonly number[]
  /** What the caller asserts and is believed in. */
  readonly facts: VerifiedFacts
  /** Null: not known here. */
  readonly counters: RiskCounters | null
  /** First hour and first hour after of the business day, UTC, Monday to Friday. */
  readonly businessHours: readonly [number, number]
  /** Action and trust without what the request only claims; absent members: claims change nothing of them. */
  readonly unclaimed: ClaimSources['unclaimed']
  /** The caller vouches for the session that the request names. */
  readonly vouchedSession: boolean
}

/** The facts of one request, as plain JSON. A fact is in `values`, or it is unavailable, or its tool has no such thing. */
export type RiskFacts = {
  readonly action: Pick<ActionClass, 'category' | 'static_points'>
  readonly values: Readonly<Partial<Record<RiskFactName, Readonly<Record<string, unknown>>>>>
  /** What is only claimed, and what it may be; absent: nothing is. `values` are as claimed. */
  readonly readings?: FactReadings
  /** Facts that are malformed or could not be known, sorted. */
  readonly unavailable: readonly RiskFactName[]
  /** Facts that the catalogue says the tool does not have, sorted; a condition on one does not hold. */
  readonly not_applicable: readonly RiskFactName[]
}

type Fact = Readonly<Record<string, unknown>> | 'unavailable' | 'not_applicable'

/** What a request may also merely claim: null where nobody verified it, so that a rule can ask for that. */
const UNVERIFIED = { environment: null, jurisdiction: null, purpose: null, session: null }

/** The facts that risk rules read, all computed from values. */
export function riskFacts(sources: RiskFactSources): RiskFacts {
  const { request, action, agent } = sources
  const toolArguments = argumentsOf(request)
  const content = contentOf(request)
  const facts: Readonly<Record<RiskFactName, Fact>> = {
    request: requestFact(request),
    arguments: toolArguments ?? 'unavailable',
    action: { ...action },
    agent: { ...agent },
    trust: trustFact(sources),
    time: timeFact(sources),
    content: contentFact(sources, content),
    facts: { ...UNVERIFIED, ...sources.facts },
    amount: amountAt(toolArguments, action.arguments.amount),
    recipients: recipientsFact(toolArguments, sources),
    records: recordsAt(toolArguments, action.arguments.records),
    destinations: destinationsFact(toolArguments, sources),
    counters: sources.counters === null ? 'unavailable' : { ...sources.counters },
  }
  const entries = Object.entries(facts) as [RiskFactName, Fact][]
  const named = (state: Fact): RiskFactName[] =>
    entries
      .filter(([, fact]) => fact === state)
      .map(([name]) => name)
      .sort()
  return {
    action: { category: action.category, static_points: action.static_points },
    values: Object.fromEntries(entries.filter(([, fact]) => typeof fact !== 'string')),
    unavailable: named('unavailable'),
    not_applicable: named('not_applicable'),
    ...readingsOf(sources, content),
  }
}

function readingsOf(sources: RiskFactSources, content: ContentFound | undefined): Pick<RiskFacts, 'readings'> {
  const readings = claimReadings(sources)
  const classes = content === undefined ? undefined : listReading(content.known, content.classes)
  const whole = classes === undefined ? readings : { ...readings, content: { ...readings.content, classes } }
  return Object.keys(whole).length === 0 ? {} : { readings: whole }
}

/** What the decision's guardrails bound, from the same facts that the rules read. */
export function measuresOf({ values, not_applicable }: RiskFacts): Measures {
  const measure = (fact: 'amount' | 'records' | 'recipients' | 'destinations', member: string): unknown =>
    not_applicable.includes(fact) ? null : (values[fact]?.[member] ?? 'unknown')
  return {
    amount: measure('amount', 'value') as Measures['amount'],
    records: measure('records', 'count') as Measures['records'],
    recipient_domains: measure('recipients', 'domains') as Measures['recipient_domains'],
    destinations: measure('destinations', 'values') as Measures['destinations'],
  }
}

/** The tool's arguments, `{}` where the request has none; undefined where they are not an object. */
export function argumentsOf(request: Request): Readonly<Record<string, unknown>> | undefined {
  const properties = request.action.properties ?? {}
  if (!Object.hasOwn(properties, 'arguments')) return {}
  const value: unknown = properties['arguments']
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
}

/** Recipients where the catalogue says they are. A message that has more than it names has recipients nobody can tell. */
function recipientsFact(toolArguments: Readonly<Record<string, unknown>> | undefined, sources: RiskFactSources): Fact {
  return reachesUnnamed(toolArguments, sources)
    ? 'unavailable'
    : recipientsAt(toolArguments, sources.action.arguments, sources.knownDomains)
}

function reachesUnnamed(toolArguments: Readonly<Record<string, unknown>> | undefined, { action }: RiskFactSources): boolean {
  const { category, arguments: places } = action
  const hasNone = Array.isArray(places.recipients) && places.recipients.length === 0
  return category === 'external_communication' && !hasNone && hasUnnamedRecipients(toolArguments, mailPointers(places))
}

/** Whom or what the action reaches, of every kind. */
function destinationsFact(toolArguments: Readonly<Record<string, unknown>> | undefined, sources: RiskFactSources): Fact {
  const found = reachesUnnamed(toolArguments, sources) ? 'unavailable' : destinationsAt(toolArguments, sources.action.arguments)
  if (typeof found === 'string') return found
  const fresh = found.filter((_, position) => !sources.knownDestinations.includes(position))
  const kinds = (of: typeof found): readonly string[] => [...new Set(of.map(({ kind }) => kind))].sort()
  return {
    count: found.length,
    values: found.map(destinationName),
    kinds: kinds(found),
    new: fresh.map(destinationName),
    new_kinds: kinds(fresh),
    new_beside_mail: fresh.filter(({ kind }) => kind !== 'mail').map(destinationName),
  }
}

function requestFact({ subject, action, resource, context }: Request): Fact {
  return {
    subject_type: subject.type,
    subject_id: subject.id,
    action: action.name,
    resource_type: resource.type,
    resource_id: resource.id,
    environment: context?.['environment'] ?? null,
    session: context?.['session'] ?? null,
    purpose: context?.['purpose'] ?? null,
    jurisdiction: context?.['jurisdiction'] ?? null,
  }
}

function trustFact({ trust }: RiskFactSources): Fact {
  return trust === null ? 'unavailable' : comparedTrust(trust)
}

function timeFact({ time: { hour, weekday }, businessHours: [from, until] }: RiskFactSources): Fact {
  const businessDay = weekday >= 1 && weekday <= 5
  return { hour, weekday, off_hours: !(businessDay && hour >= from && hour < until) }
}

/** Classes of content: those of the arguments, which are what is asked for, and all of them; sorted. */
type ContentFound = { readonly known: readonly string[]; readonly classes: readonly string[] }

/** What is found in the request, and what its caller asserts beside it: assertions only add. Undefined: it cannot be known. */
function contentOf({ action, resource, context }: Request): ContentFound | undefined {
  const { arguments: toolArguments, ...beside } = action.properties ?? {}
  const known = contentClasses(toolArguments === undefined ? [] : [{ arguments: toolArguments }])
  const found = contentClasses([beside, resource.properties])
  const asserted: unknown = context?.['content_classes'] ?? []
  if (known === undefined || found === undefined) return undefined
  if (!Array.isArray(asserted) || !asserted.every((name) => typeof name === 'string')) return undefined
  return { known, classes: [...new Set<string>([...known, ...found, ...asserted])].sort() }
}

function contentFact({ classification, sensitive }: RiskFactSources, found: ContentFound | undefined): Fact {
  return found === undefined ? 'unavailable' : { classification, sensitive, classes: found.classes }
}

/** Facts by name that a caller asserts and is believed in; plain JSON. */
export type VerifiedFacts = Readonly<Record<string, unknown>>

/**
 * Of the facts in a request's `context.facts`, those whose names the caller's credential may assert. Everything else that a request
 * says of its circumstances is a claim: it may make a decision stricter, never milder.
 */
export function verifiedFacts(request: Request, names: readonly string[]): VerifiedFacts {
  const claimed: unknown = request.context?.['facts']
  if (typeof claimed !== 'object' || claimed === null || Array.isArray(claimed)) return {}
  return Object.fromEntries(Object.entries(claimed).filter(([name]) => names.includes(name)))
}

/** The jurisdiction that a verified fact names; null where none does, and then the shortest deadline for undoing holds. */
export function verifiedJurisdiction(facts: VerifiedFacts): string | null {
  const { jurisdiction } = facts
  return typeof jurisdiction === 'string' ? jurisdiction : null
}
