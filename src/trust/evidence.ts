import { requireAmount, requireFinite } from '../format/error.ts'
import type { Layer } from '../model/layer.ts'
import type { ScopeKey } from '../model/scope.ts'
import type { TrustConstants } from './constants.ts'
import { settle } from './demotion.ts'
import { countPositive, countsTowards, raiseInto, uncountPositive } from './incident-caps.ts'
import { countFailure, countGood, uncountGood } from './ladder.ts'
import { solidUnits, type TimedWeight } from './layer/decay.ts'
import { readScale } from './layer/evidence-weight.ts'
import { coolDown, heatUp, undoCooling } from './layer/heat.ts'
import { addNegative, addPositive, takePositiveBack } from './layer/layer.ts'
import { verifiersWith } from './raters.ts'
import { readShareAfter, readShareWithout } from './read-share.ts'
import { bandOf, publish } from './score-scale.ts'
import { readScope } from './score.ts'
import {
  type AgentTrust,
  type BlastRadius,
  type Incident,
  type IncidentCount,
  scopeOf,
  type TrackRecord,
  withScope,
} from './stored-trust.ts'
import type { TrustWrite } from './trust-change.ts'

/** One weighted observation. Identity evidence is the agent's and ignores the scope. */
export type Evidence = {
  readonly scope: ScopeKey
  readonly layer: Layer
  readonly polarity: 'positive' | 'negative'
  /** Units, at least 0; a positive counts 1 at most; 0 changes nothing. */
  readonly weight: number
  /** Units of the decision's success with what was given for it before, by which limits on light successes are judged; default: the weight. */
  readonly total?: number | undefined
  /** Severity of a failure in the e-process; default max(1, weight). */
  readonly kappa?: number | undefined
  /** Severity already counted for this decision: only what is beyond it is charged; default 0. A graver failure counts even without weight. */
  readonly kappaCounted?: number | undefined
  /** When it happened; a time after `nowMs` counts as `nowMs`. */
  readonly eventTimeMs: number
  /** Who verified it; only counted positives of the outcome layer are remembered with their verifier. */
  readonly verifier?: string | undefined
  /** True for the one success per decision that advances k and e, and for each graver failure; looked at in the outcome layer only. */
  readonly countsForLadder: boolean
  /** True for the first success and the first failure of a decision: they enter the track record; default: as for the ladder. */
  readonly tracked?: boolean | undefined
  /** A major outcome failure also raises an incident of the scope; default: by weight. */
  readonly major?: boolean | undefined
  /** The incident that a major failure raises, once; default: named by the time. */
  readonly incidentId?: string | undefined
  /** The agent reported its failure itself (track record). */
  readonly selfFlagged?: boolean | undefined
  /** How far the failure reached (track record); default 0. */
  readonly blastRadius?: BlastRadius | undefined
  /** A read in a scope whose tools only read: limits on light successes look at its source alone, and it says nothing of other actions. */
  readonly onlyReads?: boolean | undefined
}

/** Adds evidence; demotes in the same write. `nowMs` is processing time. Throws the error for bugs on numbers that are not finite. */
export function addEvidence(agent: AgentTrust, evidence: Evidence, nowMs: number, constants: TrustConstants): TrustWrite {
  requireFinite({ nowMs, eventTimeMs: evidence.eventTimeMs })
  requireAmount('weight', evidence.weight)
  for (const name of ['kappa', 'kappaCounted', 'total'] as const)
    if (evidence[name] !== undefined) requireAmount(name, evidence[name])
  if (evidence.weight === 0 && !isGraver(evidence)) return { agent, changes: [] }
  const timed = { ...evidence, eventTimeMs: Math.min(evidence.eventTimeMs, nowMs) }
  if (timed.polarity === 'positive') return { agent: addGood(agent, timed, constants), changes: [] }
  const bad = addBad(agent, timed, constants)
  const isMajor = timed.layer === 'outcome' && (timed.major ?? timed.weight >= constants.major_weight_min)
  const raised = isMajor
    ? raiseMajor({ before: agent, after: bad, evidence: timed, nowMs }, constants)
    : { agent: bad, changes: [] }
  const offence = { before: agent, after: raised.agent, scope: timed.layer === 'identity' ? null : timed.scope, nowMs }
  const settled = settle(offence, constants)
  return { agent: settled.agent, changes: [...raised.changes, ...settled.changes] }
}

function isGraver({ polarity, kappa = 0, kappaCounted }: Evidence): boolean {
  return polarity === 'negative' && kappaCounted !== undefined && kappa > kappaCounted
}

/** A failure that was just added: the agent before and after it. */
type AddedFailure = {
  readonly before: AgentTrust
  readonly after: AgentTrust
  readonly evidence: Evidence
  readonly nowMs: number
}

/** The incident of a major failure, capped just under the band from before the failure. One that is in force already stays as it is. */
function raiseMajor({ before, after, evidence, nowMs }: AddedFailure, constants: TrustConstants): TrustWrite {
  const { scope: key, incidentId } = evidence
  const id = incidentId ?? `major-${String(nowMs)}`
  const scope = scopeOf(after, key)
  if (incidentId !== undefined && scope.incidents.some((one) => one.id === id)) return { agent: after, changes: [] }
  const band = bandOf(publish(readScope(before, key, { nowMs }, constants).score), constants)
  const { cap: ofClass, review } = constants.incident_rules.major_outcome_failure
  const cap = ofClass ?? constants.major_caps[band]
  const incident = { id, class: 'major_outcome_failure', cap, review, atMs: nowMs } as const
  const incidents = raiseInto(scope.incidents, incident)
  return {
    agent: withScope(after, key, { ...scope, incidents, ladder: { ...scope.ladder, k: 0 } }),
    changes: [{ kind: 'incident_raised', scope: key, incident: id, class: incident.class, cap, review }],
  }
}

/** A positive that is taken back: where, its weight, when it happened, and whether it had counted for the ladder and the track record. */
export type TakenBack = Pick<Evidence, 'scope' | 'layer' | 'weight' | 'eventTimeMs'> & {
  readonly countedForLadder?: boolean | undefined
  /** Default: as for the ladder. */
  readonly tracked?: boolean | undefined
  /** As of the success that is taken back. */
  readonly onlyReads?: boolean | undefined
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
  const { layer, eventTimeMs } = evidence
  const success = { ...evidence, scale: readScale(evidence.onlyReads, constants) }
  if (layer === 'identity') return { ...agent, identity: addPositive(agent.identity, success, constants) }
  const scope = scopeOf(agent, evidence.scope)
  const layers = { ...scope.layers, [layer]: addPositive(scope.layers[layer], success, constants) }
  if (layer !== 'outcome') return withScope(agent, evidence.scope, { ...scope, layers })
  const counting = evidence.countsForLadder
  const units = solidUnits(success)
  const heat = coolDown(agent.heat, success, constants)
  return withScope({ ...agent, heat }, evidence.scope, {
    ...scope,
    layers,
    incidents: scope.incidents.map((one) => (countsTowards(one, eventTimeMs) ? countPositive(one, evidence, constants) : one)),
    agentIncidentCounts: countedForAgent(agent.incidents, scope.agentIncidentCounts, evidence, constants),
    ladder: counting
      ? countGood(scope.ladder, { weight: units, eventTimeMs, lastFailureMs: scope.layers.outcome.tnMs }, constants)
      : scope.ladder,
    verifiers:
      counting && units >= constants.count_weight_min ? verifiersWith(scope.verifiers, evidence.verifier) : scope.verifiers,
    ...(evidence.onlyReads === true ? { reads: readShareAfter(scope.reads, evidence, constants) } : {}),
    track: (evidence.tracked ?? counting) ? { ...scope.track, good: scope.track.good + 1 } : scope.track,
  })
}

function countedForAgent(
  incidents: readonly Incident[],
  counts: readonly IncidentCount[],
  success: TimedWeight,
  constants: TrustConstants,
): readonly IncidentCount[] {
  if (incidents.length === 0) return counts
  const counting = incidents.filter((one) => countsTowards(one, success.eventTimeMs))
  const kept = counts.filter(({ id }) => !counting.some((one) => one.id === id))
  const counted = counting.map(({ id, tMs }) =>
    countPositive(counts.find((one) => one.id === id) ?? { id, c: 0, tMs }, success, constants),
  )
  return [...kept, ...counted]
}

function addBad(agent: AgentTrust, evidence: Evidence, constants: TrustConstants): AgentTrust {
  const { layer, weight } = evidence
  if (layer === 'identity') return { ...agent, identity: addNegative(agent.identity, evidence, constants) }
  const scope = scopeOf(agent, evidence.scope)
  const layers = { ...scope.layers, [layer]: addNegative(scope.layers[layer], evidence, constants) }
  if (layer !== 'outcome') return withScope(agent, evidence.scope, { ...scope, layers })
  const heat = weight > 0 ? heatUp(agent.heat, evidence) : agent.heat
  const { countsForLadder, tracked = countsForLadder, kappa = Math.max(1, weight), kappaCounted = 0 } = evidence
  return withScope({ ...agent, heat }, evidence.scope, {
    ...scope,
    layers,
    ladder: countsForLadder ? countFailure(scope.ladder, kappa, constants, kappaCounted) : scope.ladder,
    track: tracked ? failedTrack(scope.track, evidence) : scope.track,
  })
}

function failedTrack(track: TrackRecord, { selfFlagged = false, blastRadius = 0 }: Evidence): TrackRecord {
  const failures: [number, number, number, number] = [...track.failuresByBlastRadius]
  failures[blastRadius] += 1
  return { ...track, bad: track.bad + 1, selfFlagged: track.selfFlagged + (selfFlagged ? 1 : 0), failuresByBlastRadius: failures }
}

function removeGood(agent: AgentTrust, taken: TakenBack, constants: TrustConstants): AgentTrust {
  const { layer, eventTimeMs } = taken
  if (layer === 'identity') return { ...agent, identity: takePositiveBack(agent.identity, taken, constants) }
  const scope = scopeOf(agent, taken.scope)
  const layers = { ...scope.layers, [layer]: takePositiveBack(scope.layers[layer], taken, constants) }
  if (layer !== 'outcome') return withScope(agent, taken.scope, { ...scope, layers })
  const scale = readScale(taken.onlyReads, constants)
  const heat = undoCooling(agent.heat, { ...taken, scale }, constants)
  const counted = new Set(agent.incidents.filter((one) => countsTowards(one, eventTimeMs)).map((one) => one.id))
  return withScope({ ...agent, heat }, taken.scope, {
    ...scope,
    layers,
    incidents: scope.incidents.map((one) => (countsTowards(one, eventTimeMs) ? uncountPositive(one, taken, constants) : one)),
    agentIncidentCounts: scope.agentIncidentCounts.map((one) =>
      counted.has(one.id) ? uncountPositive(one, taken, constants) : one,
    ),
    ladder: taken.countedForLadder === true ? uncountGood(scope.ladder, constants) : scope.ladder,
    ...(taken.onlyReads === true ? { reads: readShareWithout(scope.reads, taken, constants) } : {}),
    track:
      (taken.tracked ?? taken.countedForLadder) === true
        ? { ...scope.track, good: Math.max(0, scope.track.good - 1) }
        : scope.track,
  })
}
