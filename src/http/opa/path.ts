import { type Parsed, refuseRequest } from '../exchange.ts'
import { overLimit } from '../../format/limit.ts'

/** Most segments of a data path. */
export const SEGMENTS_MAX = 64

/**
 * The segments of a data path below `prefix`, by OPA's rules: split at `/`, empty ones ignored, each percent-decoded on its own,
 * so that `%2F` is part of a name and never separates. A quotation mark or a bad escape is refused.
 */
export function dataPath(path: string, prefix: string): Parsed<readonly string[]> {
  const raw = path
    .slice(prefix.length)
    .split('/')
    .filter((segment) => segment !== '')
  if (raw.length > SEGMENTS_MAX)
    return refuseRequest(
      'bad_request',
      `${overLimit('The path has', 'opa.path_segments_max', { max: SEGMENTS_MAX, came: raw.length })}.`,
      { fix: 'Ask for a shorter path.' },
    )
  const segments: string[] = []
  for (const segment of raw) {
    const decoded = decode(segment)
    if (decoded === undefined) return refuseRequest('bad_request', `invalid path: "${segment}" is not percent-encoded UTF-8`)
    if (decoded.includes('"')) return refuseRequest('bad_request', `invalid path: a segment holds a quotation mark`)
    segments.push(decoded)
  }
  return { ok: true, value: segments }
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

/** A decision the data API answers, and where inside its result the path points. */
export type Target = {
  readonly kind: 'decision' | 'allow' | 'entrypoint'
  readonly entrypoint?: string
  readonly inside: readonly string[]
}

/** What a path asks for; undefined when it names nothing here. The longest configured entrypoint wins. */
export function dataTarget(segments: readonly string[], entrypoints: readonly string[]): Target | undefined {
  const [first, second, ...inside] = segments
  if (first === 'gradus' && (second === 'decision' || second === 'allow')) return { kind: second, inside }
  const found = entrypoints
    .map((entrypoint) => ({ entrypoint, parts: entrypoint.split('/') }))
    .filter(({ parts }) => parts.every((part, index) => part === segments[index]))
    .sort((a, b) => b.parts.length - a.parts.length)[0]
  return found === undefined
    ? undefined
    : { kind: 'entrypoint', entrypoint: found.entrypoint, inside: segments.slice(found.parts.length) }
}

/** The value at a path inside a result; undefined where there is none. A segment of digits is an index of arrays. */
export function select(value: unknown, inside: readonly string[]): unknown {
  let at = value
  for (const segment of inside) {
    if (Array.isArray(at)) at = /^(?:0|[1-9]\d{0,8})$/u.test(segment) ? (at as unknown[])[Number(segment)] : undefined
    else if (typeof at === 'object' && at !== null && Object.hasOwn(at, segment)) at = (at as Record<string, unknown>)[segment]
    else return undefined
  }
  return at
}
