import { z } from 'zod'

import { Effect } from './effect.ts'

/** Effects of one record at most: what is over it is refused before anything is applied, and no reader takes more. */
export const EFFECTS_MAX = 5_000

/** Version of the record format. */
export const RECORD_VERSION = 1

/**
 * What a decision means. Raised when the same facts under the same policy set may be answered otherwise than before, with a line in
 * CHANGELOG; what was decided under another number can be read and verified, but not decided again.
 */
export const SEMANTICS = 2

/** What a record is about. */
export const RECORD_KINDS = [
  'decision',
  'outcome',
  'signal',
  'incident',
  'review',
  'promotion',
  'operator',
  'policy_set',
  'budget',
  'approval',
  'alert',
  'permission_request',
] as const
export const RecordKind = z.enum(RECORD_KINDS)
export type RecordKind = z.infer<typeof RecordKind>

/**
 * One entry of the audit log. The header answers the questions of an incident review (who, what, when); `body` holds everything
 * the record is about; `effects` is what it did to the state. `/body` members named in `SENSITIVE_POINTERS` are sealed: the leaf
 * holds their salted digest, the values stand beside it and can be masked or erased.
 */
export const AuditRecord = z.strictObject({
  v: z.literal(RECORD_VERSION),
  /** The `SEMANTICS` of the program that wrote it; absent: 1. */
  semantics: z.int().min(1).optional(),
  kind: RecordKind,
  id: z.string().min(1).max(64),
  tenant: z.string().min(1).max(128),
  /** ISO 8601 with milliseconds and zone, never before the record in front of it. */
  at: z.iso.datetime(),
  agent: z.string().max(512).nullable(),
  user: z.string().max(512).nullable(),
  action: z.string().max(512).nullable(),
  outcome: z.string().max(64).nullable(),
  /** The decision this record is or is about. */
  decision_id: z.string().max(64).nullable(),
  /** Who wrote it, by kind: `person:…`, `credential:…` or `gradus:…`; in records from before kinds were written, the name alone. */
  actor: z.string().max(160),
  body: z.record(z.string(), z.json()),
  effects: z.array(Effect).max(EFFECTS_MAX),
})
export type AuditRecord = z.infer<typeof AuditRecord>

/** Under which `SEMANTICS` a record was made. */
export function semanticsOf({ semantics = 1 }: Pick<AuditRecord, 'semantics'>): number {
  return semantics
}

/** Members of a record whose values are personal or secret; each is sealed on its own. */
export const SENSITIVE_POINTERS: Readonly<Record<RecordKind, readonly string[]>> = {
  decision: [
    '/body/request/subject/properties',
    '/body/request/action/properties',
    '/body/request/resource/properties',
    '/body/request/context',
    '/body/base_input',
    '/body/goal',
    '/body/facts/caller/claims',
    '/body/extra/measured',
    '/body/extra/network',
    '/body/masked',
  ],
  outcome: ['/body/detail', '/body/result', '/body/agent_data_sources'],
  signal: ['/body/detail', '/body/signal'],
  incident: ['/body/detail'],
  review: ['/body/note'],
  promotion: ['/body/note'],
  operator: ['/body/detail'],
  policy_set: [],
  budget: [],
  approval: ['/body/reason'],
  alert: [],
  permission_request: ['/body/detail'],
}
