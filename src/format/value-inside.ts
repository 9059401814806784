/** The value at a path inside a value; undefined where there is none. A segment of digits is an index of arrays. */
export function valueInside(value: unknown, inside: readonly string[]): unknown {
  return inside.reduce<unknown>((at, segment) => {
    if (Array.isArray(at)) return /^(?:0|[1-9]\d{0,8})$/u.test(segment) ? (at as unknown[])[Number(segment)] : undefined
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, segment)) return undefined
    return (at as Readonly<Record<string, unknown>>)[segment]
  }, value)
}
