import { z } from 'zod'

import { identifier } from '../format/identifier.ts'
import { Layer } from '../model/layer.ts'
import { type Party, TYPE_CHARS_MAX } from '../model/request.ts'
import { ANY_SIGNAL_CLASSES, AnySignalClass } from '../model/signal-classes.ts'
import { EvidenceSource } from '../trust/constants.ts'
import type { Posture } from '../trust/posture.ts'
import { isReservedName, LISTENER_CREDENTIAL } from './actor-name.ts'
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

/** What of a standing is the listener's word for whoever reaches it, so that somebody has to vouch for that. */
const LISTENERS_WORD = ['human_subject_types', 'supported_obligations', 'verified_facts'] as const

/** What is not vouched for cannot be believed: the settings would promise what no caller gets. */
function refuseUnvouchedWord(standing: AnonymousStanding, context: z.RefinementCtx): void {
  if (standing.vouched) return
  for (const member of LISTENERS_WORD)
    if (standing[member].length > 0)
      context.addIssue({
        code: 'custom',
        path: [member],
        message: 'nobody vouches for callers without a credential, so what they say would be believed of anybody',
        params: {
          fix: 'set "vouched: true" beside it, if you answer for every process that can reach the listener, or give this to a credential',
        },
      })
}

const AnonymousMembers = CallerStanding.extend({
  /** True: the owner vouches for whatever reaches the listener, and callers without a credential are `listener:http`, with full accounting. On loopback only. */
  vouched: z.boolean().default(false),
})

/** What the configuration says of callers without a credential. */
export const AnonymousStanding = AnonymousMembers.superRefine(refuseVouchingAgent).superRefine(refuseUnvouchedWord)
export type AnonymousStanding = z.infer<typeof AnonymousMembers>

const RESERVED = {
  message: 'this name stands for one that shows no credential, for gradus itself, or for a kind of name: take another',
}

/** A credential in the configuration: only the SHA-256 of its token is kept. */
export const Credential = CallerStanding.extend({
  id: identifier(TYPE_CHARS_MAX).refine((id) => !isReservedName(id), RESERVED),
  person: identifier(TYPE_CHARS_MAX)
    .refine((person) => !isReservedName(person), RESERVED)
    .optional(),
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

/** Who is calling: a credential's standing, or the listener's. `credential` null: a stranger, for whom nobody vouches and who is charged to no agent. */
export type Caller = CallerStanding & {
  readonly credential: string | null
  /** No credential was shown; the owner of the listener vouches for whatever reaches it, and `credential` is its name. */
  readonly listener?: true
  /** When the credential ends, ms since 1970; what outlives a request is cut then. Absent: it does not end by itself. */
  readonly expires_ms?: number
  /** With `agent` only: the chain that the credential proves. */
  readonly delegation?: Delegation
  /** With `agent` only: what the issuer says of the person for whom it acts, or, where there is none, of the agent. */
  readonly claims?: VerifiedClaims
  /** With `agent` only: what the credential proves about itself and the workload, at this request. */
  readonly posture?: Posture
}

/** Whether a caller shows no credential, whether or not the owner of the listener vouches for it. */
export function isAnonymous({ credential, listener }: Pick<Caller, 'credential' | 'listener'>): boolean {
  return credential === null || listener === true
}

/**
 * The caller that whoever shows no credential is: it may ask for decisions and nothing else. Whatever would make a person, a verifier or a
 * source of evidence of everyone who can reach the port is taken away. `deny`: nobody has to be let in, and whoever is vouches for nothing.
 */
export function anonymousCaller(said: AnonymousStanding | 'deny'): Caller {
  const standing = said === 'deny' ? AnonymousStanding.parse({ roles: [] }) : said
  const { tenant, agent, human_subject_types, supported_obligations, verified_facts, vouched } = standing
  const roles = standing.roles.filter((role) => role === 'enforcement_point' || role === 'agent')
  return {
    tenant,
    roles,
    human_subject_types,
    supported_obligations,
    verified_facts,
    ...(agent === undefined ? {} : { agent }),
    layers: [],
    trusted_composition: false,
    ...(vouched ? { credential: LISTENER_CREDENTIAL, listener: true } : { credential: null }),
  }
}

/** Who asked in a log of decisions that were made elsewhere, where there is no saying who it was: the listener, as if its owner vouched for it. */
export function listenerCaller(said: AnonymousStanding | 'deny'): Caller {
  return anonymousCaller({ ...(said === 'deny' ? AnonymousStanding.parse({}) : said), vouched: true })
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
