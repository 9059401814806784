import { randomBytes } from 'node:crypto'

import { RecordDetailSettings } from '../decisions/settings.ts'
import type { ExternalClassifiers } from '../evidence/detectors/external-classifiers.ts'
import type { ImportKey } from '../evidence/import/settings.ts'
import { InvariantError } from '../format/error.ts'
import type { Store } from '../ledger/store.ts'
import type { Observer } from '../model/observation.ts'
import type { ReadBaseSource } from '../permissions/base-source.ts'
import { createPoliciesInForce } from '../policy/policies-in-force.ts'
import type { LoadPolicySet, PolicySet, RestorePolicySet } from '../policy/policy-set.ts'
import type { LegalHolds } from '../reports/legal-holds.ts'
import type { AuditDeps } from '../reports/read-log.ts'
import type { LogReview } from '../reports/settings.ts'
import { CLOCK_STEP_MS_MAX, type ServiceClock } from './clock.ts'
import type { Service } from './service.ts'
import { verbsOf } from './verbs.ts'

export { systemCaller } from '../access/caller.ts'

/** Length of the key that deals sessions, bytes. */
export const MODE_KEY_BYTES = 32

/** What the service is made of. */
export type ServiceDeps = {
  readonly store: Store
  readonly clock: ServiceClock
  readonly newId: () => string
  readonly loadPolicySet: LoadPolicySet
  /** Loads a former policy set from the archive; absent: what was decided under one is explained without its matrix. */
  readonly restorePolicySet?: RestorePolicySet
  readonly observe: Observer
  /** Seconds on a monotonic clock. */
  readonly elapsed: () => number
  /** Apply the policy set's mask rule to what is stored. */
  readonly mask: boolean
  /** Beyond the limit on masks, everything sensitive is masked; absent: the request is refused. */
  readonly maskAllBeyondLimit?: boolean
  /** What records of decisions hold beside what decides; absent: as in a configuration that does not say. */
  readonly detail?: RecordDetailSettings
  readonly formatProof: AuditDeps['formatProof']
  /** Deals sessions to the sides of a percentage (`modes`); secret. Absent: a new one with each start, so that sessions are dealt anew. */
  readonly modeKey?: Uint8Array
  /** Whose signature an imported history bears; none when absent. */
  readonly importKeys?: readonly ImportKey[]
  /** Legal holds on the log; none can be placed when absent. */
  readonly legalHolds?: LegalHolds
  /** Reviews of the log that somebody owns; none when absent. */
  readonly reviews?: readonly LogReview[]
  /** Reads the data that the shipped base decides by; absent: it is not at hand, and permission requests come without a patch. */
  readonly readBaseSource?: ReadBaseSource
  /** Models that detectors ask besides; what the configuration names and is not given here counts as not answering. */
  readonly outside?: ExternalClassifiers
}

const NO_BASE_SOURCE: ReadBaseSource = () => Promise.resolve({ why: 'the sources of the base are not at hand' })

/**
 * Puts the service together: loads the policy set, writes its activation to the log, and answers. Rejects with `bad_policy` when
 * there is no policy set that could be put in force.
 */
export async function createService(given: ServiceDeps): Promise<Service> {
  const clock = await clockAfterTheLog(given)
  const { store } = given
  const ports = portsOf(given, clock)
  const policies = await createPoliciesInForce(ports)
  const deps = { ...ports, policySet: policies.policySet, rehearsal: policies.rehearsal }
  return {
    ...verbsOf(deps),
    reloadPolicies: policies.reload,
    policySet: policies.view,
    readiness: () => [
      ...(store.fenced() === undefined ? [] : [`the store is fenced: ${store.fenced() ?? ''}`]),
      ...(policies.lastError() === null
        ? []
        : ['the newest policy set is broken, the last good one is in force; an operator sees why in the policies']),
    ],
    close: async () => {
      await store.close()
      policies.close()
    },
  }
}

/** What the service is made of, with what holds where nothing is said. */
function portsOf<Given extends Omit<ServiceDeps, 'loadPolicySet'>>(given: Given, clock: ServiceClock) {
  return {
    ...given,
    clock,
    detail: given.detail ?? RecordDetailSettings.parse({}),
    reviews: given.reviews ?? [],
    legalHolds: given.legalHolds,
    outside: given.outside ?? {},
    readBaseSource: given.readBaseSource ?? NO_BASE_SOURCE,
    importKeys: given.importKeys ?? [],
    nowMs: clock.nowMs,
    modeKey: given.modeKey ?? randomBytes(MODE_KEY_BYTES),
    clockSteady: clock.steady,
  }
}

/** What a service that only reads is made of; the policy set in force is that of who decides. */
export type ReadingServiceDeps = Pick<ServiceDeps, 'store' | 'clock' | 'newId' | 'formatProof'> & {
  readonly restorePolicySet: RestorePolicySet
  readonly policySet: () => PolicySet
}

/** A service beside the one that decides, on a store that only reads: what reads answers as there, everything else is not for it. */
export function createReadingService(given: ReadingServiceDeps): Service {
  const silent = { observe: () => undefined, elapsed: () => 0, mask: true, rehearsal: () => undefined }
  const notHere = (): never => {
    throw new InvariantError('a service that only reads has no policies of its own')
  }
  return {
    ...verbsOf({ ...portsOf({ ...given, ...silent }, given.clock), policySet: given.policySet }),
    reloadPolicies: notHere,
    policySet: notHere,
    readiness: () => [],
    close: given.store.close,
  }
}

/** The clock, never before the newest record: a log's times only rise, also over a restart under a clock that was set back. */
export async function clockAfterTheLog({
  store,
  clock,
  observe,
}: Pick<ServiceDeps, 'store' | 'clock' | 'observe'>): Promise<ServiceClock> {
  const [newest] = await store.query({ newestFirst: true, limit: 1 })
  const floorMs = newest === undefined ? 0 : Date.parse(newest.record.at)
  if (clock.nowMs() < floorMs) observe({ kind: 'degraded', cause: 'clock' })
  return {
    nowMs: () => Math.max(floorMs, clock.nowMs()),
    steady: () => clock.steady() && clock.nowMs() >= floorMs - CLOCK_STEP_MS_MAX,
  }
}
