import type { Layer, ScopeKey } from '../model/scope.ts'
import type { TrustConstants } from '../model/trust-constants.ts'
import { VERIFIERS_MAX } from '../model/trust-state.ts'
import type {
  AgentTrust,
  BlastRadius,
  Incident,
  IncidentCount,
  TrackRecord,
  TrustChange,
  TrustWrite,
} from '../model/trust-state.ts'
import { settle } from './demotion.ts'
import { requireAmount, requireFinite } from './finite.ts'
import { coolDown, heatUp, undoCooling } from './heat.ts'
import { countPositive, countsTowards, raiseInto, uncountPositive } from './incidents.ts'
import { countFailure, countGood, uncountGood } from './ladder.ts'
import { addNegative, addPositive, takePositiveBack } from './layer.ts'
import { bandOf, publish } from './phi.ts'
import { readScope } from './score.ts'
import { scopeOf, withScope } from './state.ts'

/** One weighted observation. Identity evidence is the agent's and ignores the scope. */
export type Evidence = {
  readonly scope: ScopeKey
  readonly layer: Layer
  readonly polarity: 'positive' | 'negative'
  /** Units, at least 0; a positive counts 1 at most; 0 changes nothing. */
  readonly weight: number
  /** Severity of a failure in the e-process; default max(1, weight). */
  readonly kappa?: number | undefined
  /** When it happened; a time after `nowMs` counts as `nowMs`. */
  readonly eventTimeMs: number
  /** Who verified it; only counted positives of the outcome layer are remembered with their verifier. */
  readonly verifier?: string | undefined
  /** True for the one verdict per decision that advances k, e and the track record; looked at in the outcome layer only. */
  readonly countsForLadder: boolean
  /** A major outcome failure also raises an incident of the scope; default: by weight. */
  readonly major?: boolean | undefined
  /** The agent reported its failure itself (track record). */
  readonly selfFlagged?: boolean | undefined
  /** How far the failure reached (track record); default 0. */
  readonly blastRadius?: BlastRadius | undefined
}

/** Adds evidence; demotes in the same write. `nowMs` is processing time. Throws the error for bugs on numbers that are not finite. */
export function addEvidence(agent: AgentTrust, evidence: Evidence, nowMs: number, constants: TrustConstants): TrustWrite {
  requireFinite({ nowMs, eventTimeMs: evidence.eventTimeMs })
  requireAmount('weight', evidence.weight)
  if (evidence.kappa !== undefined) requireAmount('kappa', evidence.kappa)
  if (evidence.weight === 0) return { agent, changes: [] }
  const timed = { ...evidence, eventTimeMs: Math.min(evidence.eventTimeMs, nowMs) }
  if (timed.polarity === 'positive') return { agent: addGood(agent, timed, constants), changes: [] }
  const changes: TrustChange[] = []
  let after = addBad(agent, timed, constants)
  if (timed.layer === 'outcome' && (timed.major ?? timed.weight >= constants.major_weight_min)) {
    const band = bandOf(publish(readScope(agent, timed.scope, { nowMs }, constants).score), constants)
    const rule = constants.incident_rules.major_outcome_failure
    const cap = rule.cap ?? constants.major_caps[band]
    const raised = {
      id: `major-${String(nowMs)}`,
      class: 'major_outcome_failure',
      cap,
      review: rule.review,
      atMs: nowMs,
    } as const
    const scope = scopeOf(after, timed.scope)
    after = withScope(after, timed.scope, {
      ...scope,
      incidents: raiseInto(scope.incidents, raised),
      ladder: { ...scope.ladder, k: 0 },
    })
    changes.push({
      kind: 'incident_raised',
      scope: timed.scope,
      incident: raised.id,
      class: raised.class,
      cap,
      review: rule.review,
    })
  }
  const offence = { before: agent, after, scope: timed.layer === 'identity' ? null : timed.scope, nowMs }
  const settled = settle(offence, constants)
  return { agent: settled.agent, changes: [...changes, ...settled.changes] }
}

/** A positive that is taken back: where, its weight, when it happened, and whether it had counted for the ladder. */
export type TakenBack = Pick<Evidence, 'scope' | 'layer' | 'weight' | 'eventTimeMs'> & {
  readonly countedForLadder?: boolean | undefined
}

/** Takes a given positive back, at what is left of it, and demotes where that takes a level's ground away. */
export function takeBack(agent: AgentTrust, taken: TakenBack, nowMs: number, constants: TrustConstants): TrustWrite {
  requireFinite({ nowMs, eventTimeMs: taken.eventTimeMs })
  requireAmount('weight', taken.weight)
  if (taken.weight === 0) return { agent, changes: [] }
  const timed = { ...taken, eventTimeMs: Math.min(taken.eventTimeMs, nowMs) }
  const after = removeGood(agent, timed, constants)
  return settle({ before: agent, after, scope: timed.layer === 'identity' ? null : timed.scope, nowMs }, constants)
}

/** A failure of a delegated agent: where, its weight, when. */
export type ChildFailure = Pick<Evidence, 'scope' | 'weight' | 'eventTimeMs'>

/** Charges a delegator with its share of a child's failure: same scope, and as much agent heat; no decision of its own, so k and e stay. */
export function chargeDelegator(agent: AgentTrust, failure: ChildFailure, nowMs: number, constants: TrustConstants): TrustWrite {
  requireAmount('weight', failure.weight)
  const weight = failure.weight * constants.delegator_share
  const charged = { ...failure, weight, layer: 'outcome', polarity: 'negative', countsForLadder: false, major: false } as const
  return addEvidence(agent, charged, nowMs, constants)
}

function addGood(agent: AgentTrust, evidence: Evidence, constants: TrustConstants): AgentTrust {
  const { layer, weight, eventTimeMs } = evidence
  if (layer === 'identity') return { ...agent, identity: addPositive(agent.identity, weight, eventTimeMs, constants) }
  const scope = scopeOf(agent, evidence.scope)
  const layers = { ...scope.layers, [layer]: addPositive(scope.layers[layer], weight, eventTimeMs, constants) }
  if (layer !== 'outcome') return withScope(agent, evidence.scope, { ...scope, layers })
  const counting = evidence.countsForLadder
  const heat = coolDown(agent.heat, weight, eventTimeMs, constants)
  return withScope({ ...agent, heat }, evidence.scope, {
    ...scope,
    layers,
    incidents: scope.incidents.map((one) =>
      countsTowards(one, eventTimeMs) ? countPositive(one, weight, eventTimeMs, constants) : one,
    ),
    agentIncidentCounts: countedForAgent(agent.incidents, scope.agentIncidentCounts, weight, eventTimeMs, constants),
    ladder: counting ? countGood(scope.ladder, weight, eventTimeMs, scope.layers.outcome.tnMs, constants) : scope.ladder,
    verifiers:
      counting && weight >= constants.count_weight_min ? withVerifier(scope.verifiers, evidence.verifier) : scope.verifiers,
    track: counting ? { ...scope.track, good: scope.track.good + 1 } : scope.track,
  })
}

function countedForAgent(
  incidents: readonly Incident[],
  counts: readonly IncidentCount[],
  weight: number,
  eventTimeMs: number,
  constants: TrustConstants,
): readonly IncidentCount[] {
  if (incidents.length === 0) return counts
  const counting = incidents.filter((one) => countsTowards(one, eventTimeMs))
  const kept = counts.filter(({ id }) => !counting.some((one) => one.id === id))
  const counted = counting.map(({ id, tMs }) =>
    countPositive(counts.find((one) => one.id === id) ?? { id, c: 0, tMs }, weight, eventTimeMs, constants),
  )
  return [...kept, ...counted]
}

function withVerifier(verifiers: readonly string[], verifier: string | undefined): readonly string[] {
  if (verifier === undefined || verifiers.includes(verifier) || verifiers.length >= VERIFIERS_MAX) return verifiers
  return [...verifiers, verifier]
}

function addBad(agent: AgentTrust, evidence: Evidence, constants: TrustConstants): AgentTrust {
  const { layer, weight, eventTimeMs } = evidence
  if (layer === 'identity') return { ...agent, identity: addNegative(agent.identity, weight, eventTimeMs, constants) }
  const scope = scopeOf(agent, evidence.scope)
  const layers = { ...scope.layers, [layer]: addNegative(scope.layers[layer], weight, eventTimeMs, constants) }
  if (layer !== 'outcome') return withScope(agent, evidence.scope, { ...scope, layers })
  const heat = heatUp(agent.heat, weight, eventTimeMs)
  if (!evidence.countsForLadder) return withScope({ ...agent, heat }, evidence.scope, { ...scope, layers })
  const kappa = evidence.kappa ?? Math.max(1, weight)
  const ladder = countFailure(scope.ladder, kappa, constants)
  return withScope({ ...agent, heat }, evidence.scope, { ...scope, layers, ladder, track: failedTrack(scope.track, evidence) })
}

function failedTrack(track: TrackRecord, { selfFlagged = false, blastRadius = 0 }: Evidence): TrackRecord {
  const failures: [number, number, number, number] = [...track.failuresByBlastRadius]
  failures[blastRadius] += 1
  return { ...track, bad: track.bad + 1, selfFlagged: track.selfFlagged + (selfFlagged ? 1 : 0), failuresByBlastRadius: failures }
}

function removeGood(agent: AgentTrust, taken: TakenBack, constants: TrustConstants): AgentTrust {
  const { layer, weight, eventTimeMs } = taken
  if (layer === 'identity') return { ...agent, identity: takePositiveBack(agent.identity, weight, eventTimeMs, constants) }
  const scope = scopeOf(agent, taken.scope)
  const layers = { ...scope.layers, [layer]: takePositiveBack(scope.layers[layer], weight, eventTimeMs, constants) }
  if (layer !== 'outcome') return withScope(agent, taken.scope, { ...scope, layers })
  const heat = undoCooling(agent.heat, weight, eventTimeMs, constants)
  const counted = new Set(agent.incidents.filter((one) => countsTowards(one, eventTimeMs)).map((one) => one.id))
  return withScope({ ...agent, heat }, taken.scope, {
    ...scope,
    layers,
    incidents: scope.incidents.map((one) =>
      countsTowards(one, eventTimeMs) ? uncountPositive(one, weight, eventTimeMs, constants) : one,
    ),
    agentIncidentCounts: scope.agentIncidentCounts.map((one) =>
      counted.has(one.id) ? uncountPositive(one, weight, eventTimeMs, constants) : one,
    ),
    ladder: taken.countedForLadder === true ? uncountGood(scope.ladder, weight, constants) : scope.ladder,
    track: taken.countedForLadder === true ? { ...scope.track, good: Math.max(0, scope.track.good - 1) } : scope.track,
  })
}
