import { z } from 'zod'

import { REASON_CHARS_MAX } from './ceiling.ts'
import { Containment } from './effect.ts'
import { ID_CHARS_MAX } from './request.ts'
import { Level, ScopeKey } from './scope.ts'
import { IncidentClass, IncidentReach } from './trust-constants.ts'
import { IncidentReview, TrustChange } from './trust-state.ts'

/** Incidents that one answer lists; the gravest come first. */
export const INCIDENTS_LISTED_MAX = 1_000

const id = z.string().min(1).max(ID_CHARS_MAX)
const time = z.iso.datetime()
const unit = z.number().min(0).max(1)
const reason = z.string().trim().min(1).max(REASON_CHARS_MAX)

/** `POST /api/v1/agents/{id}/scopes/{scope}/demotion`: a person takes the rungs above `level` away. */
export const DemotionReport = z.strictObject({ level: Level, reason })
export type DemotionReport = z.infer<typeof DemotionReport>

/** What a demotion did. `demoted` false: it stood there already, and nothing was written. */
export const DemotionAnswer = z.strictObject({
  agent: id,
  scope: ScopeKey,
  demoted: z.boolean(),
  level_before: Level,
  level_after: Level,
  changes: z.array(TrustChange),
  leaf_index: z.int().nullable(),
  state_version: z.int(),
})
export type DemotionAnswer = z.infer<typeof DemotionAnswer>

/** Why an agent is revoked: classes of incident that stop it altogether until a person has reviewed it. */
export const RevocationClass = z.enum(['credential_compromise', 'kill_switch'])
export type RevocationClass = z.infer<typeof RevocationClass>

/** `POST /api/v1/agents/{id}/revocation`: the agent does nothing until a person has reviewed the incident. */
export const RevocationReport = z.strictObject({ reason, class: RevocationClass.default('credential_compromise') })
export type RevocationReport = z.infer<typeof RevocationReport>

/** What a revocation did, and what of the agent is still under way. */
export const RevocationAnswer = z.strictObject({
  agent: id,
  /** False: the catalogue lists no such agent; check the spelling. */
  known: z.boolean(),
  incident_id: id,
  /** False: it was revoked already, by this incident. */
  revoked: z.boolean(),
  /** Decisions whose approval was withdrawn now. */
  approvals_withdrawn: z.array(id),
  /** Emergency overrides that were ended now. */
  overrides_ended: z.array(id),
  changes: z.array(TrustChange),
  /** What was let run before and nobody has verified yet: look at it, and roll it back where that is due. */
  outstanding: z.array(z.strictObject({ decision_id: id, scope: ScopeKey, action: z.string(), verify_by: time })),
  /** Enforcement points that keep answers may act on them until then, if they do not follow the events. */
  answers_valid_until: time,
  /** Null: nothing was written. */
  leaf_index: z.int().nullable(),
  state_version: z.int(),
})
export type RevocationAnswer = z.infer<typeof RevocationAnswer>

/** `GET /api/v1/containments`: what is out of service. */
export const ContainmentsAnswer = z.strictObject({
  containments: z.array(Containment.omit({ at_ms: true }).extend({ at: time })),
})
export type ContainmentsAnswer = z.infer<typeof ContainmentsAnswer>

/** Where an incident stands: `open` waits for a person, `recovering` for what the agent proves. */
export const IncidentStage = z.enum(['open', 'recovering'])
export type IncidentStage = z.infer<typeof IncidentStage>

/** Which incidents are listed: of one agent, in one state. */
export type IncidentFilter = { readonly agent?: string | undefined; readonly state?: IncidentStage | undefined }

/** One incident that still bounds an agent. Scores are floored to four decimals. */
export const IncidentView = z.strictObject({
  incident_id: id,
  agent: id,
  class: IncidentClass,
  reach: IncidentReach,
  /** Null where it reaches the whole agent. */
  scope: ScopeKey.nullable(),
  state: IncidentStage,
  /** The lowest score that it allows now in a scope in which the agent acted, and as it was raised. */
  cap: unit,
  cap_raised: unit,
  since: time,
  review: IncidentReview,
  /** `review`: a person. `evidence`: verified successes later than `counts_from` lift the cap, and nothing else does. */
  needs: z.enum(['review', 'evidence']),
  counts_from: time.nullable(),
  /** It stands for several old ones, so it can be reviewed, but not be a false positive. */
  merged: z.boolean(),
  /** The cap in every scope it reaches, with the verified successes that count, in units. */
  scopes: z.array(z.strictObject({ scope: ScopeKey, cap: unit, proven: z.number().nonnegative() })),
})
export type IncidentView = z.infer<typeof IncidentView>

/** `GET /api/v1/incidents`: those that wait for a review first, then by cap; `total` counts also what is not listed. */
export const IncidentsAnswer = z.strictObject({ incidents: z.array(IncidentView).max(INCIDENTS_LISTED_MAX), total: z.int() })
export type IncidentsAnswer = z.infer<typeof IncidentsAnswer>
