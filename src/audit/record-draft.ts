import type { JsonValue } from '../format/json-value.ts'

/** A record as it is read back. */
export type LeafRecord = { readonly [key: string]: JsonValue }

/** Whether a value is a JSON object. */
export function isLeafObject(value: JsonValue | undefined): value is LeafRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The member or item of a container; undefined when there is none. */
function childOf(container: JsonValue | undefined, step: string): JsonValue | undefined {
  if (isLeafObject(container)) return Object.hasOwn(container, step) ? container[step] : undefined
  return Array.isArray(container) && /^(?:0|[1-9]\d*)$/.test(step) ? (container as readonly JsonValue[])[Number(step)] : undefined
}

/** The value that a path leads to in a record; undefined where there is none. */
export function leafValueAt(record: LeafRecord, path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>(childOf, record)
}

type Container = Record<string, JsonValue> | JsonValue[]

/** A record that is changed place by place while what it was made from stays as it is: each container is copied once, when something in it changes. */
export type Draft = {
  readonly record: LeafRecord
  /** Takes a value out of an object, and leaves null in an array. */
  readonly remove: (path: readonly string[]) => void
  /** Puts a value where the path leads; false where it does not lead anywhere. */
  readonly put: (path: readonly string[], value: JsonValue) => boolean
}

/** A draft of a record. */
export function draftOf(record: LeafRecord): Draft {
  const own = new Set<Container>()
  const copyOf = (container: Container): Container => {
    if (own.has(container)) return container
    const copy = Array.isArray(container) ? [...container] : { ...container }
    own.add(copy)
    return copy
  }
  const root = copyOf(record) as Record<string, JsonValue>
  const holderOf = (path: readonly string[]): Container | undefined => {
    let holder: Container = root
    for (const step of path.slice(0, -1)) {
      const child = childOf(holder, step)
      if (typeof child !== 'object' || child === null) return undefined
      const copy = copyOf(child as Container)
      set(holder, step, copy)
      holder = copy
    }
    return holder
  }
  return {
    record: root,
    remove: (path) => {
      const holder = holderOf(path)
      const last = path.at(-1) as string
      if (Array.isArray(holder)) set(holder, last, null)
      else if (holder !== undefined) Reflect.deleteProperty(holder, last)
    },
    put: (path, value) => {
      const holder = holderOf(path)
      const last = path.at(-1) as string
      if (holder === undefined || (Array.isArray(holder) && childOf(holder, last) === undefined)) return false
      set(holder, last, value)
      return true
    },
  }
}

function set(container: Container, step: string, value: JsonValue): void {
  ;(container as Record<string, JsonValue>)[step] = value
}
