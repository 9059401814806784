import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { baseSourceOf } from '../../src/app/base-source.ts'
import { Config } from '../../src/config/config.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { createHttpServer, type HttpServer } from '../../src/http/server.ts'
import { silence } from '../http/support.ts'
import { testService } from '../support/test-service.ts'
import { folder, type Ran, run } from './harness.ts'

const files = folder()
const CREDENTIALS = [
  { id: 'olivia', roles: ['operator'], person: 'olivia' },
  { id: 'own', roles: ['agent'], agent: 'research-agent' },
  { id: 'elsewhere', roles: ['operator'], person: 'eve', tenant: 'globex' },
].map((each) => ({ ...each, token_sha256: createHash('sha256').update(`secret-${each.id}`).digest('hex') }))

let dir: string
let http: HttpServer
let url: string
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'gradus-permission-'))
  cpSync(resolve(import.meta.dirname, '../../policies/rbac'), join(dir, 'policies/rbac'), { recursive: true })
  const config = Config.parse({ http: { listen: '127.0.0.1:0', drain_timeout_ms: 200 }, credentials: CREDENTIALS })
  const tested = await testService({ readBaseSource: baseSourceOf({ config, root: dir, file: join(dir, 'gradus.yaml') }) })
  http = createHttpServer({
    service: tested.service,
    config: config.http,
    credentials: config.credentials,
    entrypoints: [],
    mapping: undefined,
    metrics: createMetrics(),
    events: silence(),
    version: '0',
    log: () => undefined,
    nowMs: tested.clock.nowMs,
  })
  url = (await http.listen()).url
})
afterAll(async () => {
  await http.close()
  files.remove()
  rmSync(dir, { recursive: true })
})

const as = (who: string, ...argv: readonly string[]): Promise<Ran> =>
  run(['permission-requests', ...argv, '--server', url, '--token-file', files.write(`${who}.token`, `secret-${who}\n`)], {
    fetch,
    env: { NO_COLOR: '1' },
  })

/** Asks as an agent does, over HTTP. */
async function asks(body: object) {
  const response = await fetch(`${url}/api/v1/permission-requests`, {
    method: 'POST',
    headers: { authorization: 'Bearer secret-own', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as { readonly id: string; readonly asked: number } }
}

const WANTED = {
  subject: { type: 'agent', id: 'research-agent' },
  action: { name: 'query_database' },
  resource: { type: 'database', id: 'sales/2026' },
  reason: 'The report needs it\u001b[2J\n= fake line',
  expected_use: 'Once a day',
}

describe('gradus permission-requests', () => {
  it('lists what agents ask for with the patch, prints a patch that applies, and closes it', async () => {
    expect(await as('olivia', 'list')).toMatchObject({ code: 0, out: 'no permission request is open\n' })
    const { status, body } = await asks(WANTED)
    expect({ status, asked: body.asked }).toEqual({ status: 201, asked: 1 })
    const list = await as('olivia', 'list')
    expect(list.out).toContain(`${body.id}: agent research-agent asks for query_database on database sales/2026\n`)
    expect(list.out).toContain('  reason: The report needs it\\e[2J\\n= fake line\n')
    expect(list.out).toMatch(/^ {2}\| \+ {4}granted_query_database_[0-9a-f]{8}:$/mu)
    expect(await as('elsewhere', 'list')).toMatchObject({ code: 0, out: 'no permission request is open\n' })
    expect(await as('elsewhere', 'patch', body.id)).toMatchObject({ code: 3, out: '' })

    const patch = await as('olivia', 'patch', body.id)
    execFileSync('patch', ['-p1', '--fuzz=0'], { cwd: dir, input: patch.out })
    expect(readFileSync(join(dir, 'policies/rbac/data.yaml'), 'utf8')).toMatch(
      /research-agent: \[research_agent, granted_query_database_[0-9a-f]{8}\]/u,
    )

    const done = await as('olivia', 'done', body.id, '--note', 'In force since noon')
    expect(done).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^done: query_database for research-agent \(record \d+\)\n$/u) as unknown,
    })
    expect(await as('olivia', 'refuse', body.id, '--note', 'too late')).toMatchObject({ code: 3 })
    expect(await as('olivia', 'list')).toMatchObject({ out: 'no permission request is open\n' })
  })

  it('says why there is no patch', async () => {
    const { body } = await asks({ ...WANTED, action: { name: 'read_hr_record' }, resource: { type: 'hr_record', id: 'ann' } })
    const forbidden = 'no role gives it: personnel records are for human resources'
    expect((await as('olivia', 'list', '--agent', 'research-agent')).out).toContain(`  no patch: ${forbidden}\n`)
    const patch = await as('olivia', 'patch', body.id)
    expect(patch).toMatchObject({ code: 1, out: '', err: expect.stringContaining(forbidden) as unknown })
    expect(await as('olivia', 'refuse', body.id, '--note', 'Ask human resources')).toMatchObject({ code: 0 })
  })

  it('goes on with --after', async () => {
    const first = await asks(WANTED)
    const second = await asks({ ...WANTED, resource: { type: 'database', id: 'sales/2027' } })
    const rest = await as('olivia', 'list', '--after', first.body.id)
    expect(rest.out).toContain(second.body.id)
    expect(rest.out).not.toContain(first.body.id)
  })

  it.each([
    ['another agent', { subject: { type: 'agent', id: 'support-agent' } }, 403],
    ['no reason', { reason: '   ' }, 400],
    ['a reason that is too long', { reason: 'a'.repeat(1_001) }, 400],
    ['a name with something that cannot be seen', { action: { name: 'read\u200b' } }, 400],
    ['more than it takes', { verdict: 'done' }, 400],
  ])('is refused for %s', async (_, parts, status) => {
    expect((await asks({ ...WANTED, ...parts })).status).toBe(status)
  })

  it.each(['list', 'patch', 'done'])('%s is not for agents', async (verb) => {
    const more = verb === 'list' ? [] : verb === 'patch' ? ['x'] : ['x', '--note', 'y']
    expect(await as('own', verb, ...more)).toMatchObject({ code: 4 })
  })
})
