import { newActivity, withCharge, withOwed, withRelease, withRequest } from '../activity.ts'
import type { Activity } from '../documents/activity.ts'
import type { ACTIVITY_EFFECTS } from '../effects/activity.ts'
import { activityKey } from '../keys.ts'
import { withTold } from '../told.ts'
import { type FoldRules, NO_CHANGES, type ProjectionState } from './state.ts'

type ActivityKind = keyof typeof ACTIVITY_EFFECTS

/** What is counted of an account: in what really ran, or in the rehearsal that the effect names. */
export const ACTIVITY_RULES: FoldRules<ActivityKind> = {
  seen: (effect, { tenant, nowMs }, state) =>
    onActivity(effect, tenant, state, (activity) => withRequest(activity, effect, nowMs)),
  charge: (effect, { tenant, nowMs }, state) =>
    onActivity(effect, tenant, state, (activity) => withCharge(activity, effect, nowMs)),
  owe: (effect, { tenant }, state) =>
    onActivity({ agent: effect.agent }, tenant, state, (activity) => withOwed(activity, effect)),
  release: (effect, { tenant }, state) =>
    onActivity(effect, tenant, state, (activity) => withRelease(activity, effect.decision_id)),
  told: ({ agent, what, action }, { tenant, nowMs }, state) =>
    onActivity({ agent }, tenant, state, (activity) => withTold(activity, { what, action, at_ms: nowMs })),
}

function onActivity(
  { agent, rehearsal }: { readonly agent: string; readonly rehearsal?: string | undefined },
  tenant: string,
  state: ProjectionState,
  change: (activity: Activity) => Activity,
): typeof NO_CHANGES {
  const key = activityKey(tenant, agent, rehearsal)
  state.put(key, change(state.document(key) ?? newActivity()))
  return NO_CHANGES
}
