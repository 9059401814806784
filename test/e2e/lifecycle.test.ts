import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { MERGE, READ, TOKENS, writeConfig } from './organisation.ts'
import { gradus, pause, ROOT, type Running, workplace } from './server.ts'

const { place, start } = workplace()

/** A configuration with its own copy of the policies and bundles, so that a test can change them. */
function ownPolicies(): { readonly config: string; readonly policies: string; readonly bundles: string } {
  const folder = place()
  const [policies, bundles] = [join(folder, 'policies'), join(folder, 'bundles')]
  cpSync(join(ROOT, 'policies'), policies, { recursive: true })
  cpSync(join(ROOT, 'bundles'), bundles, { recursive: true })
  return { config: writeConfig(folder, { policies: 'policies', bundles: 'bundles' }), policies, bundles }
}

const digest = async (server: Running): Promise<string> => (await server.get('/api/v1/policies', server.operator())).body.digest
const catalogue = (policies: string): string => join(policies, 'catalogue', 'catalogue.yaml')
const edit = (file: string, from: string | RegExp, to: string): void => {
  const text = readFileSync(file, 'utf8')
  expect(text).toMatch(from)
  writeFileSync(file, text.replace(from, to))
}
/** Reading a file becomes something that never runs. */
const block = (policies: string): void =>
  edit(catalogue(policies), 'auto_approve: [read, create,', 'block: [read_file]\n    auto_approve: [read, create,')
const unlist = (policies: string): void => edit(catalogue(policies), 'edit, read_file, search_files', 'edit, search_files')
const reads = async (server: Running): Promise<boolean> => (await server.post('/api/v1/decisions', READ)).body.decision

describe('policies under a running server', () => {
  it('are loaded again by SIGHUP and by the endpoint; broken ones leave the last good ones in force and say why', async () => {
    const { config, policies } = ownPolicies()
    const server = await start(['--config', config])
    const first = await digest(server)
    expect(await reads(server)).toBe(true)
    const good = readFileSync(catalogue(policies), 'utf8')

    unlist(policies)
    block(policies)
    server.child.kill('SIGHUP')
    await expect.poll(() => digest(server), { timeout: 60_000 }).not.toBe(first)
    expect(await reads(server)).toBe(false)

    writeFileSync(catalogue(policies), good)
    expect((await server.post('/api/v1/policies/reload', '')).status).toBe(401)
    expect((await server.post('/api/v1/policies/reload', '', TOKENS.verifier)).status).toBe(403)
    const reloaded = await server.post('/api/v1/policies/reload', '', TOKENS.admin)
    expect(reloaded).toMatchObject({ status: 200, body: { digest: first, last_error: null } })
    expect(await reads(server)).toBe(true)

    edit(catalogue(policies), /blast: 0/u, 'blast: 17')
    const broken = await server.post('/api/v1/policies/reload', '', TOKENS.admin)
    expect(broken).toMatchObject({ status: 422, body: { code: 'bad_policy' } })
    expect(broken.body.detail).toMatch(/blast/u)
    server.child.kill('SIGHUP')
    await expect.poll(() => server.output(), { timeout: 60_000 }).toMatch(/catalogue\.yaml/u)
    expect(await digest(server)).toBe(first)
    expect(await reads(server)).toBe(true)
    const { last_error } = (await server.get('/api/v1/policies', server.operator())).body
    expect(last_error).toMatch(/catalogue\.yaml/u)
    expect((await server.get('/health?plugins')).status).toBe(500)
  })

  it('are loaded again when a file changes, with --watch', async () => {
    const { config, policies } = ownPolicies()
    const server = await start(['--config', config, '--watch'])
    const first = await digest(server)
    unlist(policies)
    await expect.poll(() => digest(server), { timeout: 60_000, interval: 100 }).not.toBe(first)
    const second = await digest(server)
    edit(catalogue(policies), /reversibility: 0/u, 'reversibility: none')
    await expect.poll(() => server.output(), { timeout: 60_000 }).toMatch(/not in force.*catalogue\.yaml/su)
    expect(await digest(server)).toBe(second)
    expect(await reads(server)).toBe(true)
  })
})

/** One decision on a connection of its own, whose body arrives in two parts with a pause between. */
function slowly(url: string, ms: number): Promise<{ readonly status: number; readonly body: string }> {
  const body = JSON.stringify(MERGE)
  return new Promise((resolve, reject) => {
    const request = http.request(new URL('/api/v1/decisions', url), {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    })
    request.on('error', reject)
    request.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
    })
    request.write(body.slice(0, 40))
    setTimeout(() => request.end(body.slice(40)), ms)
  })
}

describe('a server that is asked to end', () => {
  it('finishes what runs, takes nothing new, and exits with 0', async () => {
    const server = await start(['--config', writeConfig(place())])
    const running = slowly(server.url, 600)
    await pause(200)
    const code = server.stop()
    await pause(200)
    await expect(fetch(`${server.url}/health`)).rejects.toThrow('fetch failed')
    const { status, body } = await running
    expect(status).toBe(200)
    expect(JSON.parse(body)).toMatchObject({ recorded: true })
    expect(await code).toBe(0)
  })

  it('holds its data directory while it runs: a second server is refused with the reason, afterwards it is let in', async () => {
    const config = writeConfig(place())
    const dataDir = join(place(), 'data')
    const server = await start(['--config', config], dataDir)
    const second = gradus(['serve', '--config', config, '--listen', '127.0.0.1:0', '--data-dir', dataDir])
    expect(await second.ended).toBe(5)
    expect(second.output()).toContain(`in use by process ${server.child.pid}`)
    expect(await server.stop()).toBe(0)
    const next = await start(['--config', config], dataDir)
    expect(await reads(next)).toBe(true)
  })

  it('keeps no operator token of another start, and shows none', async () => {
    const config = writeConfig(place())
    const dataDir = join(place(), 'data')
    const server = await start(['--config', config], dataDir)
    const token = server.operator()
    expect(server.output()).not.toContain(token)
    await server.stop()
    rmSync(join(dataDir, 'operator.token'))
    const next = await start(['--config', config], dataDir)
    expect(next.operator()).not.toBe(token)
    expect((await next.get('/api/v1/audit/records', token)).status).toBe(401)
    expect((await next.get('/api/v1/audit/records', next.operator())).status).toBe(200)
  })
})
