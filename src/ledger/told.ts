import { HOUR_MS } from '../format/time.ts'
import type { Activity, Told } from './documents/activity.ts'

/** How long the same is not told again of an account, ms. */
export const TOLD_QUIET_MS = HOUR_MS

/** Whether this was told of an account already, within the last `TOLD_QUIET_MS`. */
export function wasTold(activity: Activity | undefined, { what, action }: Omit<Told, 'at_ms'>, nowMs: number): boolean {
  return recentlyTold(activity, nowMs).some((told) => told.what === what && told.action === action)
}

/** The activity of an account of which something was told; what is older than the quiet time is forgotten. */
export function withTold(activity: Activity, told: Told): Activity {
  return { ...activity, told: [...recentlyTold(activity, told.at_ms), told] }
}

function recentlyTold(activity: Activity | undefined, nowMs: number): readonly Told[] {
  return (activity?.told ?? []).filter(({ at_ms }) => at_ms > nowMs - TOLD_QUIET_MS)
}
