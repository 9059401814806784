/** Longest that work which can wait stands back for decisions under way before it takes its next step, ms. */
const STAND_BACK_MS_MAX = 10
/** Longest step of work that is cut by time, ms. */
const STEP_MS_MAX = 1

/** Work that waits for its next step. */
type Waiting = { readonly sinceMs: number; readonly goOn: () => void }

let deciding = 0
const line: Waiting[] = []
let isMoving = false
let timer: NodeJS.Timeout | undefined

/** Runs a decision that somebody waits for; what can wait stands back meanwhile (`giveWay`). The count is of this thread. */
export async function whileDeciding<T>(decide: () => T | Promise<T>): Promise<T> {
  deciding += 1
  try {
    return await decide()
  } finally {
    deciding -= 1
    if (deciding === 0 && timer !== undefined) stepSoon()
  }
}

/**
 * Long work calls it between its steps, each of at most a few milliseconds. One piece of work takes a step at a time, in the order asked for, others
 * have their turn in between, and decisions under way are finished first. Each goes on after about 10 ms, so that it gets on beside any number of decisions.
 */
export function giveWay(): Promise<void> {
  return new Promise((goOn) => {
    line.push({ sinceMs: performance.now(), goOn })
    if (isMoving) return
    isMoving = true
    stepSoon()
  })
}

/** For work of many small pieces: called after each, it gives way once they have taken a millisecond together. */
export function giveWayInSteps(): () => Promise<void> {
  let sinceMs = performance.now()
  return async () => {
    if (performance.now() - sinceMs < STEP_MS_MAX) return
    await giveWay()
    sinceMs = performance.now()
  }
}

function stepSoon(): void {
  clearTimeout(timer)
  timer = undefined
  setImmediate(step)
}

function step(): void {
  const [first] = line
  isMoving = first !== undefined
  if (first === undefined) return
  const leftMs = deciding === 0 ? 0 : first.sinceMs + STAND_BACK_MS_MAX - performance.now()
  if (leftMs > 0) {
    timer = setTimeout(stepSoon, leftMs)
    return
  }
  line.shift()
  first.goOn()
  stepSoon()
}
