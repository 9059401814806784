import type { Caller, Delegation, Role } from '../access/caller.ts'
import { VerifiedClaims } from '../access/verified-claims.ts'
import { looksLikeSpiffeId } from '../access/spiffe-id.ts'
import type { ClientCertificate, CredentialVerdict } from '../access/verify-credential.ts'
import { checkIdentifier } from '../format/identifier.ts'
import type { JsonValue } from '../format/json-value.ts'
import { SECOND_MS } from '../format/time.ts'
import { actorsOf } from './actors.ts'
import { agentOf, credentialName, workloadOf } from './agent-names.ts'
import { isTime, refuseCredential } from './claims.ts'
import { postureOfToken } from './posture.ts'
import type { TokenIssuer } from './settings.ts'
import { claimAt, type JsonObject } from './token-text.ts'

const NAME_CHARS_MAX = 128

/** What the caller depends on besides the token. */
type Circumstances = {
  readonly certificate: ClientCertificate | undefined
  readonly nowMs: number
  /** Whether a name is that of a credential, or of gradus itself, which no person of an issuer may have. */
  readonly isTaken: (name: string) => boolean
}

/** The caller behind a token: an agent, an agent that acts for somebody, a person, or a service. */
export function callerOfToken(claims: JsonObject, issuer: TokenIssuer, circumstances: Circumstances): CredentialVerdict {
  const actors = actorsOf(claims)
  if (actors === undefined) return refuseCredential('The chain of actors in the token cannot be read.')
  const tenant = issuer.tenant_claim === undefined ? issuer.tenant : claimAt(claims, issuer.tenant_claim)
  if (!isName(tenant)) return refuseCredential('The tenant of the token cannot be read.')
  const subject = claimAt(claims, issuer.subject_claim)
  if (typeof subject !== 'string') return refuseCredential('The token does not say whose it is.')
  const { credential_issued_claim: issuedAt } = issuer
  if (issuedAt !== undefined && !isPast(claimAt(claims, issuedAt), circumstances.nowMs, issuer))
    return refuseCredential('The token does not say when the secret behind it was made.')
  if (issuer.subject === 'human' && circumstances.isTaken(subject))
    return refuseCredential('The person of the token has the name of a credential, or of gradus itself.')
  const [actor, ...earlier] = actors
  if (issuer.subject === 'service' && actor !== undefined)
    return refuseCredential('A token of a delegation is not accepted here.')
  if (issuer.subject === 'agent' || actor !== undefined)
    return agentCaller({ claims, issuer, tenant, subject, actor, earlier }, circumstances)
  return ownCaller({ claims, issuer, tenant, subject })
}

type Delegated = {
  readonly claims: JsonObject
  readonly issuer: TokenIssuer
  readonly tenant: string
  readonly subject: string
  /** Who presents the token; undefined if the subject does. */
  readonly actor: string | undefined
  readonly earlier: readonly string[]
}

/** An agent, for itself or for others. It gets no rights from the subject. */
function agentCaller(
  { claims, issuer, tenant, subject, actor, earlier }: Delegated,
  { certificate, nowMs }: Circumstances,
): CredentialVerdict {
  const presenter = actor ?? subject
  const agent = agentOf(presenter, issuer)
  const byHuman = actor !== undefined && issuer.subject === 'human'
  const delegators = earlier.map((name) => ({ name, relation: 'act' as const }))
  const links = [
    ...delegators,
    ...(actor !== undefined && !byHuman ? [{ name: subject, relation: 'on_behalf_of' as const }] : []),
  ].map(({ name, relation }) => ({ id: agentOf(name, issuer), relation }))
  if (agent === undefined || (byHuman && !isPerson(subject))) return refuseCredential(UNKNOWN_SUBJECT)
  const proven: Delegation['links'][number][] = []
  for (const { id, relation } of links) {
    if (id === undefined) return refuseCredential(UNKNOWN_SUBJECT)
    proven.push({ party: { type: 'agent', id }, relation })
  }
  const said = actor === undefined || byHuman ? verifiedClaims(claims, issuer) : {}
  if (said === undefined) return refuseCredential('A claim of the token that policies are told cannot be read.')
  const human = byHuman ? { type: issuer.human_type, id: subject } : null
  const bound = 'cnf' in claims ? certificate : undefined
  const caller: Caller = {
    ...bare(tenant, credentialName(issuer.id, presenter)),
    roles: ['agent'],
    agent,
    supported_obligations: issuer.standing.supported_obligations,
    posture: postureOfToken(claims, issuer, { certificate: bound, byHuman, nowMs }),
    ...(Object.keys(said).length === 0 ? {} : { claims: said }),
    ...(actor === undefined ? {} : { delegation: { human, links: proven } }),
  }
  return { ok: true, caller }
}

/** The claims that policies are told, those that are there; undefined where one is neither text, number, truth value nor a list of texts. */
function verifiedClaims(claims: JsonObject, issuer: TokenIssuer): VerifiedClaims | undefined {
  const there = Object.entries(issuer.claims).flatMap(([name, pointer]) => {
    const value = claimAt(claims, pointer)
    return value === undefined ? [] : [[name, value] as const]
  })
  const read = VerifiedClaims.safeParse(Object.fromEntries(there))
  return read.success ? read.data : undefined
}

/** A person or a service, with the roles of the source and of the token's groups. */
function ownCaller({
  claims,
  issuer,
  tenant,
  subject,
}: Pick<Delegated, 'claims' | 'issuer' | 'tenant' | 'subject'>): CredentialVerdict {
  const known = issuer.spiffe === undefined ? isPerson(subject) : workloadOf(subject, issuer.spiffe) !== undefined
  if (!known) return refuseCredential(UNKNOWN_SUBJECT)
  const groups = issuer.roles_claim === undefined ? [] : namesOf(claimAt(claims, issuer.roles_claim))
  const mapped = groups.flatMap((group) => (Object.hasOwn(issuer.role_map, group) ? (issuer.role_map[group] ?? []) : []))
  const roles: readonly Role[] = [...new Set([...issuer.standing.roles, ...mapped])]
  const person = issuer.subject === 'human' ? { person: subject } : {}
  const credential = credentialName(issuer.id, subject)
  return { ok: true, caller: { ...issuer.standing, tenant, roles: [...roles], ...person, credential } }
}

const UNKNOWN_SUBJECT = 'The token belongs to nobody who is known here.'

/** A caller without any rights. */
export function bare(tenant: string, credential: string): Caller {
  const none = { roles: [], human_subject_types: [], supported_obligations: [], verified_facts: [], layers: [] }
  return { ...none, tenant, trusted_composition: false, credential }
}

/** Whether a claim is a past time in seconds. Milliseconds read as seconds lie in the far future, and would look new forever. */
function isPast(value: JsonValue | undefined, nowMs: number, { clock_skew_seconds: skew }: TokenIssuer): boolean {
  return isTime(value) && value <= nowMs / SECOND_MS + skew
}

function isName(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && checkIdentifier(value, { maxChars: NAME_CHARS_MAX }) === undefined
}

/** Whether a name may be that of a person or service. Only the source of a trust domain may give a SPIFFE ID of it. */
function isPerson(subject: string): boolean {
  return isName(subject) && !looksLikeSpiffeId(subject)
}

function namesOf(value: JsonValue | undefined): readonly string[] {
  const names: readonly JsonValue[] = Array.isArray(value) ? value : value === undefined ? [] : [value]
  return names.filter((name) => typeof name === 'string')
}
