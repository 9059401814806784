import { z } from 'zod'

import { templateProblem } from '../access/agent-template.ts'
import { CallerStanding, Role } from '../access/caller.ts'
import { byClaimName } from '../access/verified-claims.ts'
import { SPIFFE_ID_BYTES_MAX, TRUST_DOMAIN, TRUST_DOMAIN_BYTES_MAX } from '../access/spiffe-id.ts'
import { sourceConflicts } from '../access/source-conflicts.ts'
import { identifier } from '../format/identifier.ts'
import { overLimit } from '../format/limit.ts'
import { isLoopbackUrl } from '../format/loopback.ts'
import { TYPE_CHARS_MAX } from '../model/request.ts'

/**
 * Signature algorithms that can be accepted. Asymmetric only: with a shared secret, whoever checks tokens could also issue them.
 */
export const TOKEN_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const
export const TokenAlgorithm = z.enum(TOKEN_ALGORITHMS)
export type TokenAlgorithm = z.infer<typeof TokenAlgorithm>

/** Most entries in the agent table of one issuer. */
const AGENTS_MAX = 10_000
const AGENT_CHARS_MAX = 512

/** The place of a value in the claims. */
const claim = z
  .string()
  .max(AGENT_CHARS_MAX)
  .regex(/^(\/[^/]+)+$/u, 'a JSON Pointer into the claims, such as /groups')

/** The name of an identity source; in records it stands in front of the subject's name. */
const sourceId = z.string().regex(/^[A-Za-z0-9_.-]{1,32}$/u, 'letters, digits, dots, dashes and underscores, at most 32')

/** The workloads of one SPIFFE trust domain, and how they map to agents. Without `paths` the SPIFFE ID is the agent's name. */
const Workloads = z.strictObject({
  trust_domain: z
    .string()
    .max(TRUST_DOMAIN_BYTES_MAX)
    .regex(TRUST_DOMAIN, 'lower-case letters, digits, dots, dashes, underscores'),
  paths: z
    .array(
      z
        .strictObject({ path: z.string().max(SPIFFE_ID_BYTES_MAX), agent: z.string().min(1).max(AGENT_CHARS_MAX) })
        .superRefine((template, context) => {
          const problem = templateProblem(template)
          if (problem !== undefined) context.addIssue({ code: 'custom', path: ['path'], message: problem })
        }),
    )
    .max(256)
    .default([]),
})
export type Workloads = z.infer<typeof Workloads>

/**
 * The rights of whoever presents such a token or certificate. For an agent only the `pep` duties that it fulfils are set here.
 */
const IssuedStanding = CallerStanding.omit({ tenant: true, agent: true, person: true }).extend({
  roles: z.array(Role).default([]),
})

/** Settings that all identity sources have. */
const SOURCE = {
  id: sourceId,
  tenant: identifier(TYPE_CHARS_MAX).default('default'),
  /** True: this source vouches only for workloads that were attested. */
  attested: z.boolean().default(false),
  /** True: the trust of an agent is bounded unless its workload is known to be attested. */
  attestation_required: z.boolean().default(false),
  standing: IssuedStanding.prefault({}),
}

/** An issuer of bearer tokens (JWT): how its tokens are checked, and how their claims are read. */
export const TokenIssuer = z
  .strictObject({
    ...SOURCE,
    /** `iss`, compared exactly. Only SPIFFE tokens may lack it. */
    issuer: z.string().min(1).max(2_048).optional(),
    /** `aud` must name at least one of these. No two sources may share issuer and audience. */
    audiences: z.array(z.string().min(1).max(2_048)).min(1).max(16),
    jwks_url: z.url().max(2_048).optional(),
    jwks_file: z.string().min(1).max(4_096).optional(),
    jwks_refresh_seconds: z.int().min(10).max(86_400).default(600),
    /** Shortest time between two fetches that unknown key ids cause. */
    jwks_cooldown_seconds: z.int().min(1).max(3_600).default(30),
    /** How long keys are used while fetching them again fails. */
    jwks_stale_seconds_max: z.int().min(10).max(604_800).default(86_400),
    algorithms: z.array(TokenAlgorithm).min(1).default(['RS256', 'ES256']),
    /** Accepted `typ` values, case-insensitive; a token without `typ` counts as `JWT`. */
    types: z.array(z.string().min(1).max(64)).min(1).max(8).default(['JWT', 'at+jwt']),
    clock_skew_seconds: z.int().min(0).max(300).default(30),
    /** Longest time from `iat` to `exp`. */
    lifetime_seconds_max: z.int().min(1).max(31_622_400).default(86_400),
    /** What `sub` is: an agent, a person, or a service such as an enforcement point. `act` turns the first two into an agent that acts for them. */
    subject: z.enum(['agent', 'human', 'service']),
    /** The claim with the name of the subject. */
    subject_claim: claim.default('/sub'),
    /** The type of a person in decisions. */
    human_type: identifier(TYPE_CHARS_MAX).default('user'),
    /** Maps names in `sub` to agents; a name that is missing is refused. Without a table the name itself is the agent. */
    agents: z.record(z.string().max(AGENT_CHARS_MAX), identifier(AGENT_CHARS_MAX)).optional(),
    spiffe: Workloads.optional(),
    /** The claim with the tenant, instead of `tenant`. */
    tenant_claim: claim.optional(),
    /** The claim with group names (a text or a list). `role_map` maps them to roles, added to `standing.roles`. */
    roles_claim: claim.optional(),
    role_map: z.record(z.string().max(AGENT_CHARS_MAX), z.array(Role).max(16)).default({}),
    /** Claims that policies are told, by the names that they have there (`subject.properties.verified`); nothing else of a token reaches a policy. */
    claims: byClaimName(claim).default({}),
    /** What proves that the delegating human signed in with more than one factor. */
    mfa: z
      .strictObject({
        amr: z.array(z.string().min(1).max(64)).max(32).default(['mfa']),
        acr: z.array(z.string().min(1).max(512)).max(32).default([]),
        /** True: a token without `amr` and `acr` counts as single-factor. */
        required: z.boolean().default(false),
        /** A sign-in (`auth_time`) older than this no longer counts. */
        age_seconds_max: z.int().min(60).optional(),
      })
      .prefault({}),
    /** The claim (true or false) that says whether the workload was attested. */
    attested_claim: claim.optional(),
    /** The claim (seconds) with the time the underlying secret was made. Default: the token's `iat`. */
    credential_issued_claim: claim.optional(),
  })
  .superRefine((issuer, context) => {
    for (const { path, message } of issuerProblems(issuer)) context.addIssue({ code: 'custom', path: [path], message })
  })
export type TokenIssuer = z.infer<typeof TokenIssuer>

/** The callers behind client certificates (X.509-SVID) that `http.tls.client_ca` verified. */
export const CertificateSource = z
  .strictObject({ ...SOURCE, spiffe: Workloads, subject: z.enum(['agent', 'service']) })
  .superRefine((source, context) => {
    for (const { path, message } of standingProblems(source, false)) context.addIssue({ code: 'custom', path: [path], message })
  })
export type CertificateSource = z.infer<typeof CertificateSource>

/** The sources of tokens and certificates that are accepted besides `credentials`. */
export const IdentitySources = z
  .strictObject({
    issuers: z.array(TokenIssuer).max(64).default([]),
    certificates: CertificateSource.optional(),
    /** True: sources that name people of one tenant mean the same people by the same names. */
    people_shared: z.boolean().default(false),
  })
  .superRefine((sources, context) => {
    for (const message of sourceConflicts(sources)) context.addIssue({ code: 'custom', path: ['issuers'], message })
  })
export type IdentitySources = z.infer<typeof IdentitySources>

type Check = readonly [isWrong: boolean, path: string, message: string]
type Problem = { readonly path: string; readonly message: string }
function issuerProblems(issuer: z.infer<typeof TokenIssuer>): readonly Problem[] {
  const { jwks_url: url, jwks_file: file, spiffe, subject } = issuer
  const agents = Object.keys(issuer.agents ?? {}).length
  const checks: readonly Check[] = [
    [(url === undefined) === (file === undefined), 'jwks_url', 'name the keys either by jwks_url or by jwks_file'],
    [
      url !== undefined && !isFetchable(url),
      'jwks_url',
      'keys are fetched by https, or by http on this machine, without a password or a fragment in the URL',
    ],
    [
      issuer.issuer === undefined && spiffe === undefined,
      'issuer',
      'only tokens of SPIFFE may have no issuer: say which one it is',
    ],
    [spiffe !== undefined && subject === 'human', 'spiffe', 'a workload is no person: take subject agent or service'],
    [
      spiffe !== undefined && issuer.algorithms.some((name) => name.startsWith('Ed')),
      'algorithms',
      'JWT-SVIDs are signed by RS, PS or ES algorithms only',
    ],
    [spiffe !== undefined && issuer.agents !== undefined, 'agents', 'workloads become agents by spiffe.paths: remove the table'],
    [spiffe !== undefined && issuer.subject_claim !== '/sub', 'subject_claim', 'the SPIFFE ID is in /sub'],
    [subject === 'service' && issuer.agents !== undefined, 'agents', 'a service is no agent: remove the table'],
    [agents > AGENTS_MAX, 'agents', overLimit('it has', 'identity.agents_max', { max: AGENTS_MAX, came: agents })],
    ...claimChecks(issuer),
  ]
  const own = checks.flatMap(([isWrong, path, message]) => (isWrong ? [{ path, message }] : []))
  return [...own, ...standingProblems(issuer, issuer.roles_claim !== undefined)]
}

/** What the claims of a token may be taken for. */
function claimChecks({ subject, ...issuer }: z.infer<typeof TokenIssuer>): readonly Check[] {
  return [
    [
      subject === 'service' && Object.keys(issuer.claims).length > 0,
      'claims',
      'no policy is told claims of a service: remove them',
    ],
    [
      (issuer.roles_claim === undefined) !== (Object.keys(issuer.role_map).length === 0),
      'role_map',
      'roles_claim and role_map go together',
    ],
    [
      Object.values(issuer.role_map).some((roles) => roles.includes('agent')),
      'role_map',
      'the role "agent" comes from subject: agent, or from `act`, and from nowhere else',
    ],
    [subject === 'agent' && issuer.roles_claim !== undefined, 'roles_claim', 'an agent has the role "agent" and no other'],
  ]
}

/** What `standing` may say: an agent gets no rights from it, a person cannot vouch for others, a service needs a role. */
function standingProblems(
  { subject, standing }: { readonly subject: TokenIssuer['subject']; readonly standing: z.infer<typeof IssuedStanding> },
  hasRolesClaim: boolean,
): readonly Problem[] {
  const refuse = (message: string): readonly Problem[] => [{ path: 'standing', message }]
  const { roles, human_subject_types, trusted_composition, trusted_chain } = standing
  if (roles.includes('agent')) return refuse('the role "agent" comes from subject: agent: remove it')
  const vouches = human_subject_types.length > 0 || trusted_composition || trusted_chain === true
  if (subject !== 'service' && vouches) return refuse('only a service vouches for humans, compositions and chains')
  if (subject !== 'agent')
    return roles.length > 0 || hasRolesClaim ? [] : refuse('without a role it may do nothing: give it roles')
  const said = Object.entries(standing).filter(([, value]) => value !== undefined && value !== false && !isEmpty(value))
  const much = said.map(([name]) => name).filter((name) => name !== 'supported_obligations')
  return much.length === 0 ? [] : refuse(`an agent asks for itself, and reports and asserts nothing: remove ${much.join(', ')}`)
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

/** Whether keys may be fetched from this URL: HTTPS or loopback, so that nobody in between can change them. */
function isFetchable(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackUrl(url))
}
