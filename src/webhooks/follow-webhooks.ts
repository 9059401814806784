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

/** What following needs; tests set the optional members. */
export type FollowOptions = {
  readonly store: Store
  /** The records of this store that have events; without it every record is read. */
  readonly index?: EventIndex
  readonly webhooks: readonly Webhook[]
  /** Where positions are stored; null for a store in memory. */
  readonly dataDir: string | null
  /** The directory that relative paths of secret files start from. */
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
  /** Sends pending events within a time limit and saves every position. The store must stay open until then. */
  readonly stop: () => Promise<void>
}

/**
 * Webhooks follow the log: each event is sent in order and retried until it is acknowledged. Only the position of each webhook is
 * stored on disk. Rejects with `bad_config`, `store_corrupt` or `io`, with place and fix, if a secret or a position cannot be
 * read.
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
