import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { parse } from 'yaml'

import { legalHoldsOn } from '../../src/audit/removal/legal-hold.ts'
import { proofText } from '../../src/app/compose.ts'
import { Config } from '../../src/config/config.ts'
import type { ExternalClassifiers } from '../../src/evidence/detectors/external-classifiers.ts'
import type { ImportKey } from '../../src/evidence/import/settings.ts'
import { DAY_MS } from '../../src/format/time.ts'
import { uuidv7 } from '../../src/format/uuid.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import { recordOf } from '../../src/ledger/new-record.ts'
import { agentKey } from '../../src/ledger/keys.ts'
import type { Store } from '../../src/ledger/store.ts'
import { LAYERS } from '../../src/model/layer.ts'
import type { Observation, Observer } from '../../src/model/observation.ts'
import type { ScopeKey } from '../../src/model/scope.ts'
import type { ReadBaseSource } from '../../src/permissions/base-source.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { assemblePolicySet, type PolicySetParts, readPolicyParts, restorePolicySet } from '../../src/rego/assemble-policy-set.ts'
import { createService, systemCaller } from '../../src/service/create-service.ts'
import type { Service } from '../../src/service/service.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../src/trust/default-constants.ts'
import { newAgentTrust, scopeOf } from '../../src/trust/stored-trust.ts'

/** Monday 2026-03-02, 10:00 UTC: a business hour, so that no rule about the time of day fires by itself. */
export const START_MS = Date.UTC(2026, 2, 2, 10)
export const HOUR_MS = 3_600_000
const ROOT = resolve(import.meta.dirname, '../..')

/** A clock that stands still until it is set. */
export type TestClock = {
  readonly nowMs: () => number
  readonly steady: () => boolean
  readonly set: (ms: number) => void
  readonly advance: (ms: number) => void
  readonly step: (steady: boolean) => void
}

/** A clock standing at a time. */
export function testClock(startMs = START_MS): TestClock {
  let now = startMs
  let isSteady = true
  return {
    nowMs: () => now,
    steady: () => isSteady,
    set: (ms) => {
      now = ms
    },
    advance: (ms) => {
      now += ms
    },
    step: (steady) => {
      isSteady = steady
    },
  }
}

/** Ids that are the same in every run: the clock's time and a counter. */
export function countedIds(nowMs: () => number): () => string {
  let count = 0
  return uuidv7(nowMs, (length) => {
    count += 1
    const bytes = new Uint8Array(length)
    new DataView(bytes.buffer).setUint32(length - 4, count)
    return bytes
  })
}

/** What the example organisation adds to the shipped ceilings: the caps and purposes of its configuration. */
const { tenants } = parse(readFileSync(resolve(ROOT, 'gradus.yaml'), 'utf8')) as { readonly tenants: object }

/** The parts of the example organisation's policy set, under a configuration that deviates from the default as said. */
export async function shippedParts(config: object = {}): Promise<PolicySetParts> {
  return readPolicyParts({ config: Config.parse({ tenants, ...config }), root: ROOT, shipped: resolve(ROOT, 'bundles') })
}

const loadedSets = new Map<string, Promise<PolicySet>>()

/** The shipped policy set, loaded once for all services of a test file; closing one of them leaves it open for the others. */
export function shippedPolicySet(config: object = {}): Promise<PolicySet> {
  const key = JSON.stringify(config)
  const loaded =
    loadedSets.get(key) ?? shippedParts(config).then(async (parts) => staysOpen(await assemblePolicySet(parts, START_MS)))
  loadedSets.set(key, loaded)
  return loaded
}

function staysOpen(policySet: PolicySet): PolicySet {
  const kept = (policy: Policy): Policy => ({
    digest: policy.digest,
    entrypoints: policy.entrypoints,
    evaluate: (entrypoint, input) => policy.evaluate(entrypoint, input),
    close: () => undefined,
  })
  return {
    ...policySet,
    base: kept(policySet.base),
    graduation: kept(policySet.graduation),
    mask: policySet.mask === undefined ? undefined : kept(policySet.mask),
  }
}

/** What a test may replace of the service. */
export type TestServiceOptions = {
  readonly config?: object
  /** What keeps state and log; a memory store when absent. */
  readonly engine?: Store
  readonly store?: (store: Store) => Store
  /** Changes the loaded policy set, each time it is loaded. */
  readonly policySet?: (policySet: PolicySet) => PolicySet | Promise<PolicySet>
  readonly clock?: TestClock
  readonly mask?: boolean
  /** Everything sensitive is masked beyond the limit on masks, instead of the request being refused. */
  readonly maskAllBeyondLimit?: boolean
  /** Told what the service observes, besides the test. */
  readonly observe?: Observer
  readonly importKeys?: readonly ImportKey[]
  /** Models that detectors ask. */
  readonly outside?: ExternalClassifiers
  /** Reads the data of the base; absent: it is not at hand. */
  readonly readBaseSource?: ReadBaseSource
}

/** A service on a memory store, with the handles a test needs. */
export type TestService = {
  readonly service: Service
  readonly store: Store
  readonly clock: TestClock
  readonly observations: readonly Observation[]
  readonly newId: () => string
  /** Writes effects to the log as an operator's record would. */
  readonly write: (effects: readonly Effect[], tenant?: string) => Promise<void>
  /** Lets agents earn a level in a scope by verified decisions; takes as long as the dwell times say. */
  readonly earn: (agents: string | readonly string[], scope: ScopeKey, level: number, tenant?: string) => Promise<void>
}

/** The service on the shipped policies, a memory store and a clock that stands still. */
export async function testService(options: TestServiceOptions = {}): Promise<TestService> {
  const clock = options.clock ?? testClock()
  const memory = options.engine ?? createMemoryStore({ project, origin: 'test.example/audit' })
  const store = options.store?.(memory) ?? memory
  const observations: Observation[] = []
  const newId = countedIds(clock.nowMs)
  const shipped = await shippedPolicySet(options.config)
  const service = await createService({
    store,
    clock,
    newId,
    loadPolicySet: async () => (options.policySet === undefined ? shipped : options.policySet(shipped)),
    observe: (observation) => {
      observations.push(observation)
      options.observe?.(observation)
    },
    legalHolds: legalHoldsOn(store),
    ...(options.importKeys === undefined ? {} : { importKeys: options.importKeys }),
    ...(options.outside === undefined ? {} : { outside: options.outside }),
    ...(options.readBaseSource === undefined ? {} : { readBaseSource: options.readBaseSource }),
    restorePolicySet,
    // What is drawn by chance comes out alike in every run.
    modeKey: new Uint8Array(32),
    elapsed: () => 0,
    mask: options.mask ?? true,
    maskAllBeyondLimit: options.maskAllBeyondLimit ?? false,
    formatProof: proofText,
    reviews: Config.parse(options.config ?? {}).audit.reviews,
    detail: Config.parse(options.config ?? {}).audit.detail,
  })
  const write = async (effects: readonly Effect[], tenant = 'default'): Promise<void> => {
    const record = recordOf({
      kind: 'operator',
      id: newId(),
      caller: systemCaller(tenant),
      atMs: clock.nowMs(),
      body: { verb: 'test' },
      effects,
    })
    await memory.transact([], (transaction) => transaction.append({ record }))
  }
  const earn = async (agents: string | readonly string[], scope: ScopeKey, level: number, tenant = 'default'): Promise<void> => {
    for (const to of [1, 2, 3, 4].filter((each) => each <= level) as (1 | 2 | 3 | 4)[]) {
      clock.advance(DEFAULT_TRUST_CONSTANTS.dwell_days[to] * DAY_MS)
      for (const agent of [agents].flat()) {
        await write(earned(agent, scope, UNITS_EARNED[to], clock.nowMs()), tenant)
        const stored = await memory.read([], (view) => view.document(agentKey(tenant, agent)))
        // Who stands there already only earns.
        if (scopeOf(stored ?? newAgentTrust(), scope).ladder.level < to)
          await write([{ kind: 'promote', agent, scope, level: to, human: true }], tenant)
      }
    }
  }
  return { service, store, clock, observations, newId, write, earn }
}

/** Clean decisions that earn each level with room to spare. */
const UNITS_EARNED = [0, 12, 40, 150, 1_200] as const

/** Evidence of so many verified, clean decisions, in all layers, by three verifiers. */
export function earned(agent: string, scope: ScopeKey, units: number, atMs: number): readonly Effect[] {
  return Array.from({ length: units }, (_, index) =>
    LAYERS.map((layer): Effect => ({
      kind: 'evidence',
      agent,
      scope,
      layer,
      polarity: 'positive',
      weight: 1,
      kappa: 0,
      event_time_ms: atMs,
      verifier: `verifier-${String(index % 3)}`,
      counts: layer === 'outcome',
      self_flagged: false,
      blast: 0,
    })),
  ).flat()
}
