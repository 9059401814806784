/** Most members and items that are walked of one JSON value. */
const NODES_MAX = 2_000
/** Deepest that a JSON value is walked. */
const TEXT_DEPTH_MAX = 32
/** Longest part of a place, characters: a long name above many leaves must not be copied for each. */
const PART_CHARS_MAX = 128

/** A leaf of a JSON value: the keys that lead to it (`*` for an index of a list) and its JSON Pointer. */
export type Leaf = { readonly path: string; readonly pointer: string; readonly value: string | number | boolean | null }

/** The leaves of a JSON value in order, its keys, and whether all of it was walked. What is no JSON makes it incomplete. */
export type Leaves = { readonly leaves: readonly Leaf[]; readonly keys: readonly string[]; readonly complete: boolean }

type Waiting = { readonly value: unknown; readonly path: string; readonly pointer: string; readonly depth: number }

/** Walks a JSON value without recursion, to at most 2,000 nodes and 32 levels. */
export function leavesOf(value: unknown): Leaves {
  const waiting: Waiting[] = [{ value, path: '', pointer: '', depth: 0 }]
  const leaves: Leaf[] = []
  const keys: string[] = []
  let complete = true
  let nodes = 0
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    nodes += 1
    if (nodes > NODES_MAX) return { leaves, keys, complete: false }
    const below = belowOf(node)
    if (below !== undefined && node.depth < TEXT_DEPTH_MAX) {
      if (below.length > NODES_MAX) complete = false
      keys.push(...below.flatMap(({ key }) => key ?? []))
      waiting.push(...below.reverse().map(({ waiting: next }) => next))
    } else if (below === undefined && isLeaf(node.value))
      leaves.push({ path: node.path, pointer: node.pointer, value: node.value })
    else complete = false
  }
  return { leaves, keys, complete }
}

type Below = { readonly key?: string; readonly waiting: Waiting }

/** The first members or items of an object or list; undefined for anything else. */
function belowOf({ value, path, pointer, depth }: Waiting): Below[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const next = depth + 1
  if (Array.isArray(value))
    return value.slice(0, NODES_MAX + 1).map((item: unknown, index) => ({
      waiting: { value: item, path: `${path}/*`, pointer: `${pointer}/${index}`, depth: next },
    }))
  return Object.entries(value)
    .slice(0, NODES_MAX + 1)
    .map(([key, item]: [string, unknown]) => {
      const part = key.slice(0, PART_CHARS_MAX).replaceAll('~', '~0').replaceAll('/', '~1')
      return { key, waiting: { value: item, path: `${path}/${part}`, pointer: `${pointer}/${part}`, depth: next } }
    })
}

function isLeaf(value: unknown): value is Leaf['value'] {
  if (typeof value === 'number') return Number.isFinite(value)
  return value === null || typeof value === 'string' || typeof value === 'boolean'
}
