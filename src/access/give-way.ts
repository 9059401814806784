/** Longest that work which can wait stands back for decisions under way before it takes its next step, ms. */
const STAND_BACK_MS_MAX = 5

let deciding = 0
const standingBack = new Set<() => void>()

/** Runs a decision that somebody waits for; what can wait stands back meanwhile (`giveWay`). The count is of this thread. */
export async function whileDeciding<T>(decide: () => T | Promise<T>): Promise<T> {
  deciding += 1
  try {
    return await decide()
  } finally {
    deciding -= 1
    if (deciding === 0) for (const goOn of [...standingBack]) goOn()
  }
}

/**
 * Long work calls it between its steps, each of at most a few milliseconds: others have their turn, and decisions under way are
 * finished first. It goes on after 5 ms at the latest, so that it gets on beside any number of decisions.
 */
export async function giveWay(): Promise<void> {
  if (deciding > 0) await decisionsDone()
  await new Promise((resolve) => setImmediate(resolve))
}

function decisionsDone(): Promise<void> {
  return new Promise((resolve) => {
    const goOn = (): void => {
      clearTimeout(timer)
      standingBack.delete(goOn)
      resolve()
    }
    const timer = setTimeout(goOn, STAND_BACK_MS_MAX)
    standingBack.add(goOn)
  })
}
