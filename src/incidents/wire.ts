import { z } from 'zod'

import { Containment, ContainmentTarget } from '../ledger/documents/containment.ts'
import { REASON_CHARS_MAX } from '../model/ceiling.ts'
import { ScopeKey } from '../model/scope.ts'
import { WireComment, WireDetail, WireId, WireNote, WireShare, WireTime } from '../model/wire-fields.ts'
import { IncidentClass, IncidentReach } from '../trust/constants.ts'
import { IncidentReview } from '../trust/stored-trust.ts'
import { TrustChange } from '../trust/trust-change.ts'
import { TrustView } from '../trust/trust-view.ts'
import { STOPPING_CLASSES } from './rules/stopping-incident.ts'

/** Incidents that one answer lists; the gravest come first. */
export const INCIDENTS_LISTED_MAX = 1_000

/** Why an agent is revoked: classes of incident that stop it altogether until a person has reviewed it. */
export const RevocationClass = z.enum(STOPPING_CLASSES)
export type RevocationClass = z.infer<typeof RevocationClass>

/** `POST /api/v1/agents/{id}/revocation`: the agent does nothing until a person has reviewed the incident. */
export const RevocationReport = z.strictObject({ reason: WireNote, class: RevocationClass.default('credential_compromise') })
export type RevocationReport = z.infer<typeof RevocationReport>

/** What a revocation did, and what of the agent is still under way. */
export const RevocationAnswer = z.strictObject({
  agent: WireId,
  /** False: the catalogue lists no such agent; check the spelling. */
  known: z.boolean(),
  incident_id: WireId,
  /** False: it was revoked already, by this incident. */
  revoked: z.boolean(),
  /** Decisions whose approval was withdrawn now. */
  approvals_withdrawn: z.array(WireId),
  /** Emergency overrides that were ended now. */
  overrides_ended: z.array(WireId),
  changes: z.array(TrustChange),
  /** What was let run before and nobody has verified yet: look at it, and roll it back where that is due. */
  outstanding: z.array(z.strictObject({ decision_id: WireId, scope: ScopeKey, action: z.string(), verify_by: WireTime })),
  /** Enforcement points that keep answers may act on them until then, if they do not follow the events. */
  answers_valid_until: WireTime,
  /** Null: nothing was written. */
  leaf_index: z.int().nullable(),
  state_version: z.int(),
})
export type RevocationAnswer = z.infer<typeof RevocationAnswer>

/** `GET /api/v1/containments`: what is out of service. */
export const ContainmentsAnswer = z.strictObject({
  containments: z.array(Containment.omit({ at_ms: true }).extend({ at: WireTime })),
})
export type ContainmentsAnswer = z.infer<typeof ContainmentsAnswer>

/** Where an incident stands: `open` waits for a person, `recovering` for what the agent proves. */
export const IncidentStage = z.enum(['open', 'recovering'])
export type IncidentStage = z.infer<typeof IncidentStage>

/** Which incidents are listed: of one agent, in one state. */
export type IncidentFilter = { readonly agent?: string | undefined; readonly state?: IncidentStage | undefined }

/** One incident that still bounds an agent. Scores are floored to four decimals. */
export const IncidentView = z.strictObject({
  incident_id: WireId,
  agent: WireId,
  class: IncidentClass,
  reach: IncidentReach,
  /** Null where it reaches the whole agent. */
  scope: ScopeKey.nullable(),
  state: IncidentStage,
  /** The lowest score that it allows now in a scope in which the agent acted, and as it was raised. */
  cap: WireShare,
  cap_raised: WireShare,
  since: WireTime,
  review: IncidentReview,
  /** `review`: a person. `evidence`: verified successes later than `counts_from` lift the cap, and nothing else does. */
  needs: z.enum(['review', 'evidence']),
  counts_from: WireTime.nullable(),
  /** It stands for several old ones, so it can be reviewed, but not be a false positive. */
  merged: z.boolean(),
  /** The cap in every scope it reaches, with the verified successes that count, in units. */
  scopes: z.array(z.strictObject({ scope: ScopeKey, cap: WireShare, proven: z.number().nonnegative() })),
})
export type IncidentView = z.infer<typeof IncidentView>

/** `GET /api/v1/incidents`: those that wait for a review first, then by cap; `total` counts also what is not listed. */
export const IncidentsAnswer = z.strictObject({ incidents: z.array(IncidentView).max(INCIDENTS_LISTED_MAX), total: z.int() })
export type IncidentsAnswer = z.infer<typeof IncidentsAnswer>

/** `POST /api/v1/incidents`. */
export const IncidentReport = z.strictObject({
  agent: WireId,
  class: IncidentClass,
  /** Defaults to the class's reach; `scope` is needed where it is one scope. */
  reach: IncidentReach.optional(),
  scope: ScopeKey.optional(),
  /** Lower than the class's cap if given. */
  cap: z.number().min(0).max(1).optional(),
  detail: WireDetail.optional(),
})

export type IncidentReport = z.infer<typeof IncidentReport>

/** `POST /api/v1/incidents/{id}/reviews`. */
export const IncidentReviewReport = z.strictObject({
  agent: WireId,
  false_positive: z.boolean().default(false),
  note: WireComment.optional(),
})

export type IncidentReviewReport = z.infer<typeof IncidentReviewReport>

/** What an incident or its review did. */
export const IncidentAnswer = z.strictObject({
  incident_id: WireId,
  agent: WireId,
  /** False: the catalogue lists no such agent; check the spelling. */
  known: z.boolean(),
  leaf_index: z.int(),
  state_version: z.int(),
  changes: z.array(TrustChange),
  scopes: z.array(TrustView),
})

export type IncidentAnswer = z.infer<typeof IncidentAnswer>

/** `POST /api/v1/containments`: takes an action, scope, agent or the tenant out of service at once. */
export const ContainmentReport = z.strictObject({ target: ContainmentTarget, reason: z.string().min(1).max(REASON_CHARS_MAX) })

export type ContainmentReport = z.infer<typeof ContainmentReport>

export const ContainmentAnswer = z.strictObject({
  id: WireId,
  target: ContainmentTarget,
  /** False: the catalogue lists no such agent; check the spelling. The containment holds all the same. */
  known: z.boolean(),
  in_force: z.boolean(),
  /** Null: it was contained for this reason already, and nothing was written. */
  leaf_index: z.int().nullable(),
  state_version: z.int(),
})

export type ContainmentAnswer = z.infer<typeof ContainmentAnswer>

/** `POST /api/v1/agents/{id}/holds/{hold}`: a person says whether what waited is true. */
export const HoldReport = z.strictObject({ resolution: z.enum(['accept', 'dismiss']), note: WireComment.optional() })

export type HoldReport = z.infer<typeof HoldReport>

/** What resolving a hold did. */
export const HoldAnswer = z.strictObject({
  agent: WireId,
  hold_id: WireId,
  resolution: z.enum(['accept', 'dismiss']),
  /** Reports that weigh from now on, as of their own time. */
  weighed: z.int().nonnegative(),
  changes: z.array(TrustChange),
  leaf_index: z.int(),
  state_version: z.int(),
})

export type HoldAnswer = z.infer<typeof HoldAnswer>
