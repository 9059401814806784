import type { Protocol } from './request.ts'

/** What happened, for metrics and logs; the observer must not throw. */
export type Observation =
  | {
      readonly kind: 'decision'
      readonly protocol: Protocol
      readonly base: string
      readonly outcome: string
      readonly limiting: string
    }
  | {
      readonly kind: 'step'
      readonly protocol: Protocol
      readonly step: 'facts' | 'risk' | 'base' | 'graduation' | 'decide' | 'record'
      readonly seconds: number
    }
  | { readonly kind: 'degraded'; readonly cause: string }
  | { readonly kind: 'evidence'; readonly layer: string; readonly polarity: string }
  | {
      readonly kind: 'signal'
      readonly class: string
      readonly layer: string
      readonly result: 'accepted' | 'duplicate' | 'conflict' | 'refused'
    }
  /** An alert of another system: it became a signal, no class of its mapping fits, or what it became is refused. */
  | { readonly kind: 'mapped'; readonly mapping: string; readonly result: 'mapped' | 'unmatched' | 'refused' }
  | { readonly kind: 'demotion'; readonly from: number; readonly to: number }
  /** What would have been answered if everything were enforced; only where something is not. */
  | {
      readonly kind: 'would'
      readonly protocol: Protocol
      readonly base: string
      readonly outcome: string
      readonly limiting: string
    }
  | { readonly kind: 'mode_loosened'; readonly lines: number }
  | { readonly kind: 'approval'; readonly verdict: 'approve' | 'reject'; readonly seconds: number }
  /** A verdict of a rater who says yes to nearly everything, faster than it can be read. */
  | { readonly kind: 'rubber_stamp' }
  /** A report that waits for a person. */
  | { readonly kind: 'held'; readonly reason: string }
  | { readonly kind: 'override'; readonly verb: string }
  /** One attempt to send an event. */
  | { readonly kind: 'webhook'; readonly webhook: string; readonly posting: 'delivered' | 'failed' | 'gone' }
  /** Records that a webhook has not got past. */
  | { readonly kind: 'webhook_lag'; readonly webhook: string; readonly records: number }
  /** One attempt to have a checkpoint countersigned or kept outside. */
  | { readonly kind: 'checkpoint'; readonly to: string; readonly result: 'sent' | 'failed' | 'refused' }
  /** Records that the newest checkpoint outside does not cover. */
  | { readonly kind: 'checkpoint_lag'; readonly to: string; readonly records: number }
  /** A decision came with a duty to tell somebody. Quiet: the same was told within the last hour. */
  | {
      readonly kind: 'duty'
      readonly duty: string
      readonly told: boolean
      readonly agent: string | null
      readonly owner: string | null
      /** Null: an action outside the catalogue. */
      readonly action: string | null
      readonly decision: string
    }
  | { readonly kind: 'alert'; readonly rule: string; readonly severity: string }
  | { readonly kind: 'review_overdue'; readonly review: string; readonly overdue: boolean }
  /** Records that monitoring has not got past. */
  | { readonly kind: 'monitoring_lag'; readonly records: number }
  /** Where the trust of all agents stands, scope by scope. */
  | { readonly kind: 'trust_gauges'; readonly scopes: readonly TrustGauges[] }

export type Observer = (observation: Observation) => void

/** What is shown as metrics of one scope, of all agents together; null where there is nothing to show. `all`: every scope together. */
export type TrustGauges = {
  readonly scope: string
  readonly agents: number
  /** Mean, seconds. */
  readonly timeToAutonomy: { readonly L3: number | null; readonly L4: number | null }
  readonly falseDemotionRatio: number | null
  readonly incidentsPerThousand: number | null
  readonly complianceRatio: number | null
  readonly confidence: number | null
  /** Median, seconds. */
  readonly evidenceAge: number | null
  readonly openIncidents: number
}
