import type { SpotChecks } from '../documents/spot-check.ts'
import type { SPOT_CHECK_EFFECTS } from '../effects/spot-checks.ts'
import { spotChecksKey } from '../keys.ts'
import { type FoldRules, NO_CHANGES, type ProjectionState } from './state.ts'

/** Decisions come on the list, and leave it when somebody has looked. */
export const SPOT_CHECK_RULES: FoldRules<keyof typeof SPOT_CHECK_EFFECTS> = {
  spot_check: ({ check }, { tenant }, state) => onList(tenant, state, (open) => [...open, check]),
  spot_checked: ({ decision_id }, { tenant }, state) =>
    onList(tenant, state, (open) => open.filter((check) => check.decision_id !== decision_id)),
}

function onList(
  tenant: string,
  state: ProjectionState,
  change: (open: SpotChecks['open']) => SpotChecks['open'],
): typeof NO_CHANGES {
  const key = spotChecksKey(tenant)
  state.put(key, { open: change(state.document(key)?.open ?? []) })
  return NO_CHANGES
}
