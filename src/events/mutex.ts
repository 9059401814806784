/** Lets one piece of work run at a time, in the order asked for. */
export type Mutex = { readonly take: <T>(work: () => Promise<T>) => Promise<T> }

/** Nobody has a turn yet. */
export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve()
  return {
    take: (work) => {
      const turn = last.then(work)
      last = turn.catch(() => undefined)
      return turn
    },
  }
}
