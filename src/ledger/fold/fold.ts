import { invariant, unreachable } from '../../format/error.ts'
import type { Layer } from '../../model/layer.ts'
import { type AgentTrust, type BlastRadius, newAgentTrust, scopeOf, withScope } from '../../trust/agent-trust.ts'
import { observeComposition } from '../../trust/composition.ts'
import type { TrustConstants } from '../../trust/constants.ts'
import { demoteScope } from '../../trust/demotion.ts'
import { addEvidence, chargeDelegator, takeBack } from '../../trust/evidence.ts'
import { addHistory } from '../../trust/history/import.ts'
import { addIncident, reviewAndSettle } from '../../trust/incidents.ts'
import { promoteScope } from '../../trust/promotion.ts'
import { withRaterShare } from '../../trust/raters.ts'
import type { TrustChange, TrustWrite } from '../../trust/trust-change.ts'
import { newActivity, withCharge, withRelease, withRequest } from '../activity.ts'
import type { Activity } from '../documents/activity.ts'
import type { TenantState } from '../documents/documents.ts'
import type { Verdicts } from '../documents/verdicts.ts'
import type { Effect } from '../effect.ts'
import { activityKey, DETECTORS_KEY } from '../keys.ts'
import { applyApproval } from './approvals.ts'
import { applyBound, countMoved } from './bounds.ts'
import { applyDetectorState } from './detector-state.ts'
import { openOverrides } from './overrides.ts'
import { applyRating, dropFilings } from './raters.ts'
import type { ProjectionState } from './state.ts'

export type { ProjectionState } from './state.ts'

/** A decision that nobody has judged yet. */
export function newVerdicts(): Verdicts {
  return { layers: {}, heard: [], self_flagged: false }
}

/** What was counted in a layer in which nobody has spoken yet. */
export const UNHEARD: NonNullable<Verdicts['layers'][Layer]> = {
  positive: 0,
  positive_ms: null,
  negative: 0,
  kappa: 0,
  factual: false,
  counted: false,
}

/** The name under which one source's verdict is remembered, so that saying it twice counts once. */
export function hearing(layer: string, source: string, verdictClass: string): string {
  return `${layer}|${verdictClass}|${source}`
}

/**
 * Applies a record's effects: the only place where state changes. `nowMs` is the record's time. The same records in the same
 * order give the same documents, so the verifier derives the state again with this very function. Returns what happened to
 * levels and incidents on the way.
 */
export function project(
  effects: readonly Effect[],
  nowMs: number,
  tenant: string,
  state: ProjectionState,
): readonly TrustChange[] {
  return effects.flatMap((effect) => apply(effect, nowMs, tenant, state))
}

function apply(effect: Effect, nowMs: number, tenant: string, state: ProjectionState): readonly TrustChange[] {
  switch (effect.kind) {
    case 'constants':
      state.useConstants(effect.constants)
      return []
    case 'seen':
      return onActivity(effect, tenant, state, (activity) => withRequest(activity, effect, nowMs))
    case 'charge':
      return onActivity(effect, tenant, state, (activity) => withCharge(activity, effect, nowMs))
    case 'release':
      return onActivity(effect, tenant, state, (activity) => withRelease(activity, effect.decision_id))
    case 'verdict':
      return onVerdict(effect, tenant, state)
    case 'approval':
      applyApproval(effect, nowMs, tenant, state)
      return []
    case 'override':
      return onTenant(tenant, state, (before) => ({
        ...before,
        overrides: [...others(before, effect.override.id, nowMs), effect.override],
      }))
    case 'override_ended':
      return onTenant(tenant, state, (before) => ({ ...before, overrides: others(before, effect.id, nowMs) }))
    case 'contain':
      return onTenant(tenant, state, (before) => ({ ...before, containments: [...before.containments, effect.containment] }))
    case 'lift':
      return onTenant(tenant, state, (before) => ({
        ...before,
        containments: before.containments.filter(({ id }) => id !== effect.id),
      }))
    case 'detectors':
      state.put(DETECTORS_KEY, { settings: effect.settings })
      return []
    case 'watched':
      applyDetectorState(effect, tenant, state)
      return []
    case 'tally':
    case 'witness':
    case 'filing':
    case 'canary':
    case 'canary_judged':
    case 'advice':
    case 'owners':
      applyRating(effect, nowMs, tenant, state)
      return []
    case 'hold_resolved':
      applyBound(effect, nowMs, tenant, state)
      dropFilings(effect.agent, effect.id, tenant, state)
      return []
    case 'posture':
    case 'hold':
    case 'coverage':
    case 'timed_ceiling':
    case 'tools':
    case 'session':
      applyBound(effect, nowMs, tenant, state)
      return []
    case 'received': {
      const { key: id, digest, record_id } = effect
      state.put({ kind: 'received', tenant, id }, { digest, at_ms: nowMs, record_id })
      return []
    }
    case 'evidence':
    case 'take_back':
      countMoved(effect, tenant, state)
      return onAgent(effect, nowMs, tenant, state)
    case 'delegator':
    case 'rater_share':
    case 'incident':
    case 'review':
    case 'composition':
    case 'promote':
    case 'demote':
    case 'import':
      return onAgent(effect, nowMs, tenant, state)
    default:
      return unreachable(effect)
  }
}

/** Effects that trust is made of. */
export const TRUST_EFFECTS = [
  'evidence',
  'take_back',
  'delegator',
  'rater_share',
  'incident',
  'review',
  'composition',
  'promote',
  'demote',
  'import',
] as const satisfies readonly Effect['kind'][]
/** What moves the trust of one agent. */
export type TrustEffect = Extract<Effect, { kind: (typeof TRUST_EFFECTS)[number] }>

/** Whether an effect moves the trust of the agent that it names. */
export function isTrustEffect(effect: Effect): effect is TrustEffect {
  return TRUST_EFFECTS.some((kind) => kind === effect.kind)
}

function onAgent(effect: TrustEffect, nowMs: number, tenant: string, state: ProjectionState): readonly TrustChange[] {
  const key = { kind: 'agent', tenant, id: effect.agent } as const
  const { agent, changes } = trustWrite(effect, state.document(key) ?? newAgentTrust(), nowMs, state.constants())
  state.put(key, agent)
  return changes
}

function trustWrite(effect: TrustEffect, agent: AgentTrust, nowMs: number, constants: TrustConstants): TrustWrite {
  switch (effect.kind) {
    case 'evidence':
      return addEvidence(
        agent,
        {
          scope: effect.scope,
          layer: effect.layer,
          polarity: effect.polarity,
          weight: effect.weight,
          total: effect.total,
          kappa: effect.kappa,
          kappaCounted: effect.kappa_counted,
          eventTimeMs: effect.event_time_ms,
          verifier: effect.verifier ?? undefined,
          countsForLadder: effect.counts,
          tracked: effect.tracked,
          selfFlagged: effect.self_flagged,
          blastRadius: effect.blast as BlastRadius,
          // By severity, not by weight: harm does not become minor because a person saw it, or because it was judged twice.
          major: effect.kappa >= constants.severity_weights.major,
          incidentId: effect.decision_id === undefined ? undefined : `major-${effect.decision_id}`,
        },
        nowMs,
        constants,
      )
    case 'take_back':
      return takeBack(
        agent,
        {
          scope: effect.scope,
          layer: effect.layer,
          weight: effect.weight,
          eventTimeMs: effect.event_time_ms,
          countedForLadder: effect.counted,
          tracked: effect.layer === 'outcome',
        },
        nowMs,
        constants,
      )
    case 'rater_share': {
      const { scope: key, rater, units, count, calibrated, event_time_ms } = effect
      const change = { rater, units, count, calibrated, eventTimeMs: event_time_ms }
      return { agent: withScope(agent, key, withRaterShare(scopeOf(agent, key), change, constants)), changes: [] }
    }
    case 'delegator':
      return chargeDelegator(
        agent,
        { scope: effect.scope, weight: effect.weight, eventTimeMs: effect.event_time_ms },
        nowMs,
        constants,
      )
    case 'incident': {
      const { id, reach, scope, cap, review } = effect.incident
      // The same harm told of again is the same incident: what a person reviewed stays reviewed, what was proven since stays proven.
      const known = scope === null ? agent.incidents : [...agent.incidents, ...scopeOf(agent, scope).incidents]
      if (known.some((one) => one.id === id)) return { agent, changes: [] }
      return addIncident(
        agent,
        { id, class: effect.incident.class, reach, scope: scope ?? undefined, cap, review, atMs: nowMs },
        constants,
      )
    }
    case 'review':
      return reviewAndSettle(agent, { id: effect.incident_id, falsePositive: effect.false_positive, atMs: nowMs }, constants)
    case 'composition':
      return observeComposition(agent, effect.composition, nowMs, constants)
    case 'promote': {
      // At the time the gates were read: until the record had its place, trust may have faded below a threshold.
      const promotion = promoteScope(agent, effect.scope, { nowMs: effect.at_ms ?? nowMs, human: effect.human }, constants)
      invariant(
        promotion.kind === 'promoted',
        `a recorded promotion of ${effect.agent} in ${effect.scope} does not pass its gates`,
      )
      return promotion
    }
    case 'demote':
      return demoteScope(agent, { scope: effect.scope, level: effect.level, nowMs }, constants)
    case 'import': {
      const { scope, layer, good, bad, at_ms: atMs } = effect
      return addHistory(agent, { scope, layer, good, bad, atMs }, nowMs, constants)
    }
    default:
      return unreachable(effect)
  }
}

function onActivity(
  { agent, rehearsal }: { readonly agent: string; readonly rehearsal?: string | undefined },
  tenant: string,
  state: ProjectionState,
  change: (activity: Activity) => Activity,
): readonly TrustChange[] {
  const key = activityKey(tenant, agent, rehearsal)
  state.put(key, change(state.document(key) ?? newActivity()))
  return []
}

/** The overrides beside one, without those that have done their time. */
function others({ overrides }: TenantState, id: string, nowMs: number): TenantState['overrides'] {
  return openOverrides(overrides, nowMs).filter((each) => each.id !== id)
}

function onTenant(tenant: string, state: ProjectionState, change: (tenant: TenantState) => TenantState): readonly TrustChange[] {
  const key = { kind: 'tenant', tenant, id: '' } as const
  state.put(key, change(state.document(key) ?? { containments: [], overrides: [] }))
  return []
}

/** The heaviest claim of a success after one more, and the heaviest of anybody else. */
export function claimsAfter(
  { best, second = 0 }: Pick<NonNullable<Verdicts['layers'][Layer]>, 'best' | 'second'>,
  said: Pick<Extract<Effect, { kind: 'verdict' }>, 'source' | 'claim' | 'rater'>,
): Pick<NonNullable<Verdicts['layers'][Layer]>, 'best' | 'second'> {
  const { source: by, claim: weight = 0 } = said
  const rater = said.rater === true
  if (weight <= 0) return best === undefined ? {} : { best, second }
  if (best === undefined) return { best: { by, rater, weight }, second }
  if (best.by === by) return { best: { ...best, weight: Math.max(best.weight, weight) }, second }
  return weight > best.weight ? { best: { by, rater, weight }, second: best.weight } : { best, second: Math.max(second, weight) }
}

function onVerdict(effect: Extract<Effect, { kind: 'verdict' }>, tenant: string, state: ProjectionState): readonly TrustChange[] {
  const key = { kind: 'verdicts', tenant, id: effect.decision_id } as const
  const before = state.document(key) ?? newVerdicts()
  const layer = before.layers[effect.layer] ?? UNHEARD
  const taken = effect.factual && layer.positive > 0
  const heard = hearing(effect.layer, effect.source, effect.class)
  state.put(key, {
    ...before,
    layers: {
      ...before.layers,
      [effect.layer]: {
        positive: taken ? 0 : layer.positive + effect.positive,
        positive_ms: taken ? null : effect.positive > 0 ? effect.event_time_ms : layer.positive_ms,
        negative: layer.negative + effect.negative,
        kappa: Math.max(layer.kappa, effect.kappa ?? 0),
        factual: layer.factual || effect.factual,
        counted: layer.counted || effect.counted === true,
        ...(taken ? {} : claimsAfter(layer, effect)),
      },
    },
    heard: before.heard.includes(heard) ? before.heard : [...before.heard, heard],
    self_flagged: before.self_flagged || effect.self_flagged,
  })
  return []
}
