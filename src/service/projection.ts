import { newActivity, withCharge, withRelease, withRequest } from './activity.ts'
import type { Activity, DocumentKey, DocumentKind, Documents, TenantState, Verdicts } from '../model/documents.ts'
import type { Effect } from '../model/effect.ts'
import { invariant, unreachable } from '../model/error.ts'
import type { TrustConstants } from '../model/trust-constants.ts'
import type { AgentTrust, BlastRadius, TrustChange, TrustWrite } from '../model/trust-state.ts'
import { addEvidence, chargeDelegator, takeBack } from '../trust/agent.ts'
import { raiseIncident, reviewIncident } from '../trust/agent-incidents.ts'
import { observeComposition } from '../trust/composition.ts'
import { promote } from '../trust/promotion.ts'
import { newAgentTrust } from '../trust/state.ts'

/** The documents that effects read and write, and the constants in force. */
export type ProjectionState = {
  readonly document: <K extends DocumentKind>(key: DocumentKey<K>) => Documents[K] | undefined
  readonly put: <K extends DocumentKind>(key: DocumentKey<K>, document: Documents[K]) => void
  readonly constants: () => TrustConstants
  readonly useConstants: (constants: TrustConstants) => void
}

/** A decision that nobody has judged yet. */
export function newVerdicts(): Verdicts {
  return { layers: {}, heard: [], self_flagged: false }
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
      return onActivity(effect.agent, tenant, state, (activity) => withRequest(activity, effect, nowMs))
    case 'charge':
      return onActivity(effect.agent, tenant, state, (activity) => withCharge(activity, effect, nowMs))
    case 'release':
      return onActivity(effect.agent, tenant, state, (activity) => withRelease(activity, effect.decision_id))
    case 'verdict':
      return onVerdict(effect, tenant, state)
    case 'contain':
      return onTenant(tenant, state, ({ containments }) => ({ containments: [...containments, effect.containment] }))
    case 'lift':
      return onTenant(tenant, state, ({ containments }) => ({ containments: containments.filter(({ id }) => id !== effect.id) }))
    case 'evidence':
    case 'take_back':
    case 'delegator':
    case 'incident':
    case 'review':
    case 'composition':
    case 'promote':
      return onAgent(effect, nowMs, tenant, state)
    default:
      return unreachable(effect)
  }
}

type TrustEffect = Extract<
  Effect,
  { kind: 'evidence' | 'take_back' | 'delegator' | 'incident' | 'review' | 'composition' | 'promote' }
>

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
          kappa: effect.kappa,
          eventTimeMs: effect.event_time_ms,
          verifier: effect.verifier ?? undefined,
          countsForLadder: effect.counts,
          selfFlagged: effect.self_flagged,
          blastRadius: effect.blast as BlastRadius,
          // By severity, not by weight: harm does not become minor because a person saw it, or because it was judged twice.
          major: effect.kappa >= constants.severity_weights.major,
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
        },
        nowMs,
        constants,
      )
    case 'delegator':
      return chargeDelegator(
        agent,
        { scope: effect.scope, weight: effect.weight, eventTimeMs: effect.event_time_ms },
        nowMs,
        constants,
      )
    case 'incident': {
      const { id, reach, scope, cap, review } = effect.incident
      return raiseIncident(
        agent,
        { id, class: effect.incident.class, reach, scope: scope ?? undefined, cap, review, atMs: nowMs },
        constants,
      )
    }
    case 'review':
      return reviewIncident(agent, { id: effect.incident_id, falsePositive: effect.false_positive, atMs: nowMs })
    case 'composition':
      return observeComposition(agent, effect.composition, nowMs, constants)
    case 'promote': {
      const promotion = promote(agent, effect.scope, { nowMs, human: effect.human }, constants)
      invariant(
        promotion.kind === 'promoted',
        `a recorded promotion of ${effect.agent} in ${effect.scope} does not pass its gates`,
      )
      return promotion
    }
    default:
      return unreachable(effect)
  }
}

function onActivity(
  agent: string,
  tenant: string,
  state: ProjectionState,
  change: (activity: Activity) => Activity,
): readonly TrustChange[] {
  const key = { kind: 'activity', tenant, id: agent } as const
  state.put(key, change(state.document(key) ?? newActivity()))
  return []
}

function onTenant(tenant: string, state: ProjectionState, change: (tenant: TenantState) => TenantState): readonly TrustChange[] {
  const key = { kind: 'tenant', tenant, id: '' } as const
  state.put(key, change(state.document(key) ?? { containments: [] }))
  return []
}

function onVerdict(effect: Extract<Effect, { kind: 'verdict' }>, tenant: string, state: ProjectionState): readonly TrustChange[] {
  const key = { kind: 'verdicts', tenant, id: effect.decision_id } as const
  const before = state.document(key) ?? newVerdicts()
  const layer = before.layers[effect.layer] ?? { positive: 0, positive_ms: null, negative: 0, factual: false, counted: false }
  const taken = effect.factual && layer.positive > 0
  state.put(key, {
    layers: {
      ...before.layers,
      [effect.layer]: {
        positive: taken ? 0 : layer.positive + effect.positive,
        positive_ms: taken ? null : effect.positive > 0 ? effect.event_time_ms : layer.positive_ms,
        negative: layer.negative + effect.negative,
        factual: layer.factual || effect.factual,
        counted: layer.counted || effect.positive > 0 || effect.negative > 0,
      },
    },
    heard: [...before.heard, hearing(effect.layer, effect.source, effect.class)],
    self_flagged: before.self_flagged || effect.self_flagged,
  })
  return []
}
