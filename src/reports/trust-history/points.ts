import type { Effect } from '../../ledger/effect.ts'
import type { StoredRecord } from '../../ledger/store.ts'
import { type Layer, LAYERS } from '../../model/layer.ts'
import type { ScopeKey } from '../../model/scope.ts'
import type { TrustChange } from '../../trust/trust-change.ts'
import { scopeView } from '../../trust/trust-view.ts'
import type { Move, MovingEffect, TrustStanding } from './moves.ts'
import type { TrustCause, TrustPoint } from './wire.ts'

/** A moment in a history: when, and after how many records of the log. */
export type PointMoment = { readonly atMs: number; readonly stateVersion: number }

type Caused = {
  readonly scoreBefore?: number
  readonly cause?: TrustCause
  readonly changes?: readonly TrustChange[]
}

/** Trust in one scope at one moment. */
export function pointOf(
  scope: ScopeKey,
  standing: TrustStanding,
  { atMs, stateVersion }: PointMoment,
  { scoreBefore, cause, changes = [] }: Caused = {},
): TrustPoint {
  const view = scopeView(standing.agent, scope, { nowMs: atMs }, standing.constants)
  const score = (layer: Layer): readonly [Layer, number] => [layer, view.layers[layer].score]
  return {
    at: new Date(atMs).toISOString(),
    scope,
    state_version: stateVersion,
    score: view.score,
    score_before: scoreBefore ?? view.score,
    layers: Object.fromEntries(LAYERS.map(score)) as TrustPoint['layers'],
    bottleneck_layer: view.bottleneck_layer,
    binding: view.binding,
    level_granted: view.level_granted,
    level_effective: view.level_effective,
    incident_cap: view.incident.cap,
    cause: cause ?? null,
    changes: changes.filter((change) => !('scope' in change) || change.scope === null || change.scope === scope),
  }
}

/** The published score of a scope at a time. */
export function scoreOf(scope: ScopeKey, { agent, constants }: TrustStanding, atMs: number): number {
  return scopeView(agent, scope, { nowMs: atMs }, constants).score
}

/** Trust before and after a record, in every scope that it is about; in one scope only where that is asked for, whatever it is about. */
export function pointsOf(stored: StoredRecord, moves: readonly Move[], scope: ScopeKey | undefined): readonly TrustPoint[] {
  const [first, last] = [moves[0], moves.at(-1)]
  if (first === undefined || last === undefined) return []
  const { record, leafIndex } = stored
  const moment = { atMs: Date.parse(record.at), stateVersion: leafIndex + 1 }
  const changes = moves.flatMap((move) => move.changes)
  const cause = causeOf(stored, first.effect)
  return scopesOfMoves(moves, changes, scope).flatMap((each) => {
    const before = pointOf(each, first.before, moment)
    const point = pointOf(each, last.after, moment, { scoreBefore: before.score, cause, changes })
    // What happened elsewhere, and what changed nothing here, is no point of this scope.
    return isSame(point, before) ? [] : [point]
  })
}

function isSame(point: TrustPoint, before: TrustPoint): boolean {
  const compared = ({ score, layers, binding, level_granted, level_effective, incident_cap }: TrustPoint): string =>
    JSON.stringify([score, layers, binding, level_granted, level_effective, incident_cap])
  return compared(point) === compared(before)
}

/** Evidence is about its scope, and about those it demoted; what happens to the agent, and new constants, about every scope. */
function scopesOfMoves(
  moves: readonly Move[],
  changes: readonly TrustChange[],
  scope: ScopeKey | undefined,
): readonly ScopeKey[] {
  if (scope !== undefined) return [scope]
  const named = moves.map(({ effect }) => scopeOfEffect(effect))
  const known = Object.keys(moves.at(-1)?.after.agent.scopes ?? {})
  if (named.includes(null)) return known.sort()
  const touched = [...named, ...changes.map((change) => ('scope' in change ? change.scope : null))]
  return [...new Set(touched.filter((each) => each !== null))].filter((each) => known.includes(each)).sort()
}

/** The scope that an effect is about; null: the agent as a whole. */
export function scopeOfEffect(effect: MovingEffect): ScopeKey | null {
  if (effect.kind === 'incident') return effect.incident.scope
  return 'scope' in effect ? effect.scope : null
}

/** Who and what brought an effect about, as its record says. */
export function causeOf({ record }: StoredRecord, effect: MovingEffect): TrustCause {
  const { id, kind, decision_id, actor } = record
  return { record_id: id, kind, class: classOf(record.effects, effect) ?? record.outcome, decision_id, actor }
}

/** The class of what an effect came of; null where only the record has one. */
function classOf(effects: readonly Effect[], effect: MovingEffect): string | null {
  switch (effect.kind) {
    case 'incident':
      return effect.incident.class
    case 'review':
      return effect.false_positive ? 'false_positive' : 'reviewed'
    case 'promote':
      return 'promoted'
    case 'demote':
      return 'demoted_by_person'
    case 'constants':
    case 'composition':
    case 'import':
      return effect.kind
    case 'evidence':
    case 'take_back':
      return verdictOn(effects, effect.layer)
    case 'rater_share':
    case 'verifier':
    case 'delegator':
      return verdictOn(effects, 'outcome')
  }
}

/** The class of the verdict that a record holds on a layer. */
function verdictOn(effects: readonly Effect[], layer: Layer): string | null {
  const verdict = effects.find((each) => each.kind === 'verdict' && each.layer === layer)
  return verdict?.kind === 'verdict' ? verdict.class : null
}
