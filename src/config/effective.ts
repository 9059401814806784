import type { YamlSource } from '../format/yaml.ts'
import type { Config } from './config.ts'
import { ownerOf, type SettingsOwner } from './owners.ts'

/** What a secret, or the hash of one, is shown as. */
const SECRET_SHOWN = '(set)'

/** Keys whose values are never shown, wherever they stand: secrets, and what could be tried against one. */
const SECRET_KEYS: ReadonlySet<PropertyKey> = new Set(['secret', 'token_sha256'])

/** One value of the configuration in force. */
export type EffectiveSetting = {
  /** From the top of the file; numbers are positions in a list. */
  readonly path: readonly (string | number)[]
  /** A scalar, a list of scalars, or an empty list or object; `SECRET_SHOWN` for a secret. */
  readonly value: unknown
  /** Line of the configuration file that says so, from 1; null: the default. */
  readonly line: number | null
  /** The room whose `settings.ts` declares it. */
  readonly owner: SettingsOwner | null
}

/** Every value of a configuration in the order of the schema, and where it came from. `source`: the text that it was read from. */
export function effectiveSettings(config: Config, source: Pick<YamlSource, 'value' | 'placeOf'>): readonly EffectiveSetting[] {
  return leavesOf(config, []).map(({ path, value }) => ({
    path,
    value,
    line: isWritten(source.value, path) ? source.placeOf(path).line : null,
    owner: ownerOf(path) ?? null,
  }))
}

type Leaf = Pick<EffectiveSetting, 'path' | 'value'>

function leavesOf(value: unknown, path: readonly (string | number)[]): readonly Leaf[] {
  const key = path.at(-1)
  if (key !== undefined && SECRET_KEYS.has(key)) return [{ path, value: SECRET_SHOWN }]
  if (Array.isArray(value)) {
    if (value.every((entry) => !isObject(entry))) return [{ path, value: value.map(shown) }]
    return value.flatMap((entry: unknown, index) => leavesOf(entry, [...path, index]))
  }
  if (!isObject(value)) return [{ path, value: shown(value) }]
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return members.length === 0 ? [{ path, value }] : members.flatMap(([name, member]) => leavesOf(member, [...path, name]))
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** What a URL may carry besides a place, a password or a query, can be a secret. */
function shown(value: unknown): unknown {
  if (typeof value !== 'string' || !/^[a-z][a-z0-9+.-]*:\/\//iu.test(value) || !URL.canParse(value)) return value
  const url = new URL(value)
  if (url.username === '' && url.password === '' && url.search === '') return value
  const { protocol, host, pathname } = url
  const user = url.username === '' && url.password === '' ? '' : `${SECRET_SHOWN}@`
  return `${protocol}//${user}${host}${pathname}${url.search === '' ? '' : `?${SECRET_SHOWN}`}`
}

/** Whether a value stands in the file itself; a list in the file is there with all its entries. */
function isWritten(written: unknown, path: readonly (string | number)[]): boolean {
  let value = written
  for (const step of path) {
    if (!isObject(value) || !Object.hasOwn(value, step)) return false
    value = (value as Readonly<Record<string | number, unknown>>)[step]
  }
  return true
}
