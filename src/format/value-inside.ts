/** The value at a path inside a value; undefined where there is none. A segment of digits is an index of arrays. */
export function valueInside(value: unknown, inside: readonly string[]): unknown {
  return inside.reduce<unknown>((at, segment) => {
    if (Array.isArray(at)) return /^(?:0|[1-9]\d{0,8})$/u.test(segment) ? (at as unknown[])[Number(segment)] : undefined
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, segment)) return undefined
    return (at as Readonly<Record<string, unknown>>)[segment]
  }, value)
}

/**
 * A copy of a value with another value at a path inside it. Where the path leads through something else than objects and arrays that are
 * there, the value itself.
 */
export function withValueInside(value: unknown, [segment, ...rest]: readonly string[], replacement: unknown): unknown {
  if (segment === undefined) return replacement
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return value
  const entries = Object.entries(value as Readonly<Record<string, unknown>>).map(
    ([name, inner]) => [name, name === segment ? withValueInside(inner, rest, replacement) : inner] as const,
  )
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries)
}
