import { z } from 'zod'

import { requireFinite } from '../format/error.ts'
import { DAY_MS } from '../format/time.ts'
import type { ScopeKey } from '../model/scope.ts'
import type { TrustConstants } from './constants.ts'
import { startedOver } from './demotion.ts'
import { activeStrikes, countRequired, dwellLeftMs, evidenceRequired, nextLevel, promoted } from './ladder.ts'
import { conflictOf } from './layer/opinion.ts'
import { verifiersFor, withoutLargestRater } from './raters.ts'
import { publish } from './score-scale.ts'
import { type ReadingTerms, readScope } from './score.ts'
import { type AgentTrust, scopeOf, withScope } from './stored-trust.ts'
import type { TrustChange, TrustWrite } from './trust-change.ts'

/** A request for one rung up. */
export type PromotionRequest = ReadingTerms & {
  /** Distinct verifiers; default: those remembered since the ladder last started over. */
  readonly verifiers?: number | undefined
  /** A person signed off; needed from the constants' `signature_level` on. */
  readonly human: boolean
  /** Disagreement of the layers, 0–1; default: from their opinions. */
  readonly conflict?: number | undefined
}

/** Every gate of the next rung, passed or not, in the order in which a refusal names them. */
export function promotionGates(
  agent: AgentTrust,
  scope: ScopeKey,
  request: PromotionRequest,
  constants: TrustConstants,
): readonly Gate[] {
  const { nowMs } = request
  requireFinite({ nowMs })
  const reading = readScope(agent, scope, request, constants)
  const { ladder } = reading.scope
  const to = nextLevel(ladder.level)
  if (to === undefined) return [atLeast('top', 0, 1)]
  const threshold = constants.thresholds[to]
  const layers = reading.liveLayers.map((layer) => reading.layers[layer])
  const open = reading.incidents.filter((incident) => incident.review === 'required').length
  const conflict = request.conflict ?? conflictOf(layers.map(({ opinion }) => opinion))
  const hysteresis = activeStrikes(ladder, nowMs, constants) > 0 ? constants.hysteresis : 0
  const needed = threshold + hysteresis
  const dwellMs = constants.dwell_days[to] * DAY_MS
  return [
    atMost('incident', open, 0),
    atLeast('score', publish(reading.score), needed),
    atLeast('consensus', publish(Math.min(1, ...layers.map(({ trust }) => trust))), threshold),
    atMost('conflict', conflict, constants.conflict_max),
    atLeast('verifiers', request.verifiers ?? verifiersFor(reading.scope, to), constants.verifiers_min[to]),
    atLeast(
      'largest_rater',
      withoutLargestRater(reading.scope, to, { nowMs, score: reading.score, needed }, constants),
      to < 3 ? 0 : 1,
    ),
    atLeast('count', ladder.k, countRequired(ladder, to, nowMs, constants)),
    atLeast('evidence', ladder.e, evidenceRequired(ladder, to, nowMs, constants)),
    atLeast('dwell', dwellMs - dwellLeftMs(ladder, to, nowMs, constants), dwellMs),
    atLeast('human', request.human ? 1 : 0, to >= (constants.signature_level ?? 4) ? 1 : 0),
  ]
}

function atLeast(gate: GateName, have: number, need: number): Gate {
  return { gate, passed: have >= need, have, need }
}

function atMost(gate: GateName, have: number, need: number): Gate {
  return { gate, passed: have <= need, have, need }
}

/** The agent one rung up, or what stood in the way. */
export type Promotion =
  | ({ readonly kind: 'promoted'; readonly gates: readonly Gate[] } & TrustWrite)
  | { readonly kind: 'refused'; readonly gates: readonly Gate[]; readonly failed: readonly [Gate, ...Gate[]] }

/** One rung up if every gate is passed; never a side effect of a read. What an earlier incident took can then no more be given back. */
export function promoteScope(agent: AgentTrust, key: ScopeKey, request: PromotionRequest, constants: TrustConstants): Promotion {
  const gates = promotionGates(agent, key, request, constants)
  const [first, ...rest] = gates.filter((gate) => !gate.passed)
  if (first !== undefined) return { kind: 'refused', gates, failed: [first, ...rest] }
  const scope = scopeOf(agent, key)
  const ladder = promoted(scope.ladder, request.nowMs)
  const risen = { ...startedOver(scope, ladder), undo: [] }
  const change: TrustChange = { kind: 'promoted', scope: key, from: scope.ladder.level, to: ladder.level }
  return { kind: 'promoted', gates, agent: withScope(agent, key, risen), changes: [change] }
}

/** The gates of a promotion, in the order in which they are named. */
export const GATES = [
  'top',
  'incident',
  'score',
  'consensus',
  'conflict',
  'verifiers',
  'largest_rater',
  'count',
  'evidence',
  'dwell',
  'human',
] as const

/** One gate of a promotion. */
export const GateName = z.enum(GATES)

export type GateName = z.infer<typeof GateName>

/** Whether a gate is passed, what there is and what is needed (scores, counts, log e-values, milliseconds; 1 and 0 for yes and no). */
export const Gate = z.strictObject({ gate: GateName, passed: z.boolean(), have: z.number(), need: z.number() }).readonly()

export type Gate = z.infer<typeof Gate>
