import { SECOND_MS } from '../../format/time.ts'
import type { ServingStore } from './serving-store.ts'

/** How long after a failed commit the store is first opened anew, ms. */
const HEAL_AFTER_MS = 5_000
/** Longest pause between two attempts, ms. */
const HEAL_PAUSE_MS_MAX = 60_000

/** A store that is opened anew after a commit failed for a cause that may pass. */
export type HealingStore = {
  /** The store as it serves now. */
  readonly serving: () => ServingStore
  /** Ends the attempts; resolves when none is under way. */
  readonly stop: () => Promise<void>
}

/** How a store is opened and opened anew. */
export type HealDeps = {
  /**
   * Opens the store, or, after a failed commit, verifies the log against what `former` acknowledged and opens it anew; rejects where the
   * cause is still there or the log is another. `onFence` is told when a commit failed, and whether its cause may pass.
   */
  readonly open: (onFence: (isPassing: boolean) => void, former: ServingStore | undefined) => Promise<ServingStore>
  /** Pause before the first attempt, ms; 5,000 when undefined. */
  readonly afterMs: number | undefined
  readonly warn: (message: string) => void
}

type Healing = HealDeps & {
  store: ServingStore | undefined
  pauseMs: number
  timer: NodeJS.Timeout | undefined
  attempting: Promise<void> | undefined
  isStopped: boolean
  healedAtMs: number
}

/** Opens a store that heals by itself. Pauses between attempts grow, also over fences that follow each other at once, as on a disk that is nearly full. */
export async function openHealing(deps: HealDeps): Promise<HealingStore> {
  const pauseMs = deps.afterMs ?? HEAL_AFTER_MS
  const healing: Healing = {
    ...deps,
    store: undefined,
    pauseMs,
    timer: undefined,
    attempting: undefined,
    isStopped: false,
    healedAtMs: 0,
  }
  healing.store = await deps.open((isPassing) => fenced(healing, isPassing), undefined)
  return {
    serving: () => healing.store as ServingStore,
    stop: async () => {
      healing.isStopped = true
      clearTimeout(healing.timer)
      await healing.attempting
    },
  }
}

function fenced(healing: Healing, isPassing: boolean): void {
  if (!isPassing) return
  if (performance.now() - healing.healedAtMs > HEAL_PAUSE_MS_MAX) healing.pauseMs = healing.afterMs ?? HEAL_AFTER_MS
  plan(healing, performance.now())
}

function plan(healing: Healing, sinceMs: number): void {
  if (healing.isStopped) return
  healing.timer = setTimeout(() => void (healing.attempting = attempt(healing, sinceMs)), healing.pauseMs).unref()
  healing.pauseMs = Math.min(healing.pauseMs * 2, HEAL_PAUSE_MS_MAX)
}

async function attempt(healing: Healing, sinceMs: number): Promise<void> {
  try {
    healing.store = await healing.open((isPassing) => fenced(healing, isPassing), healing.store)
    healing.healedAtMs = performance.now()
    const seconds = Math.round((healing.healedAtMs - sinceMs) / SECOND_MS)
    healing.warn(`The store writes again, after ${seconds} s; its log was verified first`)
  } catch (error) {
    healing.warn(`The store stays fenced: ${error instanceof Error ? error.message : String(error)}`)
    plan(healing, sinceMs)
  }
}
