import { z } from 'zod'

import { Approval, ApprovalInbox, Canary, Override, RaterRecord } from './approval.ts'
import { AgentBounds, SessionBounds, ToolPlaces } from './bounds.ts'
import { DetectSettings } from './detect-settings.ts'
import { AgentDetectState, ScopeDetectState } from './detect-state.ts'
import { Containment } from './effect.ts'
import { Layer, ScopeKey } from './scope.ts'
import { Advice, ADVICE_MAX, Filings, Owners, Tally } from './tally.ts'
import { AgentTrust } from './trust-state.ts'

/** Actions and recipient domains remembered per agent, at most. Beyond it, the oldest go. */
export const REMEMBERED_NAMES_MAX = 512
/** Length of the buckets of the last hour and of the last day, ms. Windows slide by whole buckets, so a window is never shorter than it says. */
export const BUCKET_MS = { hour: 60_000, day: 3_600_000 } as const
/** The windows that are kept, ms. */
export const WINDOW_MS = { hour: 3_600_000, day: 86_400_000 } as const

const count = z.int().nonnegative()

/** What was let run of one tool in one bucket of time, and for how much money. */
export const ActivityBucket = z.strictObject({ start_ms: z.int(), count, amount: z.number().nonnegative() })
export type ActivityBucket = z.infer<typeof ActivityBucket>

/** A decision that was let run and is not verified yet. */
export const Outstanding = z.strictObject({
  decision_id: z.string(),
  scope: ScopeKey,
  tool: z.string(),
  verify_by_ms: z.int(),
  /** It has to be verified by then; otherwise that is a miss. */
  due: z.literal(true).optional(),
})
export type Outstanding = z.infer<typeof Outstanding>

/** By minute for the last hour, by hour for the last day: small however busy its agent is. */
export const ActivityBuckets = z.strictObject({ hour: z.array(ActivityBucket), day: z.array(ActivityBucket) })
export type ActivityBuckets = z.infer<typeof ActivityBuckets>

/** What an agent did lately: budgets and the counters risk rules read. */
export const Activity = z.strictObject({
  /** By scope and tool; the empty tool stands for everything outside the catalogue. Sums over them give every reach of a budget. */
  scopes: z.record(ScopeKey, z.record(z.string(), ActivityBuckets)),
  /** Requests of the last hour, and refused ones, by minute. */
  requests: z.array(z.strictObject({ start_ms: z.int(), count, denied: count })),
  outstanding: z.array(Outstanding),
  actions: z.array(z.string()),
  domains: z.array(z.string()),
})
export type Activity = z.infer<typeof Activity>

/** What was already counted about one decision: at most one positive unit per layer, negatives by the worst, severity by the gravest. */
export const Verdicts = z.strictObject({
  layers: z.partialRecord(
    Layer,
    z.strictObject({
      positive: z.number(),
      /** When the positive was, so that exactly it can be taken back; null where there is none. */
      positive_ms: z.int().nullable(),
      negative: z.number(),
      /** Gravest severity told of; the ladder was charged with it, once. */
      kappa: z.number(),
      factual: z.boolean(),
      /** The ladder counted the success, once. */
      counted: z.boolean(),
      /** The heaviest word that it was a success, by whom, and the heaviest of anybody else: what is beyond it rests on one rater alone. */
      best: z.strictObject({ by: z.string(), rater: z.boolean(), weight: z.number() }).optional(),
      second: z.number().optional(),
    }),
  ),
  /** Sources that spoke, as `layer|source|class`, for idempotency. */
  heard: z.array(z.string()),
  self_flagged: z.boolean(),
  /** It was seeded to see whether raters look: no verdict on it is evidence. */
  canary: Canary.optional(),
  /** What judging agents said of it, for people who decide; oldest first. */
  advice: z.array(Advice).max(ADVICE_MAX).optional(),
})
export type Verdicts = z.infer<typeof Verdicts>

/** What a source said under one id: the digest of what it said, when, and the record it is in. */
export const Received = z.strictObject({ digest: z.string().length(64), at_ms: z.int().nonnegative(), record_id: z.string() })
export type Received = z.infer<typeof Received>

/** What is contained in a tenant, and where a person has taken over. */
export const TenantState = z.strictObject({ containments: z.array(Containment), overrides: z.array(Override).default([]) })
export type TenantState = z.infer<typeof TenantState>

/**
 * The kinds of state documents and their types. `rehearsal` is the activity that observe mode would have let run; `approval` goes by
 * the digest of its request, `inbox` and `tenant` by the empty id, `rater` by the person, `tally` by what it tallies, `filings` by the agent, `bounds` by the agent, `session` by agent and session, `received` by source and id; `tools` and `detectors` are
 * one for all tenants; `watch` goes by the agent, `watch_scope` by agent and scope.
 */
export const DOCUMENTS = {
  agent: AgentTrust,
  activity: Activity,
  rehearsal: Activity,
  tenant: TenantState,
  bounds: AgentBounds,
  tools: ToolPlaces,
  detectors: z.strictObject({ settings: DetectSettings.nullable() }),
  watch: AgentDetectState,
  watch_scope: ScopeDetectState,
  session: SessionBounds,
  received: Received,
  inbox: ApprovalInbox,
  verdicts: Verdicts,
  approval: Approval,
  rater: RaterRecord,
  tally: Tally,
  filings: Filings,
  owners: Owners,
} as const
export type Documents = { [K in keyof typeof DOCUMENTS]: z.infer<(typeof DOCUMENTS)[K]> }
export type DocumentKind = keyof Documents
export const DOCUMENT_KINDS = Object.keys(DOCUMENTS) as readonly DocumentKind[]

/** Kinds of which there are as many as decisions, or people: engines read them when asked for; the others are kept in memory. */
export const PASSING_KINDS: readonly DocumentKind[] = ['verdicts', 'approval', 'rater', 'session', 'received', 'tally', 'filings']

/** Which document: tenant, kind, and the agent's or decision's id (the tenant's own document has the empty id). */
export type DocumentKey<K extends DocumentKind = DocumentKind> = {
  readonly kind: K
  readonly tenant: string
  readonly id: string
}

/** One flat name for a document key; unambiguous, because each part is percent-encoded. */
export function documentName(key: DocumentKey): string {
  return `${key.kind}/${encodeURIComponent(key.tenant)}/${encodeURIComponent(key.id)}`
}
