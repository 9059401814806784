import type { ApprovalPolicy } from '../approvals/settings.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { GuardrailSettings } from '../decisions/settings.ts'
import type { DetectorSettings } from '../evidence/detectors/settings.ts'
import type { Matrices } from '../pdp/matrix-schema.ts'
import type { RiskRules } from '../risk/rules.ts'
import type { TrustConstants } from '../trust/constants.ts'
import type { Policy } from './policy.ts'
import type { BaseSettings, ModeRule, Overrides } from './settings.ts'

/** Everything a decision is made under. One digest, pinned for the whole decision, archived by it, swapped atomically. */
export type PolicySet = {
  /** SHA-256 over every part, hexadecimal. */
  readonly digest: string
  /** The bytes the whole set can be loaded from again. */
  readonly archive: Uint8Array
  readonly base: Policy
  readonly graduation: Policy
  /** Says which record members are stored without their value; undefined when there is no mask policy. */
  readonly mask: Policy | undefined
  readonly catalogue: Catalogue
  readonly risk: RiskRules
  readonly matrices: Matrices
  readonly constants: TrustConstants
  /** The parts of the configuration that decisions depend on. */
  readonly settings: PolicySettings
  readonly loadedAtMs: number
}

/** The parts of the configuration that decisions depend on; they are part of the digest. */
export type PolicySettings = {
  readonly base: BaseSettings
  readonly entrypoints: readonly string[]
  readonly guardrails: GuardrailSettings
  readonly detectors: DetectorSettings
  readonly overrides: Readonly<Record<string, Overrides>>
  readonly modes: readonly ModeRule[]
  readonly approvals: ApprovalPolicy
  readonly answer_valid_ms: number
  readonly automatic_level_max: number
}

/** The policy set as an operator sees it. */
export type PolicySetView = {
  readonly digest: string
  readonly loaded_at: string
  readonly base: { readonly digest: string; readonly entrypoints: readonly string[] }
  readonly graduation: { readonly digest: string; readonly entrypoints: readonly string[] }
  readonly risk_documents: readonly { readonly id: string; readonly version: string; readonly rules: number }[]
  readonly tools: number
  readonly agents: number
  /** Why the newest attempt to load failed, if it did; the set above is still in force. */
  readonly last_error: string | null
}

/** Loads a policy set from where the configuration says, or from archived bytes. Rejects with `ServiceError` `bad_policy`. */
export type LoadPolicySet = () => Promise<PolicySet>
export type RestorePolicySet = (archive: Uint8Array) => Promise<PolicySet>
