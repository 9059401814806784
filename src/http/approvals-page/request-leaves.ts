/** Members of one request that are compared and shown one by one; beyond, `complete` is false. */
const LEAVES_MAX = 2_000

/** A value of a request that has no members: a text, number, truth, null, or what is empty. */
export type RequestLeaf = {
  /** Tells leaves apart: equal in two requests where it is the same member. */
  readonly key: string
  /** In the arguments of the tool, or elsewhere in the request. */
  readonly part: 'arguments' | 'rest'
  /** From the root of its part, such as `to.iban`, `lines[0].amount`, `["odd name"]`; empty: the part itself. */
  readonly path: string
  /** As JSON. */
  readonly value: string
}

/** The leaves of a request in their order. `complete` false: there are more than are looked at. */
export type RequestLeaves = { readonly leaves: readonly RequestLeaf[]; readonly complete: boolean }

/** The arguments of the tool, and everything else of the request; whatever has another shape is in the rest. */
export function requestParts(request: unknown): { readonly args: unknown; readonly rest: unknown } {
  const action = memberOf(request, 'action')
  const properties = memberOf(action, 'properties')
  const args = memberOf(properties, 'arguments')
  if (args === undefined) return { args, rest: request }
  const others = Object.fromEntries(Object.entries(properties as object).filter(([name]) => name !== 'arguments'))
  const named = Object.fromEntries(Object.entries(action as object).filter(([name]) => name !== 'properties'))
  const kept = Object.keys(others).length === 0 ? named : { ...named, properties: others }
  return { args, rest: { ...(request as object), action: kept } }
}

/** Type and id of what a request is about, as it says; null where it says neither. */
export function resourceOf(request: unknown): string | null {
  const resource = memberOf(request, 'resource')
  const texts = [memberOf(resource, 'type'), memberOf(resource, 'id')].filter((each) => typeof each === 'string')
  return texts.length === 0 ? null : texts.join(' ')
}

/** Every leaf of a request; two requests have the same leaves only if they hold the same values in the same places. */
export function requestLeaves(request: unknown): RequestLeaves {
  const { args, rest } = requestParts(request)
  const leaves: RequestLeaf[] = []
  if (args !== undefined) collect(args, { part: 'arguments', path: '' }, leaves)
  collect(rest, { part: 'rest', path: '' }, leaves)
  return { leaves: leaves.slice(0, LEAVES_MAX), complete: leaves.length <= LEAVES_MAX }
}

/** Keys of the leaves that are not the same in all of these requests: another value, or there in some only. */
export function differingKeys(all: readonly RequestLeaves[]): ReadonlySet<string> {
  const values = new Map<string, string[]>()
  for (const { leaves } of all)
    for (const { key, value } of leaves) {
      const seen = values.get(key)
      if (seen === undefined) values.set(key, [value])
      else seen.push(value)
    }
  const differs = (seen: readonly string[]): boolean => seen.length < all.length || seen.some((value) => value !== seen[0])
  return new Set([...values].filter(([, seen]) => differs(seen)).map(([key]) => key))
}

function collect(value: unknown, { part, path }: Pick<RequestLeaf, 'part' | 'path'>, leaves: RequestLeaf[]): void {
  if (leaves.length > LEAVES_MAX) return
  const members = membersOf(value)
  if (members.length === 0) {
    leaves.push({ key: `${part} ${path}`, part, path, value: JSON.stringify(value) })
    return
  }
  for (const [step, member] of members)
    collect(member, { part, path: path === '' ? step.replace(/^\./u, '') : path + step }, leaves)
}

/** The members of a value, each with its step in a path; none of what has no members. */
function membersOf(value: unknown): readonly (readonly [step: string, member: unknown])[] {
  if (Array.isArray(value)) return value.map((each: unknown, at) => [`[${at}]`, each] as const)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).map(([name, member]) => [stepTo(name), member] as const)
}

/** A plain name with a dot before it; any other in brackets and quoted, so that no name looks like several. */
function stepTo(name: string): string {
  return /^[A-Za-z_][\w-]*$/u.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}

function memberOf(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
  return isObject ? (value as Readonly<Record<string, unknown>>)[name] : undefined
}
