import { z } from 'zod'

import { identifier } from '../format/identifier.ts'
import { Layer } from '../model/layer.ts'
import { type Party, TYPE_CHARS_MAX } from '../model/request.ts'
import { ANY_SIGNAL_CLASSES, AnySignalClass } from '../model/signal-classes.ts'
import { EvidenceSource } from '../trust/constants.ts'
import type { Posture } from '../trust/posture.ts'
import type { VerifiedClaims } from './verified-claims.ts'

/** What a credential may do (docs/architecture.md, "Who may call what"). */
export const ROLES = [
  'enforcement_point',
  'log_uploader',
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
export const CallerStanding = z.strictObject({
  tenant: identifier(TYPE_CHARS_MAX).default('default'),
  roles: z.array(Role).default(['enforcement_point']),
  /** The agent this credential belongs to, with the role `agent`: it decides for this agent only, reads its trust and why it was decided so, and may do nothing else. */
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
  /** True: the chains this caller passes on are proven, so every link is charged and bears its part; otherwise they only lower the one decision. */
  trusted_chain: z.boolean().optional(),
  /** Scopes this approver decides for: a scope, a whole tool category, or `*`; all of them where absent. */
  approver_scopes: z.array(z.string().min(1).max(TYPE_CHARS_MAX)).max(256).optional(),
  /** Where this credential's judgements come from; decides their weight. Absent: it may not report outcomes. */
  verifier: EvidenceSource.optional(),
  /** The agent whose verdicts this credential passes on, with the verifier `llm_judge`; they never weigh more than that agent's own trust carries. */
  judge: identifier(512).optional(),
  /** Layers this credential may send signals in. */
  layers: z.array(Layer).max(4).default([]),
  /** Agents this credential may send signals about, `*` standing for anything; all of them where absent. */
  signal_agents: z.array(z.string().min(1).max(512)).max(1_024).optional(),
  /** Classes of signals it may send; all of them where absent. */
  signal_classes: z.array(AnySignalClass).max(ANY_SIGNAL_CLASSES.length).optional(),
})
export type CallerStanding = z.infer<typeof CallerStanding>

/** What in a configuration only an enforcement point may vouch for. */
const VOUCHES = ['human_subject_types', 'trusted_composition', 'trusted_chain'] as const

/** An agent's own credential names its agent, has the role `agent`, and vouches for nobody. */
function refuseVouchingAgent(standing: CallerStanding, context: z.RefinementCtx): void {
  const issue = (member: keyof CallerStanding, message: string): void =>
    context.addIssue({ code: 'custom', path: [member], message })
  const hasRole = standing.roles.includes('agent')
  if (!hasRole && standing.agent === undefined) return
  if (standing.agent === undefined) issue('agent', 'who has the role "agent" is one agent: name the agent, or take the role away')
  if (!hasRole) issue('roles', 'who belongs to an agent has the role "agent": add it, or remove "agent"')
  for (const member of VOUCHES) {
    const vouched = standing[member]
    if (vouched === true || (Array.isArray(vouched) && vouched.length > 0))
      issue(member, 'an agent vouches for nobody: remove it, or give it to the credential of an enforcement point')
  }
}

/** The standing of the listener in the configuration. */
export const ListenerStanding = CallerStanding.superRefine(refuseVouchingAgent)

/** Names under which those are written who have no credential. */
const OUR_NAMES: readonly string[] = ['anonymous', 'system', 'command-line']

/** A credential in the configuration: only the SHA-256 of its token is kept. */
export const Credential = CallerStanding.extend({
  id: identifier(TYPE_CHARS_MAX).refine((id) => !OUR_NAMES.includes(id), {
    message: 'this name stands for one that shows no credential, or for gradus itself: take another',
  }),
  token_sha256: z.string().regex(/^[0-9a-f]{64}$/u, 'lower-case hexadecimal SHA-256 of the token'),
  /** The day on which the token was made, for an agent's own credential: an old one bounds the agent's trust. */
  issued_on: z.iso.date().optional(),
}).superRefine(refuseVouchingAgent)
export type Credential = z.infer<typeof Credential>

/**
 * On whose behalf a caller's own agent acts, as its credential proves (RFC 8693 `act`): the human, if one began it, and the other
 * agents of the chain, the most recent first. A body can add links to it, and take none away.
 */
export type Delegation = {
  readonly human: Party | null
  readonly links: readonly { readonly party: Party; readonly relation: 'act' | 'chain' | 'on_behalf_of' }[]
}

/** Who is calling: a credential's standing, or the listener's for an anonymous caller (`credential` null). */
export type Caller = CallerStanding & {
  readonly credential: string | null
  /** When the credential ends, ms since 1970; what outlives a request is cut then. Absent: it does not end by itself. */
  readonly expires_ms?: number
  /** With `agent` only: the chain that the credential proves. */
  readonly delegation?: Delegation
  /** With `agent` only: what the issuer says of the person for whom it acts, or, where there is none, of the agent. */
  readonly claims?: VerifiedClaims
  /** With `agent` only: what the credential proves about itself and the workload, at this request. */
  readonly posture?: Posture
}

/** Who the service itself is, in records that nobody asked for. */
export function systemCaller(tenant: string): Caller {
  return {
    tenant,
    credential: 'system',
    roles: ['operator', 'administrator'],
    human_subject_types: [],
    supported_obligations: [],
    verified_facts: [],
    trusted_composition: false,
    layers: [],
  }
}
