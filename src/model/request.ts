import { z } from 'zod'

import { identifier } from '../format/identifier.ts'

/** Longest id of a subject, resource or session, and longest action name, in characters. */
export const ID_CHARS_MAX = 512
/** Longest type name, tenant and credential id, in characters. */
export const TYPE_CHARS_MAX = 128
/** Links a delegation chain may have in a request; more than five is denied by the chain term, more than this is a bad request. */
const CHAIN_LINKS_MAX = 32
/** Servers a request may name on its path. */
const MCP_SERVERS_MAX = 32
/** Most obligations a request may say it supports. */
const SUPPORTED_OBLIGATIONS_MAX = 64

const properties = z.record(z.string(), z.json())

/** What an agent is made of; a change counts against the trust it earned. Absent equals absent. */
export const RequestComposition = z.strictObject({
  model: z.string().min(1).max(ID_CHARS_MAX).optional(),
  prompt: z.string().min(1).max(ID_CHARS_MAX).optional(),
  tool_catalogue: z.string().min(1).max(ID_CHARS_MAX).optional(),
})
export type RequestComposition = z.infer<typeof RequestComposition>

/** One party of a request or chain. */
export const Party = z.strictObject({ type: identifier(TYPE_CHARS_MAX), id: identifier(ID_CHARS_MAX) })
export type Party = z.infer<typeof Party>

/** Who acts. `properties.composition` says what an agent is made of. */
export const Subject = z.strictObject({
  type: identifier(TYPE_CHARS_MAX),
  id: identifier(ID_CHARS_MAX),
  properties: z.looseObject({ composition: RequestComposition.optional() }).pipe(properties).optional(),
})

/** What is to be done. `properties.arguments` holds the tool's full arguments. */
export const Action = z.strictObject({ name: identifier(ID_CHARS_MAX), properties: properties.optional() })

/** What it is done to. */
export const Resource = z.strictObject({
  type: identifier(TYPE_CHARS_MAX),
  id: identifier(ID_CHARS_MAX),
  properties: properties.optional(),
})

/** Under what circumstances. The named members are ours; anything else is the caller's and reaches the policy. */
export const Context = z
  .looseObject({
    session: z.string().max(ID_CHARS_MAX).optional(),
    purpose: z.string().max(4_000).optional(),
    environment: z.string().max(TYPE_CHARS_MAX).optional(),
    jurisdiction: z.string().max(TYPE_CHARS_MAX).optional(),
    on_behalf_of: Party.optional(),
    chain: z.array(Party).max(CHAIN_LINKS_MAX).optional(),
    /** Servers that the call goes through, besides the one that the catalogue names for the tool; they can only lower. */
    mcp_servers: z.array(z.string().min(1).max(TYPE_CHARS_MAX)).max(MCP_SERVERS_MAX).optional(),
    /** The approval that this retry redeems: the id of the decision that asked for it. Not part of the request's digest. */
    approval: z.string().min(1).max(64).optional(),
    supported_obligations: z.array(z.string().max(TYPE_CHARS_MAX)).max(SUPPORTED_OBLIGATIONS_MAX).optional(),
  })
  .pipe(properties)

/** One authorization request, in AuthZEN's shape. The tenant is not in it: it comes from the credential or the listener. */
export const Request = z.strictObject({ subject: Subject, action: Action, resource: Resource, context: Context.optional() })
export type Request = z.infer<typeof Request>

/** What an agent says it is made of; undefined where it says nothing. */
export function compositionOf(request: Request): RequestComposition | undefined {
  return request.subject.properties?.['composition'] as RequestComposition | undefined
}

/** The type of a team in `context.on_behalf_of`: neither an agent, which could be trusted, nor a person. */
export const TEAM_TYPE = 'team'

/** How another party came into the chain of a request. */
export const CHAIN_RELATIONS = ['on_behalf_of', 'act', 'chain'] as const

export type ChainRelation = (typeof CHAIN_RELATIONS)[number]

/** What is wrong with a chain as a whole; each denies. */
export const CHAIN_PROBLEMS = ['cycle', 'too_deep', 'unreadable', 'unknown_team', 'several_people'] as const

export type ChainProblem = (typeof CHAIN_PROBLEMS)[number]

/** Which protocol asked; a metric label and part of the record. */
export type Protocol = 'native' | 'opa' | 'authzen' | 'cli' | 'opa-log'
