import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import type { ClientCertificate } from '../../src/access/verify-credential.ts'
import { Config } from '../../src/config/config.ts'
import { urisOf } from '../../src/http/authenticate.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { createHttpServer, type HttpServer } from '../../src/http/server.ts'
import { callerOfCertificate } from '../../src/identity/certificate-caller.ts'
import { CertificateSource } from '../../src/identity/settings.ts'
import { type Call, fakeService, REQUEST, silence, token } from '../http/support.ts'
import { callerOf, issuer, type Key, keyOf, keyServer, NOW_MS, open, sign } from './support.ts'

const folder = mkdtempSync(join(tmpdir(), 'certificates-'))
const SPIFFE = { trust_domain: 'prod.example', paths: [{ path: '/agents/{name}', agent: '{name}' }] }
const WORKLOAD = 'URI:spiffe://prod.example/agents/support-agent'
const at = (name: string): string => join(folder, name)
const openssl = (...words: readonly string[]): void => void execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' })

/** A certificate of an authority, with these alternative names. */
function issue(name: string, names: string, { authority = 'ca', days = '2', extensions = '' } = {}): void {
  writeFileSync(
    at(`${name}.cnf`),
    `basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nsubjectAltName=${names}\n${extensions}`,
  )
  openssl(
    'req',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.csr`,
    '-subj',
    `/CN=${name}`,
  )
  openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    '-CA',
    `${authority}.pem`,
    '-CAkey',
    `${authority}.key`,
    '-days',
    days,
    '-extfile',
    `${name}.cnf`,
    '-out',
    `${name}.pem`,
  )
}

function authority(name: string): void {
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
  )
}

let key: Key
let jwks: string
beforeAll(async () => {
  authority('ca')
  authority('other')
  issue('server', 'IP:127.0.0.1')
  issue('agent', `${WORKLOAD},DNS:support.example`)
  issue('expired', WORKLOAD, { days: '-1' })
  issue('foreign', WORKLOAD, { authority: 'other' })
  issue('elsewhere', 'URI:spiffe://test.example/agents/support-agent')
  issue('two', `${WORKLOAD},URI:spiffe://prod.example/agents/finance-agent`)
  issue('none', 'DNS:support.example')
  key = await keyOf('ES256')
  jwks = (await keyServer([key.jwk])).url
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const running: HttpServer[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((http) => http.close()))
})

type Listening = { readonly url: string; readonly calls: readonly Call[] }

async function listening(
  identity: object = { certificates: { id: 'mesh', spiffe: SPIFFE, subject: 'agent', attested: true } },
): Promise<Listening> {
  const { service, calls } = fakeService()
  const config = Config.parse({
    http: { listen: '127.0.0.1:0', tls: { certificate: at('server.pem'), key: at('server.key'), client_ca: at('ca.pem') } },
    credentials: [{ id: 'gateway', token_sha256: createHash('sha256').update(token('gateway')).digest('hex') }],
    identity,
  })
  const { verifyToken, verifyCertificate } = await open(identity, {})
  const checks = {
    ...(verifyToken === undefined ? {} : { verifyToken }),
    ...(verifyCertificate === undefined ? {} : { verifyCertificate: (shown: ClientCertificate) => verifyNow(shown, identity) }),
  }
  const http = createHttpServer({
    service,
    identity: checks,
    config: config.http,
    credentials: config.credentials,
    entrypoints: [],
    metrics: createMetrics(),
    events: silence(),
    version: '0',
    log: () => undefined,
  })
  running.push(http)
  return { url: (await http.listen()).url, calls }
}

/** The certificates are made now, so they are looked at by the real clock. */
function verifyNow(shown: ClientCertificate, identity: object) {
  const { certificates } = identity as { certificates: object }
  return callerOfCertificate(shown, CertificateSource.parse(certificates), Date.now())
}

/** Asks for a decision with a client certificate, or none. */
function decide(
  { url }: Listening,
  name: string | undefined,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const own = name === undefined ? {} : { cert: readFileSync(at(`${name}.pem`)), key: readFileSync(at(`${name}.key`)) }
  const options = {
    method: 'POST',
    ca: readFileSync(at('ca.pem')),
    agent: false,
    headers: { 'content-type': 'application/json', ...headers },
    ...own,
  }
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(`${url}/api/v1/decisions`, options, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(REQUEST))
  })
}

describe('a client certificate', () => {
  test('of the trust domain makes its agent the caller, with what it proves', async () => {
    const server = await listening()
    expect(await decide(server, 'agent')).toMatchObject({ status: 200 })
    const { validFromDate, validToDate } = new X509Certificate(readFileSync(at('agent.pem')))
    expect(server.calls).toMatchObject([
      {
        caller: {
          credential: 'mesh:spiffe://prod.example/agents/support-agent',
          roles: ['agent'],
          agent: 'support-agent',
          posture: {
            credential_issued_ms: validFromDate.getTime(),
            certificate_not_after_ms: validToDate.getTime(),
            attested: { ok: true, until_ms: validToDate.getTime() },
          },
        },
      },
    ])
  })

  test.each(['expired', 'foreign', 'elsewhere', 'two', 'none'])('that is %s is refused, also beside a token', async (name) => {
    const server = await listening()
    const { status, text } = await decide(server, name)
    expect(status).toBe(401)
    expect(text).not.toContain('prod.example')
    expect(server.calls).toEqual([])
    if (name === 'expired' || name === 'foreign')
      expect(await decide(server, name, { authorization: `Bearer ${token('gateway')}` })).toMatchObject({ status: 401 })
  })

  test('is not needed: a token says who calls, and it goes before the certificate', async () => {
    const server = await listening()
    expect(await decide(server, undefined)).toMatchObject({ status: 200 })
    expect(await decide(server, undefined, { authorization: `Bearer ${token('gateway')}` })).toMatchObject({ status: 200 })
    expect(await decide(server, 'agent', { authorization: `Bearer ${token('gateway')}` })).toMatchObject({ status: 200 })
    expect(server.calls.map(({ caller }) => caller.credential)).toEqual([null, 'gateway', 'gateway'])
  })

  test('is nobody where no trust domain is configured', async () => {
    const server = await listening({})
    expect(await decide(server, 'agent')).toMatchObject({ status: 200 })
    expect(server.calls).toMatchObject([{ caller: { credential: null } }])
  })

  test('shown by a browser for a page of another origin is refused', async () => {
    const server = await listening()
    expect(await decide(server, 'agent', { origin: 'https://evil.example' })).toMatchObject({ status: 403 })
    expect(await decide(server, 'agent', { 'sec-fetch-site': 'cross-site' })).toMatchObject({ status: 403 })
    expect(server.calls).toEqual([])
  })

  test('is what a token can be bound to', async () => {
    const server = await listening({ issuers: [issuer(jwks)] })
    const thumbprint = createHash('sha256')
      .update(new X509Certificate(readFileSync(at('agent.pem'))).raw)
      .digest('base64url')
    const bearer = { authorization: `Bearer ${await sign({ cnf: { 'x5t#S256': thumbprint } }, key.secret)}` }
    expect(await decide(server, 'agent', bearer)).toMatchObject({ status: 200 })
    for (const name of ['none', undefined]) expect(await decide(server, name, bearer)).toMatchObject({ status: 401 })
    expect(server.calls).toMatchObject([
      { caller: { credential: 'idp:support-agent', posture: { certificate_not_after_ms: expect.any(Number) } } },
    ])
  })
})

describe('what a certificate says', () => {
  const source = CertificateSource.parse({ id: 'mesh', spiffe: SPIFFE, subject: 'agent' })
  const shown: ClientCertificate = {
    verified: true,
    thumbprint: 'x',
    uris: ['spiffe://prod.example/agents/support-agent'],
    isAuthority: false,
    notBeforeMs: NOW_MS - 1_000,
    notAfterMs: NOW_MS,
  }

  test('holds from its first moment to its last', () => {
    expect(callerOf(callerOfCertificate(shown, source, NOW_MS)).agent).toBe('support-agent')
    expect(callerOf(callerOfCertificate(shown, source, NOW_MS - 1_000)).posture).toEqual({
      credential_issued_ms: NOW_MS - 1_000,
      certificate_not_after_ms: NOW_MS,
    })
    for (const nowMs of [NOW_MS + 1, NOW_MS - 1_001, NaN])
      expect(callerOfCertificate(shown, source, nowMs)).toMatchObject({ ok: false })
  })

  test.each([
    ['of an authority', { isAuthority: true }],
    ['that is not verified', { verified: false }],
    ['whose names cannot be read', { uris: null }],
    ['without a URI', { uris: [] }],
    ['with two URIs', { uris: [...(shown.uris ?? []), 'https://a.example'] }],
    ['of the trust domain itself', { uris: ['spiffe://prod.example'] }],
    ['of a page', { uris: ['https://prod.example/agents/support-agent'] }],
  ])('%s is nobody', (_name, more) => {
    expect(callerOfCertificate({ ...shown, ...more }, source, NOW_MS)).toMatchObject({ ok: false, code: 'unauthenticated' })
  })

  test('makes a service the caller where the source says so', () => {
    const gateways = CertificateSource.parse({
      id: 'mesh',
      spiffe: SPIFFE,
      subject: 'service',
      standing: { roles: ['enforcement_point'] },
    })
    const caller = callerOf(callerOfCertificate(shown, gateways, NOW_MS))
    expect(caller).toMatchObject({ roles: ['enforcement_point'] })
    expect(caller).not.toHaveProperty('agent')
  })

  test('of its names is read without doubt or not at all', () => {
    expect(urisOf(undefined)).toEqual([])
    expect(urisOf('DNS:a, URI:spiffe://a/b, IP Address:127.0.0.1')).toEqual(['spiffe://a/b'])
    expect(urisOf(String.raw`DNS:a, URI:"spiffe://a/b, URI:spiffe://c/d"`)).toBeNull()
  })
})
