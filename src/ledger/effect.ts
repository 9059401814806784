import { z } from 'zod'

import { ACTIVITY_EFFECTS } from './effects/activity.ts'
import { APPROVAL_EFFECTS } from './effects/approvals.ts'
import { BOUND_EFFECTS } from './effects/bounds.ts'
import { DETECTOR_EFFECTS } from './effects/detectors.ts'
import { LOG_EFFECTS } from './effects/log.ts'
import { PAUSE_EFFECTS } from './effects/pauses.ts'
import { PERMISSION_EFFECTS } from './effects/permissions.ts'
import { RATER_EFFECTS } from './effects/raters.ts'
import { SPOT_CHECK_EFFECTS } from './effects/spot-checks.ts'
import { TENANT_EFFECTS } from './effects/tenant.ts'
import { TRUST_EFFECTS } from './effects/trust.ts'
import { VERDICT_EFFECTS } from './effects/verdicts.ts'

/**
 * What a record does to the state. State is nothing but the fold of all effects in the order of the log (`fold/fold.ts`), so it can be
 * derived again from the records and compared. `effects/` has a file for each notion; what they change is in the file of that name in `fold/`.
 */
export const Effect = z.discriminatedUnion('kind', [
  LOG_EFFECTS.constants,
  TRUST_EFFECTS.evidence,
  TRUST_EFFECTS.take_back,
  TRUST_EFFECTS.delegator,
  TRUST_EFFECTS.incident,
  TRUST_EFFECTS.review,
  TRUST_EFFECTS.composition,
  TRUST_EFFECTS.promote,
  TRUST_EFFECTS.demote,
  ACTIVITY_EFFECTS.seen,
  ACTIVITY_EFFECTS.charge,
  ACTIVITY_EFFECTS.owe,
  ACTIVITY_EFFECTS.release,
  ACTIVITY_EFFECTS.told,
  VERDICT_EFFECTS.verdict,
  TRUST_EFFECTS.rater_share,
  TRUST_EFFECTS.verifier,
  RATER_EFFECTS.tally,
  RATER_EFFECTS.witness,
  RATER_EFFECTS.filing,
  VERDICT_EFFECTS.canary,
  RATER_EFFECTS.canary_judged,
  RATER_EFFECTS.owners,
  VERDICT_EFFECTS.advice,
  VERDICT_EFFECTS.handle_kept,
  VERDICT_EFFECTS.rolled_back,
  APPROVAL_EFFECTS.approval,
  TENANT_EFFECTS.override,
  TENANT_EFFECTS.override_ended,
  BOUND_EFFECTS.posture,
  BOUND_EFFECTS.hold,
  BOUND_EFFECTS.hold_resolved,
  BOUND_EFFECTS.coverage,
  BOUND_EFFECTS.timed_ceiling,
  BOUND_EFFECTS.tools,
  DETECTOR_EFFECTS.detectors,
  DETECTOR_EFFECTS.watched,
  BOUND_EFFECTS.session,
  BOUND_EFFECTS.injection_found,
  LOG_EFFECTS.received,
  TRUST_EFFECTS.import,
  TENANT_EFFECTS.contain,
  TENANT_EFFECTS.lift,
  SPOT_CHECK_EFFECTS.spot_check,
  SPOT_CHECK_EFFECTS.spot_checked,
  PAUSE_EFFECTS.paused,
  PAUSE_EFFECTS.resumed,
  PERMISSION_EFFECTS.permission_asked,
  PERMISSION_EFFECTS.permission_closed,
])
export type Effect = z.infer<typeof Effect>

/** The effect of one kind, or of several. */
export type EffectOf<K extends Effect['kind']> = Extract<Effect, { readonly kind: K }>
