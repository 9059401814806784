import { type ActionClass, type Classification, CLASSIFICATIONS } from '../catalogue/catalogue-file.ts'
import type { Request } from '../model/request.ts'
import type { TrustView } from '../trust/trust-view.ts'
import { claimedClassifications, isSensitive } from './classification.ts'
import type { RiskFactName } from './rule-document.ts'

/** What of a request's circumstances is a claim, and a fact of its own where it is verified. */
const CLAIMED_MEMBERS = ['environment', 'session', 'purpose', 'jurisdiction'] as const

/** The members of trust that rules compare. */
const TRUST_FACTS = ['score', 'level_effective', 'level_granted', 'confidence', 'failure_bound'] as const

/**
 * What a member of a fact may be where the request claims it and nobody vouches for that: one of some values, a number from `least` to
 * `most`, or a list with any of the claimed entries. It is neither as claimed nor as if nothing were said, so rules compare it as both.
 */
export type ClaimReading =
  | { readonly kind: 'one_of'; readonly values: readonly unknown[] }
  | { readonly kind: 'between'; readonly least: number; readonly most: number }
  | { readonly kind: 'with'; readonly known: readonly string[]; readonly claimed: readonly string[] }

/** By fact and member, what is only claimed of it; plain JSON. Members that nothing is claimed of are absent. */
export type FactReadings = Readonly<Partial<Record<RiskFactName, Readonly<Record<string, ClaimReading>>>>>

/** Trust as rules compare it. */
export type ComparedTrust = Pick<TrustView, (typeof TRUST_FACTS)[number]>

/** Of an agent's trust, what rules compare. */
export function comparedTrust({
  score,
  level_effective,
  level_granted,
  confidence,
  failure_bound,
}: ComparedTrust): ComparedTrust {
  return { score, level_effective, level_granted, confidence, failure_bound }
}

/** A request with what stands without its claims. */
export type ClaimSources = {
  readonly request: Request
  readonly action: ActionClass
  readonly trust: ComparedTrust | null
  /** Action and trust as they are without what the request only claims; absent members: claims change nothing of them. */
  readonly unclaimed: {
    readonly action?: ActionClass
    readonly trust?: ComparedTrust
  }
  /** The caller vouches for the session that the request names. */
  readonly vouchedSession: boolean
}

/** The readings of everything that a request only claims, but for the classes of its content. */
export function claimReadings({ request, action, trust, unclaimed, vouchedSession }: ClaimSources): FactReadings {
  const context = request.context ?? {}
  const claimed = CLAIMED_MEMBERS.filter((name) => name in context && !(name === 'session' && vouchedSession))
  return withoutEmpty({
    request: membersOf(claimed.map((name) => [name, oneOf([null, context[name]])])),
    action: apart(unclaimed.action ?? action, action, Object.keys(action)),
    trust: trust === null ? {} : apart(unclaimed.trust ?? trust, trust, TRUST_FACTS),
    content: classificationReadings(claimedClassifications(request, action)),
  })
}

/** A list in which some entries are known and others only claimed; undefined where all are known. */
export function listReading(known: readonly string[], all: readonly string[]): ClaimReading | undefined {
  const claimed = all.filter((name) => !known.includes(name))
  return claimed.length === 0 ? undefined : { kind: 'with', known, claimed }
}

/** How long a list may be; undefined for what is no list. */
export function sizeReading(reading: ClaimReading): ClaimReading | undefined {
  if (reading.kind !== 'with') return undefined
  const least = reading.known.length
  return { kind: 'between', least, most: least + reading.claimed.length }
}

function classificationReadings(values: readonly Classification[]): Readonly<Record<string, ClaimReading>> {
  const sorted = CLASSIFICATIONS.filter((each) => values.includes(each))
  return membersOf([
    ['classification', oneOf(sorted)],
    ['sensitive', oneOf(sorted.map(isSensitive))],
  ])
}

/** Members that differ between what stands without claims and with them. */
function apart(
  known: Readonly<Record<string, unknown>>,
  claimed: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, ClaimReading>> {
  return membersOf(
    names.map((name) => {
      const [one, other] = [known[name] ?? null, claimed[name] ?? null]
      return [name, typeof one === 'number' && typeof other === 'number' ? between(one, other) : oneOf([one, other])]
    }),
  )
}

function between(one: number, other: number): ClaimReading | undefined {
  return one === other ? undefined : { kind: 'between', least: Math.min(one, other), most: Math.max(one, other) }
}

/** Undefined where all values are one. What is no scalar compares with nothing, whichever it is. */
function oneOf(values: readonly unknown[]): ClaimReading | undefined {
  const distinct = [...new Set(values)].filter((value) => value === null || typeof value !== 'object')
  return distinct.length < 2 ? undefined : { kind: 'one_of', values: distinct }
}

function membersOf(entries: readonly (readonly [string, ClaimReading | undefined])[]): Readonly<Record<string, ClaimReading>> {
  return Object.fromEntries(entries.flatMap(([name, reading]) => (reading === undefined ? [] : [[name, reading]])))
}

function withoutEmpty(readings: FactReadings): FactReadings {
  return Object.fromEntries(Object.entries(readings).filter(([, members]) => Object.keys(members).length > 0))
}
