/** Values by name, so many at most: those asked for longest ago go first. A kept `null` says that there is nothing under the name. */
export type LruCache<T> = {
  readonly get: (name: string) => T | null | undefined
  readonly set: (name: string, value: T | null) => void
  readonly forget: (name: string) => void
}

/** An empty cache of at most `entriesMax` values. */
export function createLruCache<T>(entriesMax: number): LruCache<T> {
  // A map keeps the order in which its names came in.
  const entries = new Map<string, T | null>()
  const set = (name: string, value: T | null): void => {
    entries.delete(name)
    entries.set(name, value)
    if (entries.size <= entriesMax) return
    for (const oldest of entries.keys()) {
      entries.delete(oldest)
      return
    }
  }
  return {
    get: (name) => {
      const value = entries.get(name)
      if (value !== undefined) set(name, value)
      return value
    },
    set,
    forget: (name) => void entries.delete(name),
  }
}
