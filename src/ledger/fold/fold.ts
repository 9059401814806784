import type { TrustChange } from '../../trust/trust-change.ts'
import type { Effect } from '../effect.ts'
import { ACTIVITY_RULES } from './activity.ts'
import { APPROVAL_RULES } from './approvals.ts'
import { BOUND_RULES } from './bounds.ts'
import { DETECTOR_RULES } from './detectors.ts'
import { LOG_RULES } from './log.ts'
import { PAUSE_RULES } from './pauses.ts'
import { PERMISSION_RULES } from './permissions.ts'
import { RATER_RULES } from './raters.ts'
import { SPOT_CHECK_RULES } from './spot-checks.ts'
import type { FoldRule, FoldRules, ProjectionState } from './state.ts'
import { TENANT_RULES } from './tenant.ts'
import { TRUST_RULES } from './trust.ts'
import { VERDICT_RULES } from './verdicts.ts'

export type { ProjectionState } from './state.ts'

const RULES: FoldRules<Effect['kind']> = {
  ...TRUST_RULES,
  ...ACTIVITY_RULES,
  ...VERDICT_RULES,
  ...RATER_RULES,
  ...APPROVAL_RULES,
  ...BOUND_RULES,
  ...TENANT_RULES,
  ...DETECTOR_RULES,
  ...LOG_RULES,
  ...SPOT_CHECK_RULES,
  ...PAUSE_RULES,
  ...PERMISSION_RULES,
}

/**
 * Applies a record's effects: the only place where state changes. `nowMs` is the record's time. The same records in the same
 * order give the same documents, so the verifier derives the state again with this very function. Returns what happened to
 * levels and incidents on the way.
 */
export function project(
  effects: readonly Effect[],
  nowMs: number,
  tenant: string,
  state: ProjectionState,
): readonly TrustChange[] {
  return effects.flatMap((effect) => {
    // The table has under each kind the rule for that very kind.
    const rule = RULES[effect.kind] as FoldRule<Effect['kind']>
    return rule(effect, { tenant, nowMs }, state)
  })
}
