import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Caller } from '../../src/access/caller.ts'
import type { CliDeps } from '../../src/cli/support/deps.ts'
import { ServiceError } from '../../src/format/error.ts'
import type { Service } from '../../src/service/service.ts'
import { detectors, gateway, operator } from '../support/callers.ts'
import { bea, categorise, cem, email, retry } from '../support/people.ts'
import { testService, type TestService } from '../support/test-service.ts'
import { folder, type Ran, run } from './harness.ts'

const files = folder()
afterAll(files.remove)
let tested: TestService
beforeAll(async () => {
  tested = await testService()
  await tested.earn('support-agent', 'email:full', 3)
  await tested.earn('finance-agent', 'bookkeeping:light', 2)
})

/** The service behind the paths of its API, as this person. */
function reaching(service: Service, who: Caller): CliDeps['fetch'] {
  return async (url, init = {}) => {
    const { pathname, searchParams } = new URL(url)
    const body: never = typeof init.body === 'string' ? (JSON.parse(init.body) as never) : ({} as never)
    const routes: readonly (readonly [string, RegExp, (id: string) => Promise<unknown>])[] = [
      [
        'GET',
        /^\/api\/v1\/approvals$/u,
        () => service.approvals(who, { state: (searchParams.get('state') ?? undefined) as never }),
      ],
      ['GET', /^\/api\/v1\/decisions\/([^/]+)\/approvals$/u, (id) => service.approval(who, id)],
      ['POST', /^\/api\/v1\/decisions\/([^/]+)\/approvals$/u, (id) => service.decideApproval(who, id, body)],
      ['POST', /^\/api\/v1\/decisions\/([^/]+)\/approvals\/withdrawal$/u, (id) => service.withdrawApproval(who, id, body)],
      ['POST', /^\/api\/v1\/decisions\/([^/]+)\/resumption$/u, (id) => service.resumeDecision(who, id, body)],
      ['GET', /^\/api\/v1\/agents\/([^/]+)\/reservations$/u, (id) => service.reservations(who, id)],
      ['GET', /^\/api\/v1\/overrides$/u, () => service.overrides(who)],
      ['POST', /^\/api\/v1\/overrides$/u, () => service.openOverride(who, body)],
      ['POST', /^\/api\/v1\/overrides\/([^/]+)\/confirmations$/u, (id) => service.confirmOverride(who, id)],
      ['DELETE', /^\/api\/v1\/overrides\/([^/]+)$/u, (id) => service.endOverride(who, id)],
    ]
    for (const [method, path, act] of routes) {
      const found = path.exec(pathname)
      if (method !== init.method || found === null) continue
      try {
        return new Response(JSON.stringify(await act(decodeURIComponent(found[1] ?? ''))))
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error
        const { code, message: detail, fix } = error
        return new Response(JSON.stringify({ type: 'about:blank', title: code, status: 400, code, detail, fix }), { status: 400 })
      }
    }
    return new Response('{}', { status: 404 })
  }
}

const as = (who: Caller, ...argv: readonly string[]): Promise<Ran> =>
  run([...argv, '--server', 'http://gradus'], { fetch: reaching(tested.service, who), env: { NO_COLOR: '1' } })

describe('gradus approvals', () => {
  it('lists, shows everything uncut, and lets people say yes until the retry runs', async () => {
    const body = `${'long '.repeat(400)}end`
    const mail = {
      ...email(),
      request: {
        ...email().request,
        action: { ...email().request.action, properties: { arguments: { to: 'ann@example.com', body } } },
      },
    }
    const { decision_id } = await tested.service.evaluate(gateway, mail)
    const listed = await as(bea, 'approvals', 'list', '--state', 'pending')
    expect(listed).toMatchObject({ code: 0 })
    expect(listed.out).toMatch(new RegExp(`^${decision_id} +pending +support-agent +send_email +email:full +high +0/2`, 'mu'))
    const shown = await as(bea, 'approvals', 'show', decision_id)
    expect(shown.out).toContain(JSON.stringify(body))
    for (const said of [
      'category',
      'external_communication',
      '1 more of other people',
      'context.approval',
      'the answer would be allow_guarded',
    ])
      expect(shown.out).toContain(said)
    expect(await as(bea, 'approvals', 'approve', decision_id, '--reason', 'read it')).toMatchObject({
      code: 0,
      out: expect.stringContaining('pending, 1 of 2 said yes') as unknown,
    })
    expect(await as(bea, 'approvals', 'approve', decision_id, '--reason', 'again')).toMatchObject({ code: 4 })
    const second = await as(cem, 'approvals', 'approve', decision_id, '--reason', 'read it too')
    expect(second.out).toContain('approved, 2 of 2 said yes')
    expect(second.out).toContain('good for one retry')
    expect((await as(bea, 'approvals', 'show', decision_id)).out).toContain('nothing: it is approved')
    expect(await tested.service.evaluate(gateway, retry(mail, decision_id))).toMatchObject({ decision: true })
    expect((await as(bea, 'approvals', 'list')).out).toBe('nothing waits for a person\n')
  })

  it('rejects and withdraws; what is over is over', async () => {
    const [first, second] = [
      await tested.service.evaluate(gateway, categorise({ arguments: { account: 'rent' } })),
      await tested.service.evaluate(gateway, categorise({ arguments: { account: 'gifts' } })),
    ]
    expect((await as(bea, 'approvals', 'reject', first.decision_id, '--reason', 'no')).out).toContain('rejected')
    expect(await as(bea, 'approvals', 'approve', first.decision_id, '--reason', 'yes')).toMatchObject({ code: 1 })
    expect((await as(bea, 'approvals', 'withdraw', second.decision_id)).out).toContain('withdrawn')
    expect(await as(bea, 'approvals', 'show', 'no-such-decision')).toMatchObject({ code: 3 })
  })

  it('shows what a demotion paused and since when, and lets approvals and reservations go on', async () => {
    const own = await testService()
    await own.earn('finance-agent', 'bookkeeping:light', 2)
    const say = (...argv: readonly string[]) =>
      run([...argv, '--server', 'http://gradus'], { fetch: reaching(own.service, bea), env: { NO_COLOR: '1' } })
    const rent = categorise({ arguments: { account: 'rent of June' } })
    const { decision_id } = await own.service.evaluate(gateway, rent)
    await own.service.decideApproval(bea, decision_id, { verdict: 'approve', reason: 'fine' })
    const work = await own.service.evaluate(gateway, retry(rent, decision_id))
    const { decision_id: waiting } = await own.service.evaluate(gateway, categorise({ arguments: { account: 'pens' } }))
    expect((await say('reservations', 'list', 'nobody')).out).toBe('nothing is outstanding\n')
    const running = (await say('reservations', 'list', 'finance-agent')).out
    expect(running).toMatch(
      new RegExp(`^${work.decision_id} +finance-agent +categorise_expense +bookkeeping:light .* - +Can be undone\\.$`, 'mu'),
    )
    await own.service.demote(operator, 'finance-agent', 'bookkeeping:light', { level: 1, reason: 'new duties' })
    const why = 'since 2\\S+Z by demotion bookkeeping:light:\\d+( +Can be undone\\.)?$'
    expect((await say('approvals', 'list')).out).toMatch(new RegExp(`^${waiting} +pending, paused .* ${why}`, 'mu'))
    expect((await say('approvals', 'show', waiting)).out).toMatch(/^paused by +demotion bookkeeping:light:\d+ since 2/mu)
    expect((await say('reservations', 'list', 'finance-agent')).out).toMatch(new RegExp(`^${work.decision_id} .* ${why}`, 'mu'))
    expect(await say('approvals', 'approve', waiting, '--reason', 'r')).toMatchObject({
      code: 1,
      err: expect.stringContaining('gradus approvals resume') as unknown,
    })
    expect((await say('approvals', 'resume', waiting, '--reason', 'read it')).out).toContain('the approval goes on, 1 of 1')
    expect((await say('reservations', 'resume', work.decision_id, '--reason', 'read it')).out).toContain(
      'the reservation goes on',
    )
    expect(await say('reservations', 'resume', work.decision_id, '--reason', 'again')).toMatchObject({ code: 1 })
    expect((await say('approvals', 'reject', waiting, '--reason', 'no')).out).toContain('rejected')
  })

  it('answers JSON as the server does, and refuses a verdict on another digest', async () => {
    const { decision_id } = await tested.service.evaluate(gateway, categorise({ arguments: { account: 'books' } }))
    const shown = await as(bea, 'approvals', 'show', decision_id, '--json')
    expect(JSON.parse(shown.out)).toEqual(JSON.parse(JSON.stringify(await tested.service.approval(bea, decision_id))))
    const wrong = await as(bea, 'approvals', 'approve', decision_id, '--reason', 'r', '--digest', 'a'.repeat(64))
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('another request') as unknown })
  })

  it('shows what looks like an injection in what a tool gave back, and who says so', async () => {
    const data = { confidence: 0.85, found_in: 'output', session: 'mail-7', confirmed: false } as const
    const { record_id } = await tested.service.ingestSignal(detectors, {
      signal: { class: 'injection_indicator', data },
      agent: 'finance-agent',
      origin: null,
      event_time: null,
      raw: {},
    })
    const asked = categorise({ arguments: { account: 'mail' }, context: { session: 'mail-7' } })
    const { decision_id } = await tested.service.evaluate(gateway, asked)
    const { out } = await as(bea, 'approvals', 'show', decision_id)
    expect(out).toMatch(
      new RegExp(`signs of injection.*\n +finance-agent .*confidence 0.85 +by credential:detectors +${record_id} `, 'u'),
    )
    expect(out).toContain(`injection_in_tool_output:${record_id}`)
  })

  it('needs a reason, a state that is one, and a server', async () => {
    expect(await as(bea, 'approvals', 'approve', 'x')).toMatchObject({ code: 64 })
    expect(await as(bea, 'approvals', 'list', '--state', 'open')).toMatchObject({
      code: 64,
      err: expect.stringContaining('pending') as unknown,
    })
    const alone = await run(['approvals', 'list', '--data-dir', files.path])
    expect(alone).toMatchObject({ code: 5, err: expect.stringContaining('people decide only through one') as unknown })
  })
})

describe('gradus overrides', () => {
  it('opens, lists, confirms and ends', async () => {
    const opened = await as(bea, 'overrides', 'open', 'support-agent', 'email:full', '--reason', 'outage', '--minutes', '10')
    expect(opened).toMatchObject({ code: 0, out: expect.stringContaining('in force until') as unknown })
    const { overrides } = await tested.service.overrides(bea)
    const { id } = overrides[0]!.override
    expect(opened.out).toContain(`gradus overrides confirm ${id}`)
    expect((await as(bea, 'overrides', 'list')).out).toMatch(
      new RegExp(`^${id} +support-agent +email:full +all +person:bea +no `, 'mu'),
    )
    expect(await as(bea, 'overrides', 'confirm', id)).toMatchObject({ code: 1 })
    expect((await as(cem, 'overrides', 'confirm', id)).out).toContain('behind it: person:bea, person:cem')
    expect((await as(cem, 'overrides', 'end', id)).out).toContain('ended')
    expect((await as(cem, 'overrides', 'list')).out).toBe('no override is in force\n')
    expect(await as(cem, 'overrides', 'end', id)).toMatchObject({ code: 3 })
  })

  it.each(['0', '61', '-5', 'soon', 'NaN'])('does not last %s minutes', async (minutes) => {
    expect(
      await as(bea, 'overrides', 'open', 'support-agent', 'email:full', '--reason', 'r', '--minutes', minutes),
    ).toMatchObject({ code: 64 })
  })
})
