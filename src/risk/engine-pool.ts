/** Most engines of one rule set; json-rules-engine is CPU-bound between its promises, so more would only take memory. */
export const ENGINES_MAX = 8

/** Lends engines, each to one piece of work at a time. */
export type EnginePool<E> = { readonly use: <T>(work: (engine: E) => Promise<T>) => Promise<T> }

/** Makes engines when they are first needed, up to a limit; further work waits in order. One whose work failed is thrown away. */
export function createEnginePool<E>(create: () => E, enginesMax: number = ENGINES_MAX): EnginePool<E> {
  const free: E[] = []
  const waiting: (() => void)[] = []
  let lent = 0
  return {
    use: async (work) => {
      while (lent >= enginesMax) await new Promise<void>((resolve) => waiting.push(resolve))
      lent += 1
      try {
        const engine = free.pop() ?? create()
        const answer = await work(engine)
        free.push(engine)
        return answer
      } finally {
        lent -= 1
        waiting.shift()?.()
      }
    },
  }
}
