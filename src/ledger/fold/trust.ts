import { invariant } from '../../format/error.ts'
import { observeComposition } from '../../trust/composition.ts'
import type { TrustConstants } from '../../trust/constants.ts'
import { demoteScope } from '../../trust/demotion.ts'
import { addEvidence, chargeDelegator, takeBack } from '../../trust/evidence.ts'
import { addHistory } from '../../trust/history/import.ts'
import { addIncident, reviewAndSettle } from '../../trust/incidents.ts'
import { promoteScope } from '../../trust/promotion.ts'
import { withRaterShare, withVerifier } from '../../trust/raters.ts'
import { type AgentTrust, type BlastRadius, newAgentTrust, scopeOf, withScope } from '../../trust/stored-trust.ts'
import type { TrustWrite } from '../../trust/trust-change.ts'
import type { Effect, EffectOf } from '../effect.ts'
import { TRUST_EFFECTS } from '../effects/trust.ts'
import { agentKey } from '../keys.ts'
import { countMoved } from './bounds.ts'
import type { FoldRule, FoldRules } from './state.ts'

type TrustKind = keyof typeof TRUST_EFFECTS

/** What moves the trust of one agent. */
export type TrustEffect = EffectOf<TrustKind>

/** Whether an effect moves the trust of the agent that it names. */
export function isTrustEffect(effect: Effect): effect is TrustEffect {
  return Object.hasOwn(TRUST_EFFECTS, effect.kind)
}

/** How an effect of one kind changes the trust of its agent. */
type TrustRule<K extends TrustKind> = (
  effect: EffectOf<K>,
  agent: AgentTrust,
  nowMs: number,
  constants: TrustConstants,
) => TrustWrite

const TRUST_WRITES: { readonly [K in TrustKind]: TrustRule<K> } = {
  evidence: evidenceAdded,
  take_back: (effect, agent, nowMs, constants) => {
    const { scope, layer, weight, event_time_ms: eventTimeMs, counted: countedForLadder } = effect
    const tracked = layer === 'outcome'
    const taken = { scope, layer, weight, eventTimeMs, countedForLadder, tracked, onlyReads: effect.only_reads }
    return takeBack(agent, taken, nowMs, constants)
  },
  rater_share: ({ scope, rater, units, count, calibrated, event_time_ms: eventTimeMs }, agent, _nowMs, constants) => {
    const change = { rater, units, count, calibrated, eventTimeMs }
    return { agent: withScope(agent, scope, withRaterShare(scopeOf(agent, scope), change, constants)), changes: [] }
  },
  verifier: ({ scope, verifier, calibrated }, agent) => ({
    agent: withScope(agent, scope, withVerifier(scopeOf(agent, scope), { verifier, calibrated })),
    changes: [],
  }),
  delegator: ({ scope, weight, event_time_ms: eventTimeMs }, agent, nowMs, constants) =>
    chargeDelegator(agent, { scope, weight, eventTimeMs }, nowMs, constants),
  incident: incidentAdded,
  review: ({ incident_id: id, false_positive: falsePositive }, agent, nowMs, constants) =>
    reviewAndSettle(agent, { id, falsePositive, atMs: nowMs }, constants),
  composition: ({ composition }, agent, nowMs, constants) => observeComposition(agent, composition, nowMs, constants),
  promote: promoted,
  demote: ({ scope, level }, agent, nowMs, constants) => demoteScope(agent, { scope, level, nowMs }, constants),
  import: ({ scope, layer, good, bad, at_ms: atMs }, agent, nowMs, constants) =>
    addHistory(agent, { scope, layer, good, bad, atMs }, nowMs, constants),
}

/** Every kind changes the trust of the agent it names; evidence also what the agent proved of a tool that moved. */
export const TRUST_RULES: FoldRules<TrustKind> = {
  evidence: movingTool(onAgent('evidence')),
  take_back: movingTool(onAgent('take_back')),
  rater_share: onAgent('rater_share'),
  verifier: onAgent('verifier'),
  delegator: onAgent('delegator'),
  incident: onAgent('incident'),
  review: onAgent('review'),
  composition: onAgent('composition'),
  promote: onAgent('promote'),
  demote: onAgent('demote'),
  import: onAgent('import'),
}

function onAgent<K extends TrustKind>(kind: K): FoldRule<K> {
  const write = TRUST_WRITES[kind]
  return (effect, { tenant, nowMs }, state) => {
    const { agent: id }: TrustEffect = effect
    const key = agentKey(tenant, id)
    const { agent, changes } = write(effect, state.document(key) ?? newAgentTrust(), nowMs, state.constants())
    state.put(key, agent)
    return changes
  }
}

function movingTool<K extends 'evidence' | 'take_back'>(rule: FoldRule<K>): FoldRule<K> {
  return (effect, moment, state) => {
    countMoved(effect, moment.tenant, state)
    return rule(effect, moment, state)
  }
}

function evidenceAdded(effect: EffectOf<'evidence'>, agent: AgentTrust, nowMs: number, constants: TrustConstants): TrustWrite {
  const evidence = {
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
    onlyReads: effect.only_reads,
    // By severity, not by weight: harm does not become minor because a person saw it, or because it was judged twice.
    major: effect.kappa >= constants.severity_weights.major,
    incidentId: effect.decision_id === undefined ? undefined : `major-${effect.decision_id}`,
  }
  return addEvidence(agent, evidence, nowMs, constants)
}

/** The same harm told of again is the same incident: what a person reviewed stays reviewed, what was proven since stays proven. */
function incidentAdded(
  { incident }: EffectOf<'incident'>,
  agent: AgentTrust,
  nowMs: number,
  constants: TrustConstants,
): TrustWrite {
  const { scope, ...rest } = incident
  const known = scope === null ? agent.incidents : [...agent.incidents, ...scopeOf(agent, scope).incidents]
  if (known.some(({ id }) => id === incident.id)) return { agent, changes: [] }
  return addIncident(agent, { ...rest, scope: scope ?? undefined, atMs: nowMs }, constants)
}

function promoted(effect: EffectOf<'promote'>, agent: AgentTrust, nowMs: number, constants: TrustConstants): TrustWrite {
  // At the time the gates were read: until the record had its place, trust may have faded below a threshold.
  const promotion = promoteScope(agent, effect.scope, { nowMs: effect.at_ms ?? nowMs, human: effect.human }, constants)
  invariant(promotion.kind === 'promoted', `a recorded promotion of ${effect.agent} in ${effect.scope} does not pass its gates`)
  return promotion
}
