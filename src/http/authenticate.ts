import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

import type { Caller, Credential, Standing } from '../model/caller.ts'
import { ServiceError } from '../model/error.ts'
import { refuse, type Parsed } from './exchange.ts'

/** Longest `Authorization` value that is looked at, in characters. */
export const AUTHORIZATION_CHARS_MAX = 4_096
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/iu

/**
 * Says who is calling. `lenient`: a header that is not Bearer counts as none (AuthZEN's runners send raw keys). `open`: the
 * endpoint needs nobody, so a caller whom nobody vouches for may use it.
 */
export type Authenticate = (
  request: IncomingMessage,
  options: { readonly lenient: boolean; readonly open: boolean },
) => Parsed<Caller>

/**
 * What the listener vouches for without a credential: it may ask for decisions and nothing else. Whatever would make a person, a
 * verifier or a source of evidence of everyone who can reach the port is taken away.
 */
export function anonymousCaller(standing: Standing): Caller {
  const { tenant, agent, human_subject_types, supported_obligations, verified_facts } = standing
  const roles = standing.roles.filter((role) => role === 'enforcement_point' || role === 'agent')
  const kept = {
    tenant,
    roles,
    human_subject_types,
    supported_obligations,
    verified_facts,
    ...(agent === undefined ? {} : { agent }),
  }
  return { ...kept, layers: [], trusted_composition: false, credential: null }
}

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
  for (const { id, token_sha256, ...standing } of credentials) {
    const place = blind(token_sha256)
    const other = callers.get(place)
    if (other !== undefined) {
      throw new ServiceError('bad_config', `The credentials ${String(other.credential)} and ${id} have the same token.`, {
        fix: 'Give each its own token.',
      })
    }
    callers.set(place, { ...standing, credential: id })
  }
  return (token) => callers.get(blind(createHash('sha256').update(token).digest('hex')))
}

/** Reads who is calling off a request. Not `vouched`: whoever shows no credential is refused. */
export function createAuthenticate(
  credentials: readonly Credential[],
  anonymous: Caller,
  { vouched }: { readonly vouched: boolean },
): Authenticate {
  const find = createFindCaller(credentials)
  return (request, { lenient, open }) => {
    const header = request.headers.authorization
    const bearer = header === undefined || header.length > AUTHORIZATION_CHARS_MAX ? null : BEARER.exec(header)
    if (header === undefined || (lenient && !/^bearer(?: |$)/iu.test(header))) {
      return vouched || open ? { ok: true, value: anonymous } : unauthenticated('No credential was shown.')
    }
    if (headerCount(request, 'authorization') > 1) return unauthenticated('There is more than one Authorization header.')
    const token = bearer?.[1]
    if (token === undefined) return unauthenticated('The Authorization header is not a Bearer token.')
    const caller = find(token)
    return caller === undefined ? unauthenticated('The token is not known.') : { ok: true, value: caller }
  }
}

function unauthenticated(message: string): Parsed<never> {
  return refuse('unauthenticated', message, { fix: 'Send "Authorization: Bearer <token>" with a configured token.' })
}

/** How often a header was sent; Node keeps only the first of some. */
function headerCount(request: IncomingMessage, name: string): number {
  let count = 0
  for (let at = 0; at < request.rawHeaders.length; at += 2) if (request.rawHeaders[at]?.toLowerCase() === name) count += 1
  return count
}
