/**
 * Gradus as a library: open a store, put the service together, decide in process. Everything an adapter uses is here; the HTTP
 * server and the command line are made of the same parts.
 *
 * @packageDocumentation
 */
export { dataDirOf, openService, openStore, outsideModels, systemClock } from './compose.ts'
export { loadConfig, type ConfigFile } from './load-config.ts'
export { createMemoryStore } from './stores/memory/memory-store.ts'
export { createSqliteStore, type SqliteStoreOptions } from './stores/sqlite/sqlite-store.ts'
export { createService, systemCaller, type ServiceDeps } from './service/create-service.ts'
export type { Ask, Observation, Observer, Service } from './service/service.ts'
export type { Protocol } from './service/protocol.ts'
export type { PolicySet, PolicySetView, LoadPolicySet } from './service/policy-set.ts'
export type { OutsideModels } from './service/outside-models.ts'
export type {
  InjectionClassifier,
  Policy,
  RecordQuery,
  Store,
  StoredRecord,
  TopicModel,
  Transaction,
  View,
} from './service/ports.ts'
export { project } from './service/projection.ts'
export { derive, type Derivation, type Question } from './service/derive.ts'
export { replayDecision, type ReplayResult } from './service/replay.ts'
export { decide } from './pdp/decide.ts'
export type { Decision, DecisionInputs } from './model/decision-inputs.ts'
export { Credential, Standing, type Caller } from './model/caller.ts'
export { Config } from './model/config.ts'
export { ServiceError, type ErrorCode } from './model/error.ts'
export { Outcome, OUTCOMES } from './model/outcome.ts'
export { Request } from './model/request.ts'
export { DecisionAnswer } from './model/wire.ts'
export { createHttpServer, type HttpServerOptions } from './http/server.ts'
export { createIdentity, type Identity, type IdentityDeps } from './identity/identity.ts'
export { createMetrics } from './http/metrics.ts'
export { loadBundle } from './rego/bundle.ts'
export { assemblePolicySet, readPolicyParts, restorePolicySet } from './rego/policy-set.ts'
