import type { CryptoKey } from 'jose'

import type { VerificationKey } from './key-set.ts'
import type { LoadKeys } from './load-keys.ts'
import type { TokenAlgorithm } from './settings.ts'

/** When keys are fetched again, in ms. */
export type KeyTimes = { readonly refreshMs: number; readonly cooldownMs: number; readonly staleMs: number }

/** The keys of one issuer. */
export type KeyCache = {
  /** The key for a token: undefined if there is none, `unavailable` if the keys could not be fetched. */
  readonly find: (kid: string | undefined, algorithm: TokenAlgorithm) => Promise<CryptoKey | 'unavailable' | undefined>
  /** Fetches the keys now; true if there are keys that may be used. */
  readonly refresh: () => Promise<boolean>
}

/**
 * Caches the keys of an issuer. Keys older than `refreshMs` are fetched again in the background; an unknown key id fetches them
 * at once. There is at most one fetch per `cooldownMs`, so that invented key ids cause no flood. If fetching fails, keys are used
 * until they are `staleMs` old. `steadyMs` is a monotonic clock.
 */
export function createKeyCache(
  load: LoadKeys,
  times: KeyTimes,
  { steadyMs, onFailure }: { readonly steadyMs: () => number; readonly onFailure: (cause: unknown) => void },
): KeyCache {
  let keys: readonly VerificationKey[] = []
  let loadedAtMs = -Infinity
  let triedAtMs = -Infinity
  let running: Promise<void> | undefined
  const isUsable = (): boolean => steadyMs() - loadedAtMs <= times.staleMs

  const reload = (): Promise<void> => {
    if (running !== undefined) return running
    if (steadyMs() - triedAtMs < times.cooldownMs) return Promise.resolve()
    const startedMs = steadyMs()
    triedAtMs = startedMs
    running = load()
      .then((fresh) => {
        keys = fresh
        loadedAtMs = startedMs
      }, onFailure)
      .finally(() => (running = undefined))
    return running
  }
  return {
    refresh: async () => {
      await reload()
      return isUsable()
    },
    find: async (kid, algorithm) => {
      if (!isUsable()) await reload()
      else if (steadyMs() - loadedAtMs > times.refreshMs) void reload()
      if (!isUsable()) return 'unavailable'
      const known = pick(keys, kid, algorithm)
      if (known !== undefined) return known.load(algorithm)
      await reload()
      return pick(keys, kid, algorithm)?.load(algorithm)
    },
  }
}

/** The key that a token means; undefined if more than one fits. */
function pick(keys: readonly VerificationKey[], kid: string | undefined, algorithm: TokenAlgorithm): VerificationKey | undefined {
  const fitting = keys.filter((key) => (kid === undefined || key.kid === kid) && key.fits(algorithm))
  return fitting.length === 1 ? fitting[0] : undefined
}
