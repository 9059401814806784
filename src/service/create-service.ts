import { randomBytes } from 'node:crypto'

import { authorize } from '../access/authority.ts'
import { type Caller, systemCaller } from '../access/caller.ts'
import { seedCanary } from '../approvals/canaries.ts'
import { approval, decideApproval, expireApprovals, openApprovals, withdrawApproval } from '../approvals/decide-approval.ts'
import { confirmOverride, endOverride, openOverride, overrides } from '../approvals/overrides.ts'
import { diagnoseBase } from '../decisions/diagnose-base.ts'
import { evaluate } from '../decisions/evaluate.ts'
import { ingestLog } from '../decisions/opa-log/ingest-log.ts'
import type { ExternalClassifiers } from '../evidence/detectors/external-classifiers.ts'
import { importHistory } from '../evidence/import/import-history.ts'
import type { ImportKey } from '../evidence/import/settings.ts'
import { proposals } from '../evidence/proposals.ts'
import { rater, raters } from '../evidence/raters/list.ts'
import { reportOutcome } from '../evidence/report-outcome.ts'
import { chargeMissed } from '../evidence/sampling.ts'
import { ingestSignal, reportJudged } from '../evidence/signals/ingest-signal.ts'
import { errorLine, ServiceError } from '../format/error.ts'
import { contain, containments, lift } from '../incidents/containment.ts'
import { resolveHold } from '../incidents/holds.ts'
import { raiseIncident, reviewIncident } from '../incidents/incidents.ts'
import { incident, incidents } from '../incidents/list.ts'
import { revokeAgent } from '../incidents/revocation.ts'
import { agentTrust } from '../ladder/agent-trust.ts'
import { demote } from '../ladder/demote.ts'
import { evaluatePromotion, promote } from '../ladder/promote.ts'
import type { Store } from '../ledger/store.ts'
import { LEVELS } from '../model/level.ts'
import type { Observer } from '../model/observation.ts'
import { activate, closePolicies, modesInForce, type ModesInForce, sameModes } from '../policy/activation.ts'
import type { LoadPolicySet, PolicySet, PolicySetView } from '../policy/policy-set.ts'
import type { ModeRule } from '../policy/settings.ts'
import { alertOverdueReviews, logReviews, reviewLog } from '../reports/log-reviews.ts'
import { raiseAlert } from '../reports/monitoring/raise-alert.ts'
import { checkpoint, proof, record, records } from '../reports/read-log.ts'
import type { LogReview } from '../reports/settings.ts'
import { createTrustHistory } from '../reports/trust-history/trust-history.ts'
import { CLOCK_STEP_MS_MAX, type ServiceClock } from './clock.ts'
import type { Service } from './service.ts'

export { systemCaller } from '../access/caller.ts'

/** Length of the key that deals sessions, bytes. */
export const MODE_KEY_BYTES = 32

/** What the service is made of. */
export type ServiceDeps = {
  readonly store: Store
  readonly clock: ServiceClock
  readonly newId: () => string
  readonly loadPolicySet: LoadPolicySet
  readonly observe: Observer
  /** Seconds on a monotonic clock. */
  readonly elapsed: () => number
  /** Apply the policy set's mask rule to what is stored. */
  readonly mask: boolean
  readonly formatProof: Parameters<typeof proof>[0]['formatProof']
  /** Deals sessions to the sides of a percentage (`modes`); secret. Absent: a new one with each start, so that sessions are dealt anew. */
  readonly modeKey?: Uint8Array
  /** Whose signature an imported history bears; none when absent. */
  readonly importKeys?: readonly ImportKey[]
  /** Reviews of the log that somebody owns; none when absent. */
  readonly reviews?: readonly LogReview[]
  /** Models that detectors ask besides; what the configuration names and is not given here counts as not answering. */
  readonly outside?: ExternalClassifiers
}

/**
 * Puts the service together: loads the policy set, writes its activation to the log, and answers. Rejects with `bad_policy` when
 * there is no policy set that could be put in force.
 */
export async function createService(given: ServiceDeps): Promise<Service> {
  const deps = { ...given, clock: await afterTheLog(given) }
  const { store, clock } = deps
  const nowMs = clock.nowMs
  let inForce = await deps.loadPolicySet()
  let modes = await modesInForce(store)
  let lastError: string | null = null
  let reloading: Promise<unknown> = Promise.resolve()
  const policySet = (): PolicySet => inForce
  const modeKey = deps.modeKey ?? randomBytes(MODE_KEY_BYTES)
  const rehearsal = (): string | undefined => modes.rehearsal ?? undefined
  const common = {
    ...deps,
    reviews: deps.reviews ?? [],
    outside: deps.outside ?? {},
    importKeys: deps.importKeys ?? [],
    nowMs,
    policySet,
    modeKey,
    rehearsal,
    clockSteady: clock.steady,
  }
  const swap = (next: PolicySet, nextModes: ModesInForce): void => {
    inForce = next
    modes = nextModes
  }
  await activate(common, { next: inForce, former: undefined, modes, caller: systemCaller('default'), swap })

  const reload = async (caller: Caller): Promise<PolicySetView> => {
    try {
      const next = await deps.loadPolicySet()
      refuseModes(caller, modes.modes, next)
      await activate(common, { next, former: inForce, modes, caller, swap })
      lastError = null
      return viewOf(inForce, lastError)
    } catch (error) {
      if (!(error instanceof ServiceError && error.code === 'forbidden')) {
        lastError = errorLine(error)
        deps.observe({ kind: 'degraded', cause: 'policy_reload' })
      }
      throw error
    }
  }

  return {
    evaluate: (caller, ask) => evaluate(common, caller, ask),
    ingestLog: (caller, entries, mayGoOn) => ingestLog(common, caller, entries, mayGoOn),
    reportOutcome: (caller, report) => reportOutcome(common, caller, report),
    reportSignal: (caller, report) => reportJudged(common, caller, report),
    ingestSignal: (caller, event) => ingestSignal(common, caller, event),
    importHistory: (caller, file) => importHistory(common, caller, file),
    raiseIncident: (caller, report) => raiseIncident(common, caller, report),
    reviewIncident: (caller, id, report) => reviewIncident(common, caller, id, report),
    agentTrust: (caller, agent) => agentTrust(common, caller, agent),
    trustHistory: createTrustHistory(common),
    promote: (caller, agent, scope, report) => promote(common, caller, agent, scope, report),
    demote: (caller, agent, scope, report) => demote(common, caller, agent, scope, report),
    revokeAgent: (caller, agent, report) => revokeAgent(common, caller, agent, report),
    resolveHold: (caller, agent, of) => resolveHold(common, caller, agent, of),
    seedCanary: (caller, report) => seedCanary(common, caller, report),
    raters: (caller) => raters(common, caller),
    rater: (caller, name) => rater(common, caller, name),
    chargeMissed: async () => {
      let charged = 0
      for (const tenant of await store.tenants()) charged += await chargeMissed(common, systemCaller(tenant))
      return charged
    },
    incidents: (caller, filter) => incidents(common, caller, filter),
    incident: (caller, id) => incident(common, caller, id),
    containments: (caller) => containments(common, caller),
    contain: (caller, report) => contain(common, caller, report),
    lift: (caller, id) => lift(common, caller, id),
    approvals: (caller, filter) => openApprovals(common, caller, filter),
    approval: (caller, id) => approval(common, caller, id),
    decideApproval: (caller, id, report) => decideApproval(common, caller, id, report),
    withdrawApproval: (caller, id, report) => withdrawApproval(common, caller, id, report),
    expireApprovals: async () => {
      let expired = 0
      for (const tenant of await store.tenants()) expired += await expireApprovals(common, systemCaller(tenant))
      return expired
    },
    overrides: (caller) => overrides(common, caller),
    openOverride: (caller, report) => openOverride(common, caller, report),
    confirmOverride: (caller, id) => confirmOverride(common, caller, id),
    endOverride: (caller, id) => endOverride(common, caller, id),
    proposals: (caller, page) => proposals(common, caller, page),
    records: (caller, query) => records(common, caller, query),
    record: (caller, id) => record(common, caller, id),
    proof: (caller, id) => proof(common, caller, id),
    checkpoint: (caller) => checkpoint(common, caller),
    logReviews: (caller) => logReviews(common, caller),
    reviewLog: (caller, report) => reviewLog(common, caller, report),
    alertOverdueReviews: () => alertOverdueReviews(common),
    raiseAlert: (raised) => raiseAlert(common, raised),
    diagnoseBase: (caller, ask) => diagnoseBase(common, caller, ask),
    // One reload at a time, in the order asked for.
    reloadPolicies: (caller) => {
      authorize(caller, 'reload_policies')
      const next = reloading.then(() => reload(caller))
      reloading = next.catch(() => undefined)
      return next
    },
    policySet: () => viewOf(inForce, lastError),
    readiness: () => [
      ...(store.fenced() === undefined ? [] : [`the store is fenced: ${store.fenced() ?? ''}`]),
      ...(lastError === null
        ? []
        : ['the newest policy set is broken, the last good one is in force; an operator sees why in the policies']),
    ],
    promoteDue: () => promoteDue(common),
    close: async () => {
      await store.close()
      closePolicies(inForce)
    },
  }
}

/** Changing what is enforced needs a permission of its own: reloading policies is not enough. */
function refuseModes(caller: Caller, before: readonly ModeRule[], next: PolicySet): void {
  if (sameModes(before, next.settings.modes)) return
  try {
    authorize(caller, 'change_modes')
  } catch (error) {
    closePolicies(next)
    throw error
  }
}

/** The clock, never before the newest record: a log's times only rise, also over a restart under a clock that was set back. */
async function afterTheLog({ store, clock, observe }: ServiceDeps): Promise<ServiceClock> {
  const [newest] = await store.query({ newestFirst: true, limit: 1 })
  const floorMs = newest === undefined ? 0 : Date.parse(newest.record.at)
  if (clock.nowMs() < floorMs) observe({ kind: 'degraded', cause: 'clock' })
  return {
    nowMs: () => Math.max(floorMs, clock.nowMs()),
    steady: () => clock.steady() && clock.nowMs() >= floorMs - CLOCK_STEP_MS_MAX,
  }
}

function viewOf(policySet: PolicySet, lastError: string | null): PolicySetView {
  const { base, graduation, risk, catalogue } = policySet
  return {
    digest: policySet.digest,
    loaded_at: new Date(policySet.loadedAtMs).toISOString(),
    base: { digest: base.digest, entrypoints: base.entrypoints },
    graduation: { digest: graduation.digest, entrypoints: graduation.entrypoints },
    risk_documents: risk.documents.map(({ id, version, rules }) => ({ id, version, rules: rules.length })),
    tools: catalogue.tools.length,
    agents: catalogue.agents.length,
    last_error: lastError,
  }
}

/** The timer's work: every scope of every agent, one rung, where no person is needed. */
async function promoteDue(deps: Parameters<typeof evaluatePromotion>[0]): Promise<number> {
  if (!deps.clockSteady()) {
    deps.observe({ kind: 'degraded', cause: 'clock' })
    return 0
  }
  const levelMax = deps.policySet().settings.automatic_level_max
  let promoted = 0
  for (const tenant of await deps.store.tenants())
    for (const agent of await deps.store.list('agent', tenant)) {
      const scopes = await deps.store.read(
        [{ kind: 'agent', tenant, id: agent }],
        (view) => view.document({ kind: 'agent', tenant, id: agent })?.scopes ?? {},
      )
      for (const [scope, { ladder }] of Object.entries(scopes)) {
        const to = LEVELS[ladder.level + 1]
        if (to === undefined || to > levelMax) continue
        const { promoted: granted } = await evaluatePromotion(deps, systemCaller(tenant), agent, scope, { human: false }).catch(
          (error: unknown) => {
            if (error instanceof ServiceError) return { promoted: false }
            throw error
          },
        )
        if (granted) promoted += 1
      }
    }
  return promoted
}
