import type { Policy } from '../policy/policy.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import { assembleWithBundles, graduationParts } from './assemble-policy-set.ts'
import type { PolicySetParts } from './policy-parts.ts'

/** A bundle's data document, and the same compiled policy on another. */
export type SwappableBundle = { readonly data: unknown; readonly withData: (data: unknown) => Policy }

/** A policy set whose base and graduation can read other data without being compiled again. */
export type SwappableSet = {
  readonly policySet: PolicySet
  readonly bundles: Readonly<Record<'base' | 'graduation', SwappableBundle>>
}

/** The policy set of the parts, with its bundles open to other data. Rejects as `assemblePolicySet` does. */
export async function swappableSet(parts: PolicySetParts, nowMs: number): Promise<SwappableSet> {
  const { policySet, base, graduation } = await assembleWithBundles(parts, nowMs)
  return { policySet, bundles: { base, graduation } }
}

/** The policy set with other data under its base. Throws where the policy does not start with it. */
export function withBaseData({ policySet, bundles }: SwappableSet, data: unknown): PolicySet {
  return { ...policySet, base: bundles.base.withData(data) }
}

/** The policy set with other data under its graduation. Throws `bad_policy` where a policy set would not be loaded with it. */
export function withGraduationData({ policySet, bundles }: SwappableSet, data: unknown): PolicySet {
  const matrices = graduationParts(data)
  return { ...policySet, matrices, graduation: bundles.graduation.withData(data) }
}
