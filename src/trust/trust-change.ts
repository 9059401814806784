import { z } from 'zod'

import { Level } from '../model/level.ts'
import { ScopeKey } from '../model/scope.ts'
import { IncidentClass } from './constants.ts'
import { type AgentTrust, TRUST_ID_CHARS_MAX } from './stored-trust.ts'

const id = z.string().min(1).max(TRUST_ID_CHARS_MAX)

const unit = z.number().min(0).max(1)

const scopeAnd = { scope: ScopeKey }

/** Something a write did beyond adding evidence. */
export const TrustChange = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('demoted'),
      ...scopeAnd,
      from: Level,
      to: Level,
      demotion_score: unit,
      /** A person took it, not the score. */
      by: z.literal('person').optional(),
    })
    .readonly(),
  z.strictObject({ kind: z.literal('promoted'), ...scopeAnd, from: Level, to: Level }).readonly(),
  z.strictObject({ kind: z.literal('restored'), ...scopeAnd, from: Level, to: Level, incident: id }).readonly(),
  z
    .strictObject({
      kind: z.literal('incident_raised'),
      scope: ScopeKey.nullable(),
      incident: id,
      class: IncidentClass,
      cap: unit,
      review: z.boolean(),
    })
    .readonly(),
  z
    .strictObject({ kind: z.literal('incident_reviewed'), scope: ScopeKey.nullable(), incident: id, false_positive: z.boolean() })
    .readonly(),
  z
    .strictObject({
      kind: z.literal('composition_changed'),
      change: z.enum(['major', 'minor']),
      scopes_lowered: z.array(ScopeKey).readonly(),
    })
    .readonly(),
])

export type TrustChange = z.infer<typeof TrustChange>

/** A change with the agent it happened to. */
export type AgentChange = TrustChange & { readonly agent: string }

/** The state after a write, and what the write did. */
export type TrustWrite = { readonly agent: AgentTrust; readonly changes: readonly TrustChange[] }
