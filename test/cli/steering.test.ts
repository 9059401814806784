import { createHash } from 'node:crypto'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { Config } from '../../src/config/config.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { createHttpServer, type HttpServer } from '../../src/http/server.ts'
import { silence } from '../http/support.ts'
import { gateway, operator } from '../support/callers.ts'
import { AGENT, bea, categorise, SCOPE } from '../support/people.ts'
import { testService, type TestService } from '../support/test-service.ts'
import { folder, type Ran, run } from './harness.ts'

const files = folder()
const CREDENTIALS = [
  { id: 'olivia', roles: ['operator'], person: 'olivia' },
  { id: 'audrey', roles: ['auditor'], person: 'audrey' },
  { id: 'own', roles: ['agent', 'operator'], agent: AGENT },
].map((each) => ({ ...each, token_sha256: createHash('sha256').update(`secret-${each.id}`).digest('hex') }))

let tested: TestService
let http: HttpServer
let url: string
beforeAll(async () => {
  tested = await testService()
  await tested.earn(AGENT, SCOPE, 3)
  const config = Config.parse({ http: { listen: '127.0.0.1:0', drain_timeout_ms: 200 }, credentials: CREDENTIALS })
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
})

const as = (who: string, ...argv: readonly string[]): Promise<Ran> =>
  run([...argv, '--server', url, '--token-file', files.write(`${who}.token`, `secret-${who}\n`)], {
    fetch,
    env: { NO_COLOR: '1' },
  })
const olivia = (...argv: readonly string[]): Promise<Ran> => as('olivia', ...argv)
const outcome = async (): Promise<string> => (await tested.service.evaluate(gateway, categorise())).outcome
const levelOf = async (): Promise<number | undefined> =>
  (await tested.service.agentTrust(operator, AGENT)).scopes.find(({ scope }) => scope === SCOPE)?.level_granted
const firstId = (out: string): string => /^(\S+)  /mu.exec(out.split('\n').slice(1).join('\n'))?.[1] ?? ''

it.each(['.', '..'])('an agent that is called %s is not taken for a place in the address', async (name) => {
  expect(await olivia('agents', 'revoke', name, '--reason', 'r')).toMatchObject({
    code: 64,
    err: expect.stringContaining('gradus agents pause') as unknown,
  })
  expect(await olivia('agents', 'pause', name, '--reason', 'r')).toMatchObject({ code: 0 })
  expect(await olivia('agents', 'resume', name)).toMatchObject({ code: 0 })
})

describe('the file of a token', () => {
  it.each(['-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n', '', 'tok\u00e9n', 'a'.repeat(8_193)])(
    'that holds %j is refused, and never shown',
    async (text) => {
      const file = files.write('wrong.token', text)
      const ran = await run(['contain', 'list', '--server', url, '--token-file', file], { fetch })
      expect(ran).toMatchObject({ code: 1, out: '', err: expect.stringContaining('holds no token') as unknown })
      for (const line of text.split('\n').filter((each) => each !== '')) expect(ran.err).not.toContain(line)
    },
  )

  it('is sent to a server that breaks off, which is no bug of ours', async () => {
    const broken = () => Promise.resolve(new Response(new ReadableStream({ start: (to) => to.error(new Error('reset')) })))
    const file = files.write('good.token', 'secret-olivia\n')
    const ran = await run(['contain', 'list', '--server', url, '--token-file', file], { fetch: broken })
    expect(ran).toMatchObject({ code: 5, err: expect.stringContaining('does not answer') as unknown })
  })
})

describe('gradus agents', () => {
  it('pauses an agent at once, whatever was asked again, and resumes it', async () => {
    const paused = await olivia('agents', 'pause', AGENT, '--reason', 'odd invoices')
    expect(paused).toMatchObject({ code: 0, out: expect.stringContaining(`${AGENT}: out of service\n`) as unknown })
    expect((await olivia('agents', 'pause', AGENT, '--reason', 'odd invoices')).out).toContain('it was already')
    expect(await outcome()).toBe('deny')
    expect((await as('audrey', 'contain', 'list')).out).toMatch(new RegExp(`^\\S+ +${AGENT} +person +\\S+ +odd invoices$`, 'mu'))
    expect(await olivia('agents', 'resume', AGENT)).toEqual({ code: 0, out: `${AGENT}: resumed\n`, err: '' })
    expect(await outcome()).not.toBe('deny')
    expect(await olivia('agents', 'resume', AGENT)).toMatchObject({
      code: 3,
      err: expect.stringContaining('not paused') as unknown,
    })
  })

  it('pauses a scope or an action of an agent, and says at the end what still holds it', async () => {
    expect((await olivia('agents', 'pause', AGENT, '--scope', SCOPE, '--reason', 'r')).out).toContain(
      `scope ${SCOPE} of ${AGENT}`,
    )
    expect((await olivia('agents', 'pause', AGENT, '--action', 'categorise_expense', '--reason', 'r')).code).toBe(0)
    const resumed = await olivia('agents', 'resume', AGENT, '--scope', SCOPE)
    expect(resumed.out).toContain(`still out of service: action categorise_expense of ${AGENT} (r)`)
    expect(await outcome()).toBe('deny')
    const last = JSON.parse((await olivia('agents', 'resume', AGENT, '--action', 'categorise_expense', '--json')).out) as object
    expect(last).toMatchObject({ lifted: [{ in_force: false }], containments: [], incidents: [] })
    expect((await olivia('agents', 'pause', AGENT, '--action', 'categorize_expense', '--reason', 'r')).err).toContain(
      'did you mean',
    )
  })

  it('revokes an agent, says what is still under way, and gives everything back where it was a false alarm', async () => {
    const before = await levelOf()
    const revoked = await olivia('agents', 'revoke', AGENT, '--reason', 'key leaked')
    expect(revoked).toMatchObject({ code: 0 })
    expect(revoked.out).toContain('0 approvals withdrawn')
    const id = /incident (\S+)/u.exec(revoked.out)?.[1] ?? ''
    expect(await outcome()).toBe('deny')
    expect((await olivia('agents', 'revoke', AGENT, '--reason', 'key leaked')).out).toContain(
      `revoked already, by incident ${id}`,
    )
    expect((await olivia('agents', 'pause', AGENT, '--reason', 'r')).code).toBe(0)
    expect((await olivia('agents', 'resume', AGENT)).out).toContain(`incident credential_compromise ${id} waits for its review`)
    expect((await as('audrey', 'incidents', 'list', '--state', 'open')).out).toMatch(
      new RegExp(`^${id} +open +${AGENT} +credential_compromise +agent +0.0000 +\\S+ +a review$`, 'mu'),
    )
    expect((await as('audrey', 'incidents', 'show', id)).out).toContain(`gradus incidents false-positive ${id}`)
    const cleared = await olivia('incidents', 'false-positive', id, '--reason', 'the key was revoked long ago')
    expect(cleared.out).toContain(`${SCOPE}: given back, L0 to L3`)
    expect(await levelOf()).toBe(before)
    expect(await olivia('incidents', 'show', id)).toMatchObject({ code: 3 })
  })

  it('lists approvals of a paused agent as paused', async () => {
    await olivia('trust', 'demote', AGENT, SCOPE, '--to', 'L2', '--reason', 'new duties')
    const { decision_id } = await tested.service.evaluate(gateway, categorise())
    await olivia('agents', 'pause', AGENT, '--reason', 'r')
    expect((await olivia('approvals', 'list')).out).toMatch(new RegExp(`^${decision_id} +pending, paused `, 'mu'))
    expect((await olivia('approvals', 'show', decision_id)).out).toMatch(/^paused +contained_agent:person:r$/mu)
    await olivia('agents', 'resume', AGENT)
    await tested.service.withdrawApproval(bea, decision_id, {})
  })
})

describe('gradus trust demote', () => {
  it('takes rungs away once, and never gives any', async () => {
    expect(await olivia('trust', 'demote', AGENT, SCOPE, '--to', '1', '--reason', 'new duties')).toEqual({
      code: 0,
      out: `${AGENT} in ${SCOPE}: demoted from L2 to L1\n`,
      err: '',
    })
    expect((await olivia('trust', 'demote', AGENT, SCOPE, '--to', 'L1', '--reason', 'again')).out).toContain(
      'stands at L1 already',
    )
    expect(await olivia('trust', 'demote', AGENT, SCOPE, '--to', 'L3', '--reason', 'r')).toMatchObject({ code: 1 })
    expect(await olivia('trust', 'demote', 'nobody', SCOPE, '--to', 'L0', '--reason', 'r')).toMatchObject({ code: 3 })
    expect(await levelOf()).toBe(1)
  })
})

describe('gradus contain', () => {
  it.each([
    [['--tenant'], 'the whole tenant'],
    [['--scope', 'bookkeeping'], 'scope bookkeeping of all agents'],
    [['--action', 'send_email', '--agent', AGENT], `action send_email of ${AGENT}`],
    [['--agent', 'stranger'], 'the catalogue does not know that name'],
  ])('%j takes it out of service until it is lifted', async (argv, said) => {
    expect((await olivia('contain', 'add', ...argv, '--reason', 'drill')).out).toContain(said)
    const id = firstId((await olivia('contain', 'list')).out)
    expect((await olivia('contain', 'lift', id)).out).toContain('in service again')
    expect((await olivia('contain', 'list')).out).toBe('nothing is out of service\n')
    expect(await olivia('contain', 'lift', id)).toMatchObject({ code: 3 })
  })
})

describe('gradus incidents', () => {
  it('raises, shows, reviews, and then waits for what the agent proves', async () => {
    const raised = await olivia('incidents', 'raise', AGENT, 'injection_suspected', '--cap', '0.3', '--reason', 'mail 4711')
    const id = /^incident (\S+) /u.exec(raised.out)?.[1] ?? ''
    expect((await olivia('incidents', 'review', id, '--reason', 'it was one')).out).toContain('reviewed')
    const shown = await olivia('incidents', 'show', id)
    expect(shown.out).toContain('lifted by verified successes later than')
    expect(JSON.parse((await olivia('incidents', 'show', id, '--json')).out)).toMatchObject({
      state: 'recovering',
      cap_raised: 0.3,
    })
    expect((await olivia('incidents', 'list', '--agent', AGENT, '--state', 'open')).out).toBe('no incident bounds an agent\n')
    expect((await olivia('incidents', 'list', '--agent', AGENT)).out).toContain('verified successes')
    expect((await olivia('incidents', 'false-positive', id, '--reason', 'after all not')).out).toContain('a false positive')
  })
})

describe('what is mistyped or not allowed', () => {
  it.each([
    [['trust', 'demote', AGENT, SCOPE, '--to', 'L5', '--reason', 'r'], 64],
    [['trust', 'demote', AGENT, 'bookkeeping', '--to', 'L1', '--reason', 'r'], 64],
    [['trust', 'demote', AGENT, SCOPE, '--to', 'L1'], 64],
    [['contain', 'add', '--reason', 'r'], 64],
    [['contain', 'add', '--tenant', '--agent', AGENT, '--reason', 'r'], 64],
    [['agents', 'pause', AGENT, '--scope', SCOPE, '--action', 'send_email', '--reason', 'r'], 64],
    [['agents', 'pause', AGENT], 64],
    [['agents', 'revoke', AGENT, '--class', 'injection_weak', '--reason', 'r'], 64],
    [['incidents', 'list', '--state', 'closed'], 64],
    [['incidents', 'raise', AGENT, 'bad_mood', '--reason', 'r'], 64],
    [['incidents', 'raise', AGENT, 'injection_weak', '--cap', '2', '--reason', 'r'], 64],
    [['incidents', 'raise', AGENT, 'injection_weak', '--scope', 'crm', '--reason', 'r'], 64],
    [['incidents', 'raise', 'nobody', 'injection_weak', '--reason', 'r'], 1],
    [['incidents', 'review', 'none', '--reason', 'r'], 3],
    [['contain', 'add', '--scope', 'bookeeping', '--reason', 'r'], 1],
  ])('%j changes nothing and ends with %i', async (argv, code) => {
    const size = tested.store.size()
    const ran = await olivia(...argv)
    expect(ran).toMatchObject({ code, out: '', err: expect.stringMatching(/fix: /u) as unknown })
    expect(tested.store.size()).toBe(size)
  })

  it.each([
    ['trust', 'demote', AGENT, SCOPE, '--to', 'L0', '--reason', 'r'],
    ['agents', 'pause', 'coding-agent', '--reason', 'r'],
    ['agents', 'revoke', 'coding-agent', '--reason', 'r'],
    ['contain', 'add', '--tenant', '--reason', 'r'],
    ['contain', 'lift', 'none'],
    ['incidents', 'raise', 'coding-agent', 'injection_weak', '--reason', 'r'],
  ])('an agent with the role of an operator and an auditor are refused: %s %s', async (...argv) => {
    const size = tested.store.size()
    for (const who of ['own', 'audrey']) expect(await as(who, ...argv)).toMatchObject({ code: 4, out: '' })
    expect(tested.store.size()).toBe(size)
  })
})
