import { randomBytes } from 'node:crypto'

import { SYSTEM_ACTOR } from '../access/actor-name.ts'
import type { Credential } from '../access/caller.ts'
import type { ServeOptions } from '../cli/support/deps.ts'
import type { ConfigFile } from '../config/load-config.ts'
import { createEventStreams } from '../events/event-streams.ts'
import { type LogEntry, loudObserver } from '../http/log.ts'
import { createMetrics, type Metrics } from '../http/metrics.ts'
import { createHttpServer, type HttpServer } from '../http/server.ts'
import { createIdentity } from '../identity/identity.ts'
import type { Store } from '../ledger/store.ts'
import { type Monitor, openMonitor } from '../monitoring/monitor.ts'
import { createRetention, type Retained } from '../audit/removal/retain.ts'
import { uuidv7 } from '../format/uuid.ts'
import { noStateFile, stateFile } from '../monitoring/state-file.ts'
import { type Tail, tailAppends } from '../monitoring/tail.ts'
import type { ServiceClock } from '../service/clock.ts'
import type { LoadPolicySet } from '../policy/policy-set.ts'
import { noteRead } from '../reports/read-log.ts'
import { clockAfterTheLog } from '../service/create-service.ts'
import type { Service } from '../service/service.ts'
import { indexEvents, type EventIndex } from '../events/event-index.ts'
import { readEvents } from '../events/event-feed.ts'
import { followWebhooks, type WebhookFollowers } from '../webhooks/follow-webhooks.ts'
import { connectPlaces, connectWitnesses } from '../witness/connect.ts'
import { type CheckpointSender, createCheckpointSender } from '../witness/send-checkpoints.ts'
import { dataDirOf, externalClassifiers, openService, openStore, systemClock } from './compose.ts'
import { modeKeyOf } from './data-dir-secrets.ts'
import { createReaderThread, type ReaderThread } from './reader/read-aside.ts'

/** What the process around the server gives. */
export type ServeProcess = {
  readonly cwd: string
  readonly version: string
  readonly log: (entry: LogEntry) => void
  readonly warn: (line: string) => void
}

/** What every part of a server stands on: its configuration, its store, its clock. */
export type ServerBase = {
  readonly options: ServeOptions
  readonly around: ServeProcess
  readonly loaded: ConfigFile
  readonly dataDir: string
  /** False with the memory store: nothing is kept on the disk. */
  readonly durable: boolean
  readonly clock: ServiceClock
  readonly metrics: Metrics
  readonly index: EventIndex
  readonly tail: Tail
  /** Everything that is appended to it reaches `index` and `tail`. */
  readonly store: Store
}

/** Opens the store of a configuration, with its lock. */
export async function openServerBase(loaded: ConfigFile, options: ServeOptions, around: ServeProcess): Promise<ServerBase> {
  const dataDir = dataDirOf(loaded)
  const clock = systemClock()
  const metrics = createMetrics()
  const { acceptNewCheckpointFile } = options
  const index = indexEvents(await openStore(loaded, dataDir, { warn: around.warn, acceptNewCheckpointFile }))
  const tail = tailAppends(index.store, loaded.config.monitoring.rules)
  const durable = loaded.config.store.engine === 'sqlite'
  return { options, around, loaded, dataDir, durable, clock, metrics, index, tail, store: tail.store }
}

/** What removes sealed values that were kept as long as the configuration says. */
export function retentionOf({ loaded, clock, store }: ServerBase): () => Promise<Retained> {
  const newId = uuidv7(clock.nowMs, (bytes) => randomBytes(bytes))
  return createRetention({ store, rules: loaded.config.audit.retention, nowMs: clock.nowMs, newId, actor: SYSTEM_ACTOR })
}

/** The service, observed by the metrics and the process log. */
export async function openServerService(
  { around, loaded, dataDir, durable, clock, metrics, store }: ServerBase,
  loadPolicySet: LoadPolicySet,
): Promise<Service> {
  const loud = loudObserver(around.log)
  return openService(loaded, store, {
    clock,
    observe: (observation) => {
      metrics.observer(observation)
      loud(observation)
    },
    loadPolicySet,
    outside: externalClassifiers(loaded, around.warn),
    ...(durable ? { modeKey: modeKeyOf(dataDir) } : {}),
  })
}

/** The thread that reads; undefined with the memory store, which no other thread can see. */
async function openServerReader(
  { dataDir, durable, clock, store }: ServerBase,
  service: Service,
): Promise<ReaderThread | undefined> {
  if (!durable) return undefined
  const { nowMs } = await clockAfterTheLog({ store, clock, observe: () => undefined })
  const newId = uuidv7(nowMs, (bytes) => randomBytes(bytes))
  return createReaderThread({
    dataDir,
    policySet: () => service.policySet().digest,
    nowMs,
    noteRead: (caller, detail) => noteRead({ store, nowMs, newId }, caller, detail),
  })
}

/** The HTTP server in front of a service; `operator` is known beside the configured credentials, `warnings` show in its health. */
export async function createServerHttp(
  base: ServerBase,
  service: Service,
  { operator, warnings }: { readonly operator: Credential | undefined; readonly warnings: () => readonly string[] },
): Promise<HttpServer> {
  const { around, clock, metrics, store, index } = base
  const { config } = base.loaded
  const identity = await createIdentity(config.identity, {
    nowMs: clock.nowMs,
    steadyMs: () => performance.now(),
    warn: around.warn,
    credentialIds: config.credentials.map(({ id }) => id),
    asksForCertificates: config.http.tls?.client_ca !== undefined,
  })
  const reader = await openServerReader(base, service)
  const http = createHttpServer({
    service,
    identity,
    config: config.http,
    credentials: operator === undefined ? config.credentials : [...config.credentials, operator],
    entrypoints: config.entrypoints,
    mapping: config.base.mapping,
    signalMappings: config.signals.mappings,
    warnings,
    ...(reader === undefined ? {} : { readAside: reader.readAside }),
    metrics,
    events: createEventStreams({ size: store.size, read: (from) => readEvents(store, index, from) }),
    version: around.version,
    log: around.log,
    nowMs: clock.nowMs,
  })
  return { ...http, close: () => http.close().finally(() => reader?.close()) }
}

/** The followers that send events to webhooks; their cursors are kept in the data directory. */
export function openServerWebhooks(base: ServerBase): Promise<WebhookFollowers> {
  const { around, loaded, dataDir, durable, clock, metrics, store, index } = base
  return followWebhooks({
    store,
    index,
    webhooks: loaded.config.webhooks,
    dataDir: durable ? dataDir : null,
    root: loaded.root,
    nowMs: clock.nowMs,
    observe: metrics.observer,
    warn: around.warn,
  })
}

/** The monitor; its state is kept in the data directory. */
export function openServerMonitor(base: ServerBase, service: Pick<Service, 'raiseAlert'>): Promise<Monitor> {
  const { around, loaded, dataDir, durable, clock, metrics, tail } = base
  return openMonitor({
    tail,
    rules: loaded.config.monitoring.rules,
    file: durable ? stateFile(dataDir, around.warn) : noStateFile(),
    raise: service.raiseAlert,
    nowMs: clock.nowMs,
    observe: metrics.observer,
    warn: around.warn,
  })
}

/** What has checkpoints countersigned by witnesses and keeps them in places outside. */
export function createServerSender({ around, loaded, dataDir, durable, metrics, store }: ServerBase): CheckpointSender {
  const { witnesses, checkpoint_places: places } = loaded.config.audit
  return createCheckpointSender({
    store,
    witnesses: connectWitnesses(witnesses),
    places: connectPlaces(places, { root: loaded.root, env: process.env, warn: around.warn }),
    dataDir: durable ? dataDir : null,
    fetch,
    observe: metrics.observer,
    warn: around.warn,
  })
}
