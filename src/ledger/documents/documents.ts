import { z } from 'zod'

import { DetectSettings } from '../../detect/settings.ts'
import { AgentDetectState, ScopeDetectState } from '../../detect/state.ts'
import { AgentBounds, SessionBounds, ToolPlaces } from '../../trust/bounds.ts'
import { RaterRecord } from '../../trust/raters.ts'
import { AgentTrust } from '../../trust/stored-trust.ts'
import { Activity } from './activity.ts'
import { Approval, ApprovalInbox, Override } from './approval.ts'
import { Containment } from './containment.ts'
import { Pauses } from './pause.ts'
import { PermissionAsks, PermissionRequests } from './permission-request.ts'
import { SpotChecks } from './spot-check.ts'
import { Filings, Owners, Tally } from './tally.ts'
import { Verdicts } from './verdicts.ts'

/** What a source said under one id: the digest of what it said, when, and the record it is in. */
export const Received = z.strictObject({ digest: z.string().length(64), at_ms: z.int().nonnegative(), record_id: z.string() })
export type Received = z.infer<typeof Received>

/** What is contained in a tenant, and where a person has taken over. */
export const TenantState = z.strictObject({ containments: z.array(Containment), overrides: z.array(Override).default([]) })
export type TenantState = z.infer<typeof TenantState>

/**
 * The kinds of state documents and their types. `rehearsal` is the activity that observe mode would have let run; `approval` goes by
 * the digest of its request, `inbox`, `tenant`, `spot_checks` and `permission_requests` by the empty id, `permission_asks` by the account, `rater` by the person, `tally` by what it tallies, `filings` by the agent, `bounds` by the agent, `pauses` by the agent or the empty id, `session` by agent and session, `received` by source and id; `tools` and `detectors` are
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
  spot_checks: SpotChecks,
  pauses: Pauses,
  permission_requests: PermissionRequests,
  permission_asks: PermissionAsks,
} as const
export type Documents = { [K in keyof typeof DOCUMENTS]: z.infer<(typeof DOCUMENTS)[K]> }
export type DocumentKind = keyof Documents
export const DOCUMENT_KINDS = Object.keys(DOCUMENTS) as readonly DocumentKind[]

/** Kinds of which there are as many as decisions, or people: engines read them when asked for; the others are kept in memory. */
export const PASSING_KINDS: readonly DocumentKind[] = [
  'verdicts',
  'approval',
  'rater',
  'session',
  'received',
  'tally',
  'filings',
  'pauses',
]

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
