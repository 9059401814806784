import type { z } from 'zod'

import { giveWay } from '../../access/give-way.ts'
import { VALUES_MAX } from '../../format/strict-json.ts'
import { type LimitName, overLimit, type LimitCount } from '../../format/limit.ts'
import { Action, Context, type Request, Resource, Subject } from '../../model/request.ts'
import { type Fault, type Parsed, refuseRequest } from '../exchange.ts'
import { checkShape } from '../input.ts'
import { AuthzenAction, AuthzenContext, type AuthzenDecision, AuthzenResource, AuthzenSubject, type Semantic } from './schema.ts'

/** Items of a batch that are decided at the same time: more would only fill the line of the writer, in which decisions of others wait. */
const BATCH_CONCURRENCY = 2
/** Most values of a batch: those of its body, and those of all its items together, each with the defaults in it. */
export const EVALUATIONS_VALUES_MAX = 40_000

/** An item of a batch over its defaults, or why it is refused. */
export type Item = Parsed<Request>

/** One entity of a request: checked, and what it adds to the record of every item that has it. */
type Part = { readonly parsed: Parsed<unknown>; readonly bytes: number; readonly values: number }
type Parts = Readonly<Record<EntityName, Part>>

/** What the standard makes of each entity, then what we accept of it. */
const ENTITIES = {
  subject: [AuthzenSubject, Subject],
  action: [AuthzenAction, Action],
  resource: [AuthzenResource, Resource],
  context: [AuthzenContext.optional(), Context.optional()],
} as const satisfies Record<string, readonly [z.ZodType, z.ZodType]>
type EntityName = keyof typeof ENTITIES
const ENTITY_NAMES = Object.keys(ENTITIES) as readonly EntityName[]

/**
 * The request of each item: a key of the item replaces the whole entity of the defaults, which are checked once. Refuses the
 * call when all of them together are larger than `bytesMax` or `BATCH_VALUES_MAX`, because each is decided and recorded whole.
 */
export function itemsOf(
  defaults: Readonly<Partial<Record<EntityName, unknown>>>,
  items: readonly unknown[],
  bytesMax: number,
): Parsed<readonly Item[]> {
  const shared = mapEntities((name) => partOf(name, defaults[name], ''))
  const whole = items.map((item, index) => partsOf(shared, item, `/evaluations/${index}`))
  const sum = (measure: (part: Part) => number): number =>
    whole.reduce((all, parts) => all + ('code' in parts ? 0 : sumOf(parts, measure)), 0)
  const bytes = sum((part) => part.bytes)
  const values = sum((part) => part.values)
  if (bytes > bytesMax) return tooLarge('http.body_bytes_max', { max: bytesMax, came: bytes })
  if (values > EVALUATIONS_VALUES_MAX)
    return tooLarge('authzen.evaluations_values_max', { max: EVALUATIONS_VALUES_MAX, came: values })
  return { ok: true, value: whole.map(itemOf) }
}

function tooLarge(limit: LimitName, count: LimitCount): Parsed<never> {
  const message = `${overLimit('With the defaults in each the items have', limit, count)}.`
  return refuseRequest('too_large', message, { fix: 'Send fewer items, or smaller defaults.' })
}

function mapEntities(part: (name: EntityName) => Part): Parts {
  return Object.fromEntries(ENTITY_NAMES.map((name) => [name, part(name)])) as Parts
}

function partsOf(shared: Parts, item: unknown, prefix: string): Parts | Fault {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    const message = 'an evaluation is an object'
    return { code: 'bad_request', message: `${prefix}: ${message}`, errors: [{ pointer: prefix, message }] }
  }
  const own = item as Readonly<Record<string, unknown>>
  return mapEntities((name) =>
    // An entity that is missing is missing in the item.
    Object.hasOwn(own, name) || shared[name].values === 0 ? partOf(name, own[name], prefix) : shared[name],
  )
}

function partOf(name: EntityName, value: unknown, prefix: string): Part {
  const [theirs, ours] = ENTITIES[name]
  const projected = checkShape<unknown>(theirs, value, `${prefix}/${name}`)
  const parsed = projected.ok ? checkShape<unknown>(ours, projected.value, `${prefix}/${name}`) : projected
  return value === undefined
    ? { parsed, bytes: 0, values: 0 }
    : { parsed, bytes: Buffer.byteLength(JSON.stringify(value)), values: valuesIn(value) }
}

function sumOf(parts: Parts, measure: (part: Part) => number): number {
  return ENTITY_NAMES.reduce((sum, name) => sum + measure(parts[name]), 0)
}

/** How many values there are in a value, at all depths and with itself. */
function valuesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce<number>((sum, inner) => sum + valuesIn(inner), 1)
}

function itemOf(parts: Parts | Fault): Item {
  if ('code' in parts) return { ok: false, fault: parts }
  const values = 1 + sumOf(parts, (part) => part.values)
  if (values > VALUES_MAX) {
    const why = overLimit('The request has', 'json.values_max', { max: VALUES_MAX, came: values })
    return refuseRequest('bad_request', `${why}.`, { fix: 'Send fewer.' })
  }
  const request: Partial<Record<EntityName, unknown>> = {}
  for (const name of ENTITY_NAMES) {
    const { parsed } = parts[name]
    if (!parsed.ok) return parsed
    if (parsed.value !== undefined) request[name] = parsed.value
  }
  // Each entity has its schema's form.
  return { ok: true, value: request as Request }
}

/** Decides one item; rejects when the whole call is refused. */
export type DecideItem = (item: Item) => Promise<AuthzenDecision>

/** Decides the items in order as the semantic says. Between two items everyone else has a turn. */
export function decideItems(items: readonly Item[], decide: DecideItem, semantic: Semantic): Promise<readonly AuthzenDecision[]> {
  return semantic === 'execute_all' ? all(items, decide) : until(items, decide, semantic === 'permit_on_first_permit')
}

/** Decides all, some at the same time. */
async function all(items: readonly Item[], decide: DecideItem): Promise<readonly AuthzenDecision[]> {
  const decisions: Promise<AuthzenDecision>[] = []
  const call = { refused: false }
  for (const item of items) {
    await giveWay()
    await decisions.at(-BATCH_CONCURRENCY)?.catch(() => undefined)
    if (call.refused) break
    const decision = decide(item)
    decision.catch(() => (call.refused = true))
    decisions.push(decision)
  }
  return Promise.all(decisions)
}

/** Decides one after the other up to and with the deciding item: what follows is never decided, so never recorded or charged. */
async function until(items: readonly Item[], decide: DecideItem, stopsAt: boolean): Promise<readonly AuthzenDecision[]> {
  const decisions: AuthzenDecision[] = []
  for (const item of items) {
    await giveWay()
    const decision = await decide(item)
    decisions.push(decision)
    if (decision.decision === stopsAt) break
  }
  return decisions
}
