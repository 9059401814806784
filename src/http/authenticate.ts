import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'

import type { Caller, CallerStanding, Credential } from '../access/caller.ts'
import type { ClientCertificate, CredentialVerdict, VerifyCertificate, VerifyToken } from '../access/verify-credential.ts'
import { ServiceError } from '../format/error.ts'
import { type Parsed, refuseRequest } from './exchange.ts'

/** Longest `Authorization` value that is looked at, in characters. */
const AUTHORIZATION_CHARS_MAX = 8_192
/** Three parts; anything else is only looked up. */
const JWT = /^[^.]+\.[^.]+\.[^.]+$/u
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/iu

/**
 * Says who is calling. `lenient`: a header that is not Bearer counts as none (AuthZEN's runners send raw keys). `open`: the
 * endpoint needs nobody, so a caller whom nobody vouches for may use it.
 */
export type Authenticate = (
  request: IncomingMessage,
  options: { readonly lenient: boolean; readonly open: boolean },
) => Parsed<Caller> | Promise<Parsed<Caller>>

/** The caller whom a token belongs to. */
export type FindCaller = (token: string) => Caller | undefined

/**
 * Looks tokens up by SHA-256, blinded with a key of this process, so that the time a lookup takes says nothing about a stored
 * digest. Throws `bad_config` when two credentials share a token.
 */
export function createFindCaller(credentials: readonly Credential[]): FindCaller {
  const key = randomBytes(32)
  const blind = (tokenSha256: string): string => createHmac('sha256', key).update(tokenSha256).digest('base64')
  const callers = new Map<string, Caller>()
  for (const { id, token_sha256, issued_on, ...standing } of credentials) {
    const place = blind(token_sha256)
    const other = callers.get(place)
    if (other !== undefined) {
      throw new ServiceError('bad_config', `The credentials ${String(other.credential)} and ${id} have the same token.`, {
        fix: 'Give each its own token.',
      })
    }
    callers.set(place, { ...standing, credential: id, ...postureOf(standing, issued_on) })
  }
  return (token) => callers.get(blind(createHash('sha256').update(token).digest('hex')))
}

/** What a configured credential of an agent says of its age; the age of another's says nothing about agents. */
function postureOf({ agent }: CallerStanding, issuedOn: string | undefined): Pick<Caller, 'posture'> {
  return agent === undefined || issuedOn === undefined ? {} : { posture: { credential_issued_ms: Date.parse(issuedOn) } }
}

/** How callers are told apart besides configured credentials, and what holds where none is shown. */
export type AuthenticateOptions = {
  /** False: whoever shows no credential is refused. */
  readonly admitted: boolean
  readonly verifyToken?: VerifyToken
  readonly verifyCertificate?: VerifyCertificate
}

/**
 * Reads who is calling off a request. A configured token is looked up first; another that has the form of a JWT is verified where
 * there are issuers. Without a token a client certificate says who calls, where they are accepted.
 */
export function createAuthenticate(
  credentials: readonly Credential[],
  anonymous: Caller,
  { admitted, verifyToken, verifyCertificate }: AuthenticateOptions,
): Authenticate {
  const find = createFindCaller(credentials)
  return (request, { lenient, open }) => {
    const certificate = clientCertificateOf(request)
    if (certificate?.verified === false) return unauthenticated('The client certificate is not valid here.', FIX_CERTIFICATE)
    const header = request.headers.authorization
    const bearer = header === undefined || header.length > AUTHORIZATION_CHARS_MAX ? null : BEARER.exec(header)
    if (header === undefined || (lenient && !/^bearer(?: |$)/iu.test(header))) {
      if (certificate !== undefined && verifyCertificate !== undefined)
        return parsedOf(verifyCertificate(certificate), FIX_CERTIFICATE)
      return admitted || open ? { ok: true, value: anonymous } : unauthenticated('No credential was shown.')
    }
    if (headerCount(request, 'authorization') > 1) return unauthenticated('There is more than one Authorization header.')
    const token = bearer?.[1]
    if (token === undefined) return unauthenticated('The Authorization header is not a Bearer token.')
    const caller = find(token)
    if (caller !== undefined) return { ok: true, value: caller }
    if (verifyToken === undefined || !JWT.test(token)) return unauthenticated('The token is not known.')
    return verifyToken(token, certificate).then((verdict) => parsedOf(verdict, FIX_JWT))
  }
}

const FIX_TOKEN = 'Send "Authorization: Bearer <token>" with a configured token.'
const FIX_JWT =
  'Send a token that a configured issuer made for this service and that still holds; what is accepted is in docs/identity.md.'
const FIX_CERTIFICATE = 'Show a certificate of the configured authority that still holds, or none.'

function parsedOf(verdict: CredentialVerdict, fix: string): Parsed<Caller> {
  if (verdict.ok) return { ok: true, value: verdict.caller }
  if (verdict.code === 'not_ready') return refuseRequest('not_ready', verdict.message, { fix: 'Try again later.' })
  return refuseRequest('unauthenticated', verdict.message, {
    fix,
    headers: { 'WWW-Authenticate': 'Bearer realm="gradus", error="invalid_token"' },
  })
}

function unauthenticated(message: string, fix = FIX_TOKEN): Parsed<never> {
  return refuseRequest('unauthenticated', message, { fix })
}

/** How often a header was sent; Node keeps only the first of some. */
function headerCount(request: IncomingMessage, name: string): number {
  let count = 0
  for (let at = 0; at < request.rawHeaders.length; at += 2) if (request.rawHeaders[at]?.toLowerCase() === name) count += 1
  return count
}

const certificates = new WeakMap<TLSSocket, ClientCertificate | null>()

/** The certificate that the client of a connection showed; undefined where it showed none. Read once for each connection. */
function clientCertificateOf({ socket }: Pick<IncomingMessage, 'socket'>): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const known = certificates.get(socket)
  const certificate = known === undefined ? readCertificate(socket) : known
  certificates.set(socket, certificate)
  return certificate ?? undefined
}

function readCertificate(socket: TLSSocket): ClientCertificate | null {
  const shown = socket.getPeerX509Certificate()
  if (shown === undefined) return null
  return {
    verified: socket.authorized,
    thumbprint: createHash('sha256').update(shown.raw).digest('base64url'),
    uris: urisOf(shown.subjectAltName),
    isAuthority: shown.ca,
    notBeforeMs: shown.validFromDate.getTime(),
    notAfterMs: shown.validToDate.getTime(),
  }
}

/**
 * The URIs of Node's text of the alternative names, `DNS:a, URI:b`. Node quotes a name that holds a comma or a quote itself; nobody
 * needs such a one, and what is in it could look like a name of its own, so then there is no answer.
 */
export function urisOf(subjectAltName: string | undefined): readonly string[] | null {
  if (subjectAltName === undefined) return []
  if (subjectAltName.includes('"')) return null
  return subjectAltName.split(', ').flatMap((name) => (name.startsWith('URI:') ? [name.slice('URI:'.length)] : []))
}
