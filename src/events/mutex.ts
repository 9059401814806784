/** Lets one piece of work run at a time, in the order asked for. */
export type Mutex = { readonly run: <T>(work: () => Promise<T>) => Promise<T> }

/** A mutex that nothing holds. */
export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve()
  return {
    run: (work) => {
      const running = last.then(work)
      last = running.catch(() => undefined)
      return running
    },
  }
}
