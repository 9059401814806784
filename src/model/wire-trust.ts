import { z } from 'zod'

import { ID_CHARS_MAX } from './request.ts'
import { RecordKind } from './record.ts'
import { Layer, Level, ScopeKey } from './scope.ts'
import { Gate, TrustChange, TrustView } from './trust-state.ts'

const id = z.string().min(1).max(ID_CHARS_MAX)
const time = z.iso.datetime()
const unit = z.number().min(0).max(1)

/** Trust in one scope, with the way up: what every gate of the next rung has and needs, and what the layers say together. */
export const ScopeTrustAnswer = z.strictObject({
  ...TrustView.unwrap().shape,
  /** Null at the top. The gates are those of a promotion that nobody signs. */
  next: z.strictObject({ level: Level, gates: z.array(Gate) }).nullable(),
  /** Opinions of the live layers, fused (weighted belief fusion); for people, no decision rests on it. */
  fused_opinion: z.strictObject({ b: unit, d: unit, u: unit }),
  /** Largest degree of conflict between two live layers, which is a gate too. */
  conflict: unit,
})
export type ScopeTrustAnswer = z.infer<typeof ScopeTrustAnswer>

/** What brought a point of a history about: a record of the log, and its class where it has one. */
export const TrustCause = z.strictObject({
  record_id: id,
  kind: RecordKind,
  class: z.string().nullable(),
  decision_id: z.string().nullable(),
  actor: z.string(),
})
export type TrustCause = z.infer<typeof TrustCause>

/** Trust in one scope right after a record, or, without a cause, at the beginning or the end of what was asked for. */
export const TrustPoint = z.strictObject({
  at: time,
  scope: ScopeKey,
  /** The state version that the point belongs to: how many records of the log it stands on. */
  state_version: z.int(),
  score: unit,
  score_before: unit,
  layers: z.record(Layer, unit),
  bottleneck_layer: Layer,
  binding: z.string(),
  level_granted: Level,
  level_effective: Level,
  incident_cap: unit,
  cause: TrustCause.nullable(),
  changes: z.array(TrustChange),
})
export type TrustPoint = z.infer<typeof TrustPoint>

/** `GET /api/v1/agents/{id}/trust/history`, oldest first. */
export const TrustHistoryAnswer = z.strictObject({
  agent: id,
  scope: ScopeKey.nullable(),
  /** When it was read; the last points are as of then. */
  at: time,
  state_version: z.int(),
  points: z.array(TrustPoint),
  /** `from` of the next page; null on the last one. */
  next: z.int().nullable(),
})
export type TrustHistoryAnswer = z.infer<typeof TrustHistoryAnswer>
