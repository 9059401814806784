import type { PromotionCounts } from '../../simulate/promotions.ts'
import type { TallyReport } from '../../simulate/tally.ts'

/** What a candidate is compared with. */
export const BASELINE_KINDS = ['current', 'recorded'] as const
export type BaselineKind = (typeof BASELINE_KINDS)[number]

/** What `gradus simulate --json` prints. */
export type SimulationReport = {
  readonly candidate: { readonly changed: readonly string[]; readonly policy_set: string }
  /** What it is compared with: the policies in force with their digest, or what was recorded (`policy_set` null). */
  readonly baseline: { readonly kind: BaselineKind; readonly policy_set: string | null }
  /** `audit`, or the file of an OPA decision log. */
  readonly from: string
  /** Decisions before this time were not decided again; null: all were. */
  readonly since: string | null
  /** The audit log: outcomes. An OPA decision log: the answers of the base. */
  readonly changes: TallyReport
  /** For an OPA decision log: what Gradus would have answered, against what OPA did. */
  readonly would: TallyReport | null
  /** Not null: trust was derived again under other constants, and so many promotions came otherwise. */
  readonly promotions: PromotionCounts | null
  /** How many decisions each policy set made, by digest; null for an OPA decision log. */
  readonly recorded_under: Readonly<Record<string, number>> | null
  /** Lines of a decision log that are no decisions; null for the audit log. */
  readonly skipped: number | null
  readonly max_changed: { readonly allowed: string; readonly exceeded: boolean } | null
}
