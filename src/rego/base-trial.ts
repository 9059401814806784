import { gunzipSync } from 'node:zlib'

import type { Policy } from '../policy/policy.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import { readBundleFiles } from './bundle-files.ts'
import { compilePolicy } from './compiled-policy.ts'
import { BundleError } from './error.ts'
import { fromJson } from './value.ts'

/** The compiled rules of the base of a policy set, to be tried with other data. */
export type BaseRules = { readonly wasmBytes: Uint8Array }

/** Takes the rules of the base out of a policy set. Rejects with `BundleError`. */
export async function baseRulesOf({ archive }: Pick<PolicySet, 'archive'>): Promise<BaseRules> {
  const { base } = JSON.parse(gunzipSync(archive).toString('utf8')) as { readonly base: string }
  const wasmBytes = (await readBundleFiles(Buffer.from(base, 'base64'), { name: 'base' })).get('policy.wasm')
  if (wasmBytes !== undefined) return { wasmBytes }
  throw new BundleError('policy_missing', 'base policy.wasm', 'is not in the bundle', 'Build it with `gradus build`.')
}

/** The base as it would decide with other data, the whole of `data`. Whoever takes it closes it. Throws `BundleError`. */
export function baseWithData({ wasmBytes }: BaseRules, data: unknown, allowBuiltins: readonly string[]): Policy {
  const source = { place: 'base policy.wasm', wasmBytes, data: fromJson(data), usersOf: () => [] }
  return compilePolicy(source, { allowBuiltins })
}
