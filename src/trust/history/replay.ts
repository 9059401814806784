import { requireFinite, unreachable } from '../../format/error.ts'
import { type Layer, LAYERS } from '../../model/layer.ts'
import type { Level } from '../../model/level.ts'
import { changeComposition } from '../composition.ts'
import type { TrustConstants } from '../constants.ts'
import { settle } from '../demotion.ts'
import { addEvidence, type Evidence } from '../evidence.ts'
import { countPositive, countsTowards } from '../incident-caps.ts'
import { addIncident, closeReview } from '../incidents.ts'
import { reachFactor } from '../layer/evidence-weight.ts'
import { type GateName, promoteScope } from '../promotion.ts'
import { bandOf, publish } from '../score-scale.ts'
import { readScope } from '../score.ts'
import { type AgentTrust, newAgentTrust, scopeOf, withScope } from '../stored-trust.ts'
import type { TrustEvent } from './events.ts'

/** The one scope of a replayed history. */
const SCOPE = 'history:full'

/** What a history comes to at a time. Scores and ceilings are published (four decimals, floored); other numbers have 12 digits. */
export type Replay = {
  readonly trust: number
  readonly band: Level
  readonly level_granted: Level
  readonly level_effective: Level
  readonly agent_heat_ceiling: number
  readonly incident_cap: number
  readonly ladder: {
    readonly k: number
    readonly e: number
    readonly strikes: number
    readonly restarts: number
    /** What came of each attempt: the level (`L2`), or the gate that refused it. */
    readonly promotions: readonly (`L${Level}` | GateName)[]
  }
  readonly layers: Readonly<
    Partial<
      Record<
        Layer,
        {
          readonly trust: number
          readonly r: number
          readonly s: number
          readonly failure_bound: number
          readonly heat_ceiling: number
          readonly freshness_ceiling: number
        }
      >
    >
  >
}

/** Replays one scope's whole history, in order of processing, and reads it at `readAtMs`. Processing time never runs backwards. */
export function replay(events: readonly TrustEvent[], readAtMs: number, constants: TrustConstants): Replay {
  requireFinite({ readAtMs })
  const promotions: (`L${Level}` | GateName)[] = []
  const unborn = newAgentTrust()
  let agent = withScope(unborn, SCOPE, scopeOf(unborn, SCOPE))
  let nowMs = -Infinity
  for (const event of events) {
    nowMs = Math.max(nowMs, event.atMs)
    if (event.type === 'promote') {
      const terms = { nowMs, verifiers: event.verifiers, human: event.human, conflict: 0 }
      const promotion = promoteScope(agent, SCOPE, terms, constants)
      if (promotion.kind === 'promoted') agent = promotion.agent
      promotions.push(promotion.kind === 'promoted' ? `L${scopeOf(agent, SCOPE).ladder.level}` : promotion.failed[0].gate)
    } else agent = step(agent, event, nowMs, constants)
  }
  return summarize(agent, promotions, readAtMs, constants)
}

type EvidenceEvent = Extract<TrustEvent, { type: 'evidence' }>

function step(
  agent: AgentTrust,
  event: Exclude<TrustEvent, { type: 'promote' }>,
  nowMs: number,
  constants: TrustConstants,
): AgentTrust {
  switch (event.type) {
    case 'incident': {
      const { id, cap, review } = event
      return addIncident(agent, { id, class: 'other', reach: 'scope', scope: SCOPE, cap, review, atMs: nowMs }, constants).agent
    }
    case 'review':
      return closeReview(agent, { id: event.id, falsePositive: event.false_positive, atMs: nowMs }).agent
    case 'composition':
      return changeComposition(agent, { composition: null, kind: event.kind, nowMs }, constants).agent
    case 'evidence':
      return event.weight === 0 ? weightless(agent, event, nowMs, constants) : weighty(agent, event, nowMs, constants)
    default:
      return unreachable(event)
  }
}

function weighty(agent: AgentTrust, event: EvidenceEvent, nowMs: number, constants: TrustConstants): AgentTrust {
  const { layer, polarity, atMs } = event
  const reached = withReach(event, constants)
  const evidence = { ...reached, scope: SCOPE, layer, polarity, eventTimeMs: atMs, countsForLadder: true } as const
  return addEvidence(agent, evidence, nowMs, constants).agent
}

/** Adds nothing. Yet a weightless failure is an occasion to look at the grant, and what was proven since incidents is valued at the time of a weightless success. */
function weightless(
  agent: AgentTrust,
  { layer, polarity, atMs }: EvidenceEvent,
  nowMs: number,
  constants: TrustConstants,
): AgentTrust {
  if (polarity === 'negative') return settle({ before: agent, after: agent, scope: SCOPE, nowMs }, constants).agent
  if (layer !== 'outcome') return agent
  const scope = scopeOf(agent, SCOPE)
  const nothing = { weight: 0, eventTimeMs: atMs }
  const incidents = scope.incidents.map((one) => (countsTowards(one, atMs) ? countPositive(one, nothing, constants) : one))
  return withScope(agent, SCOPE, { ...scope, incidents })
}

/** Weight and severity of a failure, times m of its action's reach where the event says it. */
function withReach(
  { weight, kappa, blast, reversibility }: EvidenceEvent,
  constants: TrustConstants,
): Pick<Evidence, 'weight' | 'kappa'> {
  if (blast === undefined && reversibility === undefined) return { weight, kappa }
  const factor = reachFactor({ blast: blast ?? 0, reversibility: reversibility ?? 0 }, constants)
  return { weight: weight * factor, kappa: (kappa ?? Math.max(1, weight)) * factor }
}

function summarize(
  agent: AgentTrust,
  promotions: Replay['ladder']['promotions'],
  nowMs: number,
  constants: TrustConstants,
): Replay {
  const reading = readScope(agent, SCOPE, { nowMs }, constants)
  const { ladder } = reading.scope
  const trust = publish(reading.score)
  const band = bandOf(trust, constants)
  const layers: Partial<Record<Layer, NonNullable<Replay['layers'][Layer]>>> = {}
  for (const layer of LAYERS.filter((one) => reading.liveLayers.includes(one))) {
    const part = reading.layers[layer]
    layers[layer] = {
      trust: publish(part.trust),
      r: twelveDigits(part.r),
      s: twelveDigits(part.s),
      failure_bound: twelveDigits(part.failureBound),
      heat_ceiling: publish(part.heat),
      freshness_ceiling: publish(part.fresh),
    }
  }
  return {
    trust,
    band,
    level_granted: ladder.level,
    level_effective: ladder.level < band ? ladder.level : band,
    agent_heat_ceiling: publish(reading.agentHeat),
    incident_cap: publish(reading.incidentCap),
    ladder: { k: ladder.k, e: twelveDigits(ladder.e), strikes: ladder.strikes, restarts: ladder.restarts, promotions },
    layers,
  }
}

function twelveDigits(x: number): number {
  return Number(x.toPrecision(12))
}
