import type { EventIndex } from '../events/event-index.ts'
import { SECOND_MS } from '../format/time.ts'
import type { Store } from '../ledger/store.ts'
import type { Observer } from '../model/observation.ts'
import { fileCursor, memoryCursor } from './cursor.ts'
import { type FollowerDeps, openFollower } from './follower.ts'
import { PACE, type Pace } from './retry-pace.ts'
import { signingKeys } from './secret.ts'
import type { Webhook } from './settings.ts'

/** How often the lag of every webhook is observed, ms. */
const LAG_INTERVAL_MS = SECOND_MS

/** What following needs; the members that can be left out are for tests. */
export type FollowOptions = {
  readonly store: Store
  /** Which records of this store have events; without it every record is looked at. */
  readonly index?: EventIndex
  readonly webhooks: readonly Webhook[]
  /** Where positions are kept; null with a store that forgets. */
  readonly dataDir: string | null
  /** What relative secret files are relative to. */
  readonly root: string
  readonly nowMs: () => number
  readonly observe: Observer
  readonly warn: (line: string) => void
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly fetch?: typeof fetch
  readonly random?: () => number
  readonly pace?: Partial<Pace>
}

/** The webhooks of a configuration, ready to follow the log. */
export type WebhookFollowers = {
  readonly start: () => void
  /** Sends what is written as far as the receivers take it, within a bound, and keeps every position. The store is open until then. */
  readonly stop: () => Promise<void>
}

/**
 * Webhooks are followers of the log: each event is sent in order, again and again until it is acknowledged, and how far a webhook got
 * is kept on disk; nothing else is. Reads secrets and positions; rejects with `bad_config`, `store_corrupt` or `io` with the place and the fix.
 */
export async function followWebhooks(options: FollowOptions): Promise<WebhookFollowers> {
  const { webhooks, dataDir, root, warn, observe } = options
  const deps: FollowerDeps = {
    store: options.store,
    index: options.index,
    fetch: options.fetch ?? fetch,
    nowMs: options.nowMs,
    random: options.random ?? Math.random,
    observe,
    warn,
    pace: { ...PACE, ...options.pace },
  }
  const secrets = { root, env: options.env ?? process.env, warn }
  const all = webhooks.map((webhook) => ({ webhook, keys: signingKeys(webhook, secrets) }))
  const followers = await Promise.all(
    all.map(async ({ webhook, keys }) => ({
      id: webhook.id,
      follower: await openFollower(webhook, keys, dataDir === null ? memoryCursor() : fileCursor(dataDir, webhook.id), deps),
    })),
  )
  const observeLag = (): void => {
    for (const { id, follower } of followers) observe({ kind: 'webhook_lag', webhook: id, records: follower.lag() })
  }
  let timer: NodeJS.Timeout | undefined
  return {
    start: () => {
      if (followers.length === 0) return
      timer = setInterval(observeLag, LAG_INTERVAL_MS).unref()
      observeLag()
      for (const { follower } of followers) follower.start()
    },
    stop: async () => {
      clearInterval(timer)
      await Promise.all(followers.map(({ follower }) => follower.stop()))
      observeLag()
    },
  }
}
