import type { Policy } from '../policy/policy.ts'
import type { PolicySet } from '../policy/policy-set.ts'

/** The data that the shipped base decides by, as somebody would change it. */
export type BaseSource = {
  /** The file, relative to the directory of the configuration, with `/` between its parts. */
  readonly file: string
  /** Its text as it stands now. */
  readonly text: string
  /** The base of the policy set as it would decide by other data than that of the file; whoever asks closes it. */
  readonly trial: (data: unknown) => Policy
}

/** Reads the data of the base of a policy set; `why`: there is none that a patch could be made for. */
export type ReadBaseSource = (policySet: PolicySet) => Promise<BaseSource | { readonly why: string }>
