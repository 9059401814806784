import { z } from 'zod'

import { identifier } from './identifier.ts'
import { TYPE_CHARS_MAX } from './request.ts'
import { Layer } from './scope.ts'
import { EvidenceSource } from './trust-constants.ts'

/** What a credential may do (docs/architecture.md, "Who may call what"). */
export const ROLES = [
  'enforcement_point',
  'signal_source',
  'verifier',
  'operator',
  'approver',
  'auditor',
  'administrator',
  'agent',
] as const
export const Role = z.enum(ROLES)
export type Role = z.infer<typeof Role>

const names = z.array(z.string().min(1).max(TYPE_CHARS_MAX)).max(256).default([])

/** What a credential, or the listener for those without one, vouches for. Nothing here can come from a request. */
export const Standing = z.strictObject({
  tenant: identifier(TYPE_CHARS_MAX).default('default'),
  roles: z.array(Role).default(['enforcement_point']),
  /** The agent this credential belongs to; it can then decide for this agent only and write nothing about itself. */
  agent: identifier(512).optional(),
  /** The named person this credential belongs to. */
  person: identifier(TYPE_CHARS_MAX).optional(),
  /** Subject types whose assertion by this caller proves a human. */
  human_subject_types: names,
  /** `pep` obligations that this enforcement point fulfils; a request can only narrow it. */
  supported_obligations: names,
  /** Facts this caller may assert in `context.facts`. */
  verified_facts: names,
  /** True: the composition this caller reports changes stored trust; otherwise it can only lower the one decision. */
  trusted_composition: z.boolean().default(false),
  /** Where this credential's judgements come from; decides their weight. Absent: it may not report outcomes. */
  verifier: EvidenceSource.optional(),
  /** Layers this credential may send signals in. */
  layers: z.array(Layer).max(4).default([]),
})
export type Standing = z.infer<typeof Standing>

/** A credential in the configuration: only the SHA-256 of its token is kept. */
export const Credential = Standing.extend({
  id: identifier(TYPE_CHARS_MAX),
  token_sha256: z.string().regex(/^[0-9a-f]{64}$/u, 'lower-case hexadecimal SHA-256 of the token'),
})
export type Credential = z.infer<typeof Credential>

/** Who is calling: a credential's standing, or the listener's for an anonymous caller (`credential` null). */
export type Caller = Standing & { readonly credential: string | null }
