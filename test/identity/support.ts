import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { afterAll } from 'vitest'

import type { ClientCertificate, CredentialVerdict } from '../../src/access/verify-credential.ts'
import { createIdentity, type Identity } from '../../src/identity/identity.ts'
import { IdentitySources } from '../../src/identity/settings.ts'

export const NOW_MS = Date.UTC(2026, 10, 21, 8)
export const NOW = NOW_MS / 1_000
export const ISSUER = 'https://login.example.com'
export const AUDIENCE = 'gradus'
export const KID = 'key-1'

const servers: Server[] = []
afterAll(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done).closeAllConnections())))
})

/** An HTTP server on a free port of loopback, closed after the file. */
export async function serveHttp(listener: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

/** A server of keys that can be changed while it runs. */
export type KeyServer = { readonly url: string; keys: object[]; status: number; fetched: number }

export async function keyServer(keys: object[]): Promise<KeyServer> {
  const state = { url: '', keys, status: 200, fetched: 0 }
  const url = await serveHttp((_request, response) => {
    state.fetched += 1
    response.writeHead(state.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ keys: state.keys }))
  })
  state.url = `${url}/jwks.json`
  return state
}

export type Key = { readonly secret: CryptoKey; readonly jwk: JWK }

export async function keyOf(algorithm: string, kid = KID, more: object = {}): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), use: 'sig', kid, ...more }
  return { secret: privateKey, jwk }
}

/** Claims of a token that holds. */
export const CLAIMS = { iss: ISSUER, aud: AUDIENCE, sub: 'support-agent', iat: NOW - 10, exp: NOW + 300 }

type Signed = { readonly header?: object; readonly algorithm?: string; readonly kid?: string | null }

/** A signed token; a claim that is undefined is left out. */
export function sign(
  claims: object,
  key: CryptoKey,
  { header = {}, algorithm = 'ES256', kid = KID }: Signed = {},
): Promise<string> {
  const all: readonly (readonly [string, unknown])[] = Object.entries({ ...CLAIMS, ...claims })
  const given = Object.fromEntries(all.filter(([, value]) => value !== undefined))
  const protect: { alg: string; [name: string]: unknown } = {
    alg: algorithm,
    typ: 'JWT',
    ...(kid === null ? {} : { kid }),
    ...header,
  }
  return new SignJWT(given).setProtectedHeader(protect).sign(key)
}

/** Parts of a token as text, signed by nobody. */
export function forge(header: string | object, claims: string | object, signature = 'AAAA'): string {
  const part = (value: string | object): string =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
  return `${part(header)}.${part(claims)}.${signature}`
}

export type Opened = Identity & {
  readonly ask: (token: string, certificate?: ClientCertificate) => Promise<CredentialVerdict>
  readonly warnings: string[]
  readonly clock: { nowMs: number; steadyMs: number }
}

/** The checks of one configured issuer, on a clock that stands still. */
export async function open(sources: object, more: object = {}): Promise<Opened> {
  const clock = { nowMs: NOW_MS, steadyMs: 1_000_000 }
  const warnings: string[] = []
  const identity = await createIdentity(IdentitySources.parse(sources), {
    nowMs: () => clock.nowMs,
    steadyMs: () => clock.steadyMs,
    warn: (line) => warnings.push(line),
    credentialIds: [],
    asksForCertificates: true,
    ...more,
  })
  const ask = (token: string, certificate?: ClientCertificate): Promise<CredentialVerdict> => {
    if (identity.verifyToken === undefined) throw new Error('no issuer is configured')
    return identity.verifyToken(token, certificate)
  }
  return { ...identity, ask, warnings, clock }
}

/** Settings of an issuer of agents' tokens. */
export function issuer(url: string, more: object = {}): object {
  return { id: 'idp', issuer: ISSUER, audiences: [AUDIENCE], jwks_url: url, algorithms: ['ES256'], subject: 'agent', ...more }
}

/** The caller of a verdict, but for when the token ends. Throws where there is none. */
export function callerOf(verdict: CredentialVerdict) {
  if (!verdict.ok) throw new Error(verdict.message)
  const caller = { ...verdict.caller }
  delete caller.expires_ms
  return caller
}
