import type { Override } from '../documents/approval.ts'
import type { TenantState } from '../documents/documents.ts'
import type { TENANT_EFFECTS } from '../effects/tenant.ts'
import { tenantKey } from '../keys.ts'
import { type FoldRules, NO_CHANGES, type ProjectionState } from './state.ts'

/** Overrides and containments begin and end; an override that has done its time leaves with the next change of any other. */
export const TENANT_RULES: FoldRules<keyof typeof TENANT_EFFECTS> = {
  override: ({ override }, { tenant, nowMs }, state) =>
    onTenant(tenant, state, (before) => ({ ...before, overrides: [...others(before, override.id, nowMs), override] })),
  override_ended: ({ id }, { tenant, nowMs }, state) =>
    onTenant(tenant, state, (before) => ({ ...before, overrides: others(before, id, nowMs) })),
  contain: ({ containment }, { tenant }, state) =>
    onTenant(tenant, state, (before) => ({ ...before, containments: [...before.containments, containment] })),
  lift: ({ id }, { tenant }, state) =>
    onTenant(tenant, state, (before) => ({ ...before, containments: before.containments.filter((each) => each.id !== id) })),
}

/** The overrides that are still in force; the others have done their time. */
export function openOverrides(overrides: readonly Override[], nowMs: number): Override[] {
  return overrides.filter(({ until_ms }) => nowMs < until_ms)
}

function others({ overrides }: TenantState, id: string, nowMs: number): TenantState['overrides'] {
  return openOverrides(overrides, nowMs).filter((each) => each.id !== id)
}

function onTenant(tenant: string, state: ProjectionState, change: (before: TenantState) => TenantState): typeof NO_CHANGES {
  const key = tenantKey(tenant)
  state.put(key, change(state.document(key) ?? { containments: [], overrides: [] }))
  return NO_CHANGES
}
