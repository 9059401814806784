import { z } from 'zod'

import { WireId, WireShare, WireTime } from '../../model/wire-fields.ts'
import { RecordKind } from '../../ledger/record.ts'
import { Layer } from '../../model/layer.ts'
import { Level } from '../../model/level.ts'
import { ScopeKey } from '../../model/scope.ts'
import { TrustChange } from '../../trust/trust-change.ts'

/** What brought a point of a history about: a record of the log, and its class where it has one. */
export const TrustCause = z.strictObject({
  record_id: WireId,
  kind: RecordKind,
  class: z.string().nullable(),
  decision_id: z.string().nullable(),
  actor: z.string(),
})
export type TrustCause = z.infer<typeof TrustCause>

/** Trust in one scope right after a record, or, without a cause, at the beginning or the end of what was asked for. */
export const TrustPoint = z.strictObject({
  at: WireTime,
  scope: ScopeKey,
  /** The state version that the point belongs to: how many records of the log it stands on. */
  state_version: z.int(),
  score: WireShare,
  score_before: WireShare,
  layers: z.record(Layer, WireShare),
  bottleneck_layer: Layer,
  binding: z.string(),
  level_granted: Level,
  level_effective: Level,
  incident_cap: WireShare,
  cause: TrustCause.nullable(),
  changes: z.array(TrustChange),
})
export type TrustPoint = z.infer<typeof TrustPoint>

/** `GET /api/v1/agents/{id}/trust/history`, oldest first. */
export const TrustHistoryAnswer = z.strictObject({
  agent: WireId,
  scope: ScopeKey.nullable(),
  /** When it was read; the last points are as of then. */
  at: WireTime,
  state_version: z.int(),
  points: z.array(TrustPoint),
  /** `from` of the next page; null on the last one. */
  next: z.int().nullable(),
})
export type TrustHistoryAnswer = z.infer<typeof TrustHistoryAnswer>
