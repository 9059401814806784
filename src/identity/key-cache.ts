import type { CryptoKey } from 'jose'

import type { VerificationKey } from './key-set.ts'
import type { LoadKeys } from './load-keys.ts'
import type { TokenAlgorithm } from './settings.ts'

/** When keys are fetched again, in ms. */
export type KeyTimes = { readonly refreshMs: number; readonly cooldownMs: number; readonly staleMs: number }

/** The keys of one issuer. */
export type KeyCache = {
  /** The key for a token: undefined where there is none, `unavailable` where the keys cannot be had. */
  readonly find: (kid: string | undefined, algorithm: TokenAlgorithm) => Promise<CryptoKey | 'unavailable' | undefined>
  /** Brings the keys now; says whether there are some that can be used. */
  readonly refresh: () => Promise<boolean>
}

/**
 * Keeps the keys of an issuer. They are fetched again beside the requests when they are older than `refreshMs`, and at once for a
 * key id nobody knows, but not more often than every `cooldownMs`: who sends invented ids makes one fetch. Keys that could not be
 * fetched again are used until `staleMs`, and not a moment longer. `steadyMs` is a monotonic clock.
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

/** The one key that a token can mean; two that fit are none. */
function pick(keys: readonly VerificationKey[], kid: string | undefined, algorithm: TokenAlgorithm): VerificationKey | undefined {
  const fitting = keys.filter((key) => (kid === undefined || key.kid === kid) && key.fits(algorithm))
  return fitting.length === 1 ? fitting[0] : undefined
}
