import type { PolicySet } from './policy-set.ts'
import type { Overrides } from './settings.ts'

/** What a tenant deviates in: its own, whatever it is called. */
export function overridesOf({ settings }: Pick<PolicySet, 'settings'>, tenant: string): Overrides | undefined {
  return Object.hasOwn(settings.overrides, tenant) ? settings.overrides[tenant] : undefined
}

/** A tenant may deviate from the shipped matrix; the chain and the hard term must then read the same one as the bundle. */
export function matricesOf(policySet: Pick<PolicySet, 'matrices' | 'settings'>, tenant: string): PolicySet['matrices'] {
  const override = overridesOf(policySet, tenant)?.matrix
  return override === undefined ? policySet.matrices : { ...policySet.matrices, ...override }
}
