import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'

import { legalHoldsOn } from '../audit/removal/legal-hold.ts'
import { formatProof } from '../audit/proof.ts'
import { connectClassifiers } from '../classifiers/classifiers.ts'
import type { ConfigFile } from '../config/load-config.ts'
import type { ExternalClassifiers } from '../evidence/detectors/external-classifiers.ts'
import { SECOND_MS } from '../format/time.ts'
import { uuidv7 } from '../format/uuid.ts'
import { project } from '../ledger/fold/fold.ts'
import type { Store } from '../ledger/store.ts'
import type { Observer } from '../model/observation.ts'
import type { LoadPolicySet } from '../policy/policy-set.ts'
import { restorePolicySet } from '../rego/assemble-policy-set.ts'
import { createClock, type ServiceClock } from '../service/clock.ts'
import { createService, type ServiceDeps } from '../service/create-service.ts'
import type { Service } from '../service/service.ts'
import { createMemoryStore } from '../stores/memory/memory-store.ts'
import { createSqliteStore } from '../stores/sqlite/sqlite-store.ts'
import { baseSourceOf } from './base-source.ts'
import { bundledPolicySet } from './policy-sources.ts'

/** The wall clock against the monotonic one. */
export function systemClock(): ServiceClock {
  return createClock(
    () => Date.now(),
    () => performance.now(),
  )
}

/** The data directory of a configuration. */
export function dataDirOf({ config, root }: ConfigFile): string {
  return resolve(root, config.store.data_dir)
}

/** Where a store tells what the operator should know, and what a person said at the start (`--accept-new-checkpoint-file`). */
export type StoreStart = {
  readonly warn: (message: string) => void
  readonly acceptNewCheckpointFile?: boolean | undefined
}

/** The store of a data directory, with its lock; everything in it is folded by the product's projection. */
export async function openStore(
  loaded: ConfigFile,
  dataDir: string,
  { warn, acceptNewCheckpointFile }: StoreStart,
): Promise<Store & { readonly vkey: string }> {
  const { audit, store } = loaded.config
  if (store.engine === 'memory') return createMemoryStore({ project, origin: audit.origin })
  return createSqliteStore({
    dataDir,
    project,
    origin: audit.origin,
    checkpointFile: audit.checkpoint_file === undefined ? undefined : resolve(loaded.root, audit.checkpoint_file),
    acceptNewCheckpointFile,
    checkpointIntervalMs: audit.checkpoint_interval_ms,
    nowMs: () => Date.now(),
    onWarning: warn,
  })
}

/** The models that a configuration names, over HTTP, with tokens from the environment and files. Throws `bad_config`. */
export function externalClassifiers({ config, root }: ConfigFile, warn: (line: string) => void): ExternalClassifiers {
  const sources = { root, env: process.env, warn }
  return connectClassifiers(config.detectors, sources, { fetch, steadyMs: () => performance.now() })
}

/** Text form of an inclusion proof. */
export const proofText: ServiceDeps['formatProof'] = ({ leafIndex, path, checkpoint }) =>
  formatProof({ index: leafIndex, hashes: path.map((hash) => Buffer.from(hash, 'base64')), checkpoint })

/** The service on an open store. */
export async function openService(
  loaded: ConfigFile,
  store: Store,
  more: {
    readonly clock: ServiceClock
    readonly observe?: Observer
    readonly loadPolicySet?: LoadPolicySet
    readonly print?: (line: string) => void
    readonly modeKey?: Uint8Array
    /** Models that detectors ask; `externalClassifiers` makes those of the configuration. */
    readonly outside?: ExternalClassifiers
  },
): Promise<Service> {
  return createService({
    store,
    clock: more.clock,
    newId: uuidv7(more.clock.nowMs, (bytes) => randomBytes(bytes)),
    loadPolicySet: more.loadPolicySet ?? (() => bundledPolicySet(loaded, more.clock.nowMs(), more.print)),
    restorePolicySet,
    observe: more.observe ?? (() => undefined),
    elapsed: () => performance.now() / SECOND_MS,
    mask: loaded.config.audit.mask,
    maskAllBeyondLimit: loaded.config.audit.masks_beyond_limit === 'mask_all',
    detail: loaded.config.audit.detail,
    formatProof: proofText,
    importKeys: loaded.config.trust.import_keys,
    reviews: loaded.config.audit.reviews,
    legalHolds: legalHoldsOn(store),
    readBaseSource: baseSourceOf(loaded),
    ...(more.modeKey === undefined ? {} : { modeKey: more.modeKey }),
    ...(more.outside === undefined ? {} : { outside: more.outside }),
  })
}
