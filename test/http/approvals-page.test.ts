import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { ServiceError } from '../../src/format/error.ts'
import { requestPage } from '../../src/http/approvals-page/request-view.ts'
import { createSessions, SESSION_IDLE_MS_MAX } from '../../src/http/approvals-page/sessions.ts'
import { caller } from '../support/callers.ts'
import { answerOf, ASKED_MS, DECISION_ID, SUMMARY, VIEW } from './approval-samples.ts'
import { raw, start, type Started, token } from './support.ts'

const PAGE = '/approvals'
const ONE = `${PAGE}/requests/${DECISION_ID}`
const credential = (id: string, more: object) => ({
  id,
  token_sha256: createHash('sha256').update(token(id)).digest('hex'),
  ...more,
})
const CREDENTIALS = [
  credential('alice', { roles: ['approver'], person: 'alice' }),
  credential('bot', { roles: ['approver', 'agent'], person: 'bot', agent: 'finance-agent' }),
]
const ANSWERS = {
  approvals: () => ({ approvals: [SUMMARY] }),
  approval: () => VIEW,
  decideApproval: (_caller: unknown, _id: unknown, report: { readonly verdict: 'approve' | 'reject' }) =>
    answerOf(report.verdict),
}

type Setup = { readonly answers?: object; readonly config?: object; readonly nowMs?: () => number }
const serving = ({ answers = {}, config = {}, nowMs = () => ASKED_MS }: Setup = {}): Promise<Started> =>
  start({ answers: { ...ANSWERS, ...answers }, config, credentials: CREDENTIALS, nowMs })

type Sent = { readonly status: number; readonly headers: Headers; readonly text: string }

async function send(url: string, path: string, init: RequestInit = {}): Promise<Sent> {
  const response = await fetch(`${url}${path}`, { redirect: 'manual', ...init })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

/** A form as a browser sends it from a page of ours; `headers` say otherwise. */
function submit(url: string, path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Sent> {
  const form = { origin: url, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded', ...headers }
  const given = Object.fromEntries(Object.entries(form).filter(([, value]) => value !== ''))
  return send(url, path, { method: 'POST', headers: given, body: new URLSearchParams(fields).toString() })
}

const cookieOf = ({ headers }: Sent): string => (headers.get('set-cookie') ?? '').split(';', 1).join('')
const formTokenOf = ({ text }: Sent): string => /name="form_token" value="([^"]+)"/u.exec(text)?.[1] ?? ''

/** alice, signed in, with the request open before her. */
async function signedIn(url: string): Promise<{ readonly cookie: string; readonly verdict: Record<string, string> }> {
  const cookie = cookieOf(await submit(url, `${PAGE}/sign-in`, { token: token('alice'), next: ONE }))
  const form_token = formTokenOf(await send(url, ONE, { headers: { cookie } }))
  return { cookie, verdict: { form_token, verdict: 'approve', reason: 'checked', request_digest: VIEW.request_digest } }
}

const decided = ({ calls }: Started) => calls.filter(({ verb }) => verb === 'decideApproval')

/** The source expression of the one element of this name in a page. */
function digestOf(name: string, text: string): string {
  const content = new RegExp(`<${name}[^>]*>([^]*?)</${name}>`, 'u').exec(text)?.[1] ?? ''
  return `sha256-${createHash('sha256').update(content).digest('base64')}`
}

describe('every page', () => {
  test('may load nothing, be framed by nobody, and is kept by nobody', async () => {
    const { url } = await serving()
    const { cookie } = await signedIn(url)
    for (const path of [PAGE, ONE, `${PAGE}/history`, `${PAGE}/agents/finance-agent`, `${PAGE}/nothing`, `${PAGE}/sign-in`]) {
      const { headers, text } = await send(url, path, { headers: { cookie } })
      expect(headers.get('content-security-policy')).toBe(
        `default-src 'none'; style-src '${digestOf('style', text)}'; script-src '${digestOf('script', text)}'; connect-src 'self'; ` +
          `form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
      )
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('referrer-policy')).toBe('same-origin')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(text.match(/<script/gu)).toHaveLength(1)
      expect(text).not.toMatch(/ on\w+="|style="|<img|<link|http:\/\/|https:\/\//u)
    }
  })

  test('that is not there, or not asked for like this, says so', async () => {
    const { url } = await serving()
    expect((await send(url, `${PAGE}/requests/%ff`)).status).toBe(404)
    expect((await send(url, `${PAGE}/requests/a/b`)).status).toBe(404)
    const { status, headers } = await send(url, `${PAGE}/sign-in`)
    expect([status, headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('is not served under a name that was rebound to this machine', async () => {
    const { url } = await serving()
    const ask = (host: string) => raw(url, [`GET ${PAGE} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`])
    expect(await ask('evil.example:8181')).toMatch(/^HTTP\/1\.1 403 /u)
    expect(await ask('localhost:8181')).toMatch(/^HTTP\/1\.1 200 /u)
  })
})

describe('signing in', () => {
  test('sets a cookie that no script reads and no other site sends, and leads where it was asked to', async () => {
    const { url } = await serving()
    const answer = await submit(url, `${PAGE}/sign-in`, { token: ` ${token('alice')}\n`, next: ONE })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, ONE])
    expect(answer.headers.get('set-cookie')).toMatch(
      /^gradus_approvals=[A-Za-z0-9_-]{43}; Path=\/approvals; HttpOnly; SameSite=Strict$/u,
    )
    expect((await send(url, PAGE, { headers: { cookie: cookieOf(answer) } })).text).toContain('1 request waits for approval')
  })

  test('behind a public URL, the cookie is for TLS and its path', async () => {
    const { url } = await serving({ config: { public_url: 'https://pdp.example/gradus' } })
    const answer = await submit(url, `${PAGE}/sign-in`, { token: token('alice') }, { origin: 'https://pdp.example' })
    expect(answer.headers.get('set-cookie')).toMatch(/; Path=\/gradus\/approvals; HttpOnly; SameSite=Strict; Secure$/u)
    expect(answer.headers.get('location')).toBe('/gradus/approvals')
  })

  test('over TLS, the cookie is for TLS, and the origin of a form is https', async () => {
    const folder = join(import.meta.dirname, 'tls')
    const tls = { certificate: join(folder, 'certificate.pem'), key: join(folder, 'key.pem') }
    const { url } = await serving({ config: { tls } })
    const submitOver = (origin: string): Promise<readonly [number | undefined, string | undefined]> =>
      new Promise((resolve, reject) => {
        const headers = { origin, 'content-type': 'application/x-www-form-urlencoded' }
        const options = { method: 'POST', headers, ca: readFileSync(tls.certificate), agent: false }
        const sent = request(`${url}${PAGE}/sign-in`, options, (answer) => {
          answer.resume()
          resolve([answer.statusCode, answer.headers['set-cookie']?.[0]])
        })
        sent.on('error', reject).end(`token=${token('alice')}`)
      })
    expect(await submitOver(url)).toEqual([303, expect.stringMatching(/; HttpOnly; SameSite=Strict; Secure$/u)])
    expect(await submitOver(url.replace('https:', 'http:'))).toEqual([403, undefined])
  })

  test.each(['//evil.example/approvals', 'https://evil.example', '/approvals/../metrics', '/approvals/sign-out', '/metrics', ''])(
    'never leads to %s',
    async (next) => {
      const { url } = await serving()
      const answer = await submit(url, `${PAGE}/sign-in`, { token: token('alice'), next })
      expect(answer.headers.get('location')).toBe(PAGE)
    },
  )

  test.each([
    ['nobody', 'The token is not known.', 403],
    ['auditor', 'may not &quot;approve&quot;.', 403],
    ['approver', 'belongs to no named person.', 403],
    ['bot', 'and no agent may &quot;approve&quot;.', 403],
  ])('refuses %s: %s', async (id, message, status) => {
    const { url, log } = await serving()
    const answer = await submit(url, `${PAGE}/sign-in`, { token: token(id) })
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([status, null])
    expect(answer.text).toContain(message)
    expect(log).toMatchObject([{ level: 'warn', event: 'approvals_sign_in_refused' }])
    expect(JSON.stringify(log) + answer.text).not.toContain(token(id))
  })

  test('is limited for tokens that nobody has, and the right one signs in whatever others tried from its address', async () => {
    const { url, log } = await serving()
    for (let at = 0; at < 10; at += 1) expect((await submit(url, `${PAGE}/sign-in`, { token: 'guess' })).status).toBe(403)
    for (let at = 0; at < 50; at += 1) {
      const answer = await submit(url, `${PAGE}/sign-in`, { token: `guess-${at}` })
      expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('set-cookie')]).toEqual([429, '5', null])
    }
    expect(log).toHaveLength(10)
    const signed = await submit(url, `${PAGE}/sign-in`, { token: token('alice') })
    expect([signed.status, cookieOf(signed) === '']).toEqual([303, false])
  })

  test('is asked for, and offered to go on where another site led here', async () => {
    const { url, calls } = await serving()
    const here = await send(url, ONE)
    expect(here.text).toContain(`name="next" value="${ONE}"`)
    expect(here.text).not.toContain('go on to the page')
    expect((await send(url, ONE, { headers: { 'sec-fetch-site': 'cross-site' } })).text).toContain(
      `<a href="${ONE}">go on to the page</a>`,
    )
    expect(calls).toEqual([])
  })

  test('ends with signing out, with a new signing in, and with time', async () => {
    let now = ASKED_MS
    const { url } = await serving({ nowMs: () => now })
    const isIn = async (cookie: string) => (await send(url, PAGE, { headers: { cookie } })).text.includes('Signed in as')
    const first = await signedIn(url)
    const out = await submit(url, `${PAGE}/sign-out`, { form_token: first.verdict['form_token'] ?? '' }, { cookie: first.cookie })
    expect([out.status, out.headers.get('location')]).toEqual([303, PAGE])
    expect(out.headers.get('set-cookie')).toMatch(/^gradus_approvals=; .*Max-Age=0$/u)
    expect(await isIn(first.cookie)).toBe(false)
    const second = await signedIn(url)
    const third = cookieOf(await submit(url, `${PAGE}/sign-in`, { token: token('alice') }, { cookie: second.cookie }))
    expect([await isIn(second.cookie), await isIn(third)]).toEqual([false, true])
    now += SESSION_IDLE_MS_MAX
    expect(await isIn(third)).toBe(false)
  })
})

describe('a verdict', () => {
  test('is given with a reason about what was shown, and confirmed on the next page, once', async () => {
    const started = await serving()
    const { url } = started
    const { cookie, verdict } = await signedIn(url)
    const answer = await submit(url, ONE, { ...verdict, reason: 'first line\r\nsecond' }, { cookie })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, ONE])
    expect(decided(started)).toMatchObject([
      {
        caller: { credential: 'alice', person: 'alice' },
        args: [DECISION_ID, { verdict: 'approve', reason: 'first line\nsecond', request_digest: VIEW.request_digest }],
      },
    ])
    const told = 'Your approval is recorded. One more person has to approve.'
    expect((await send(url, ONE, { headers: { cookie } })).text).toContain(told)
    expect((await send(url, ONE, { headers: { cookie } })).text).not.toContain(told)
  })

  test.each([
    ['approve', { state: 'approved' as const }, 'it may run once, 15 min 0 s left'],
    ['approve', { approvers_needed: 3 }, '2 more people have to approve'],
    ['reject', {}, 'Your rejection is recorded. The request cannot run.'],
  ] as const)('to %s says what it came to: %j', async (verdict, more, told) => {
    const { url } = await serving({ answers: { decideApproval: () => answerOf(verdict, more) } })
    const session = await signedIn(url)
    await submit(url, ONE, { ...session.verdict, verdict }, { cookie: session.cookie })
    expect((await send(url, ONE, { headers: { cookie: session.cookie } })).text).toContain(told)
  })

  test.each([
    ['without a reason', '', 'Give a reason'],
    ['with a blank reason', '  \r\n', 'Give a reason'],
    ['with too long a reason', 'x'.repeat(1_001), 'page.reason_chars_max'],
  ])('%s is asked for again, with what was typed', async (_name, reason, told) => {
    const started = await serving()
    const { cookie, verdict } = await signedIn(started.url)
    const answer = await submit(started.url, ONE, { ...verdict, reason }, { cookie })
    expect(answer.status).toBe(400)
    expect(answer.text).toContain(told)
    expect(answer.text).toContain(`\n${reason.replaceAll('\r\n', '\n')}</textarea>`)
    expect(decided(started)).toEqual([])
  })

  test.each([
    ['no form token', { form_token: '' }, {}, 403, 'not one of your session'],
    ['another form token', { form_token: 'x'.repeat(43) }, {}, 403, 'not one of your session'],
    ['no cookie', {}, { cookie: '' }, 403, 'not signed in any more'],
    ['another cookie', {}, { cookie: `gradus_approvals=${'x'.repeat(43)}` }, 403, 'not signed in any more'],
    ['another origin', {}, { origin: 'http://evil.example' }, 403, 'not sent by a page of this server'],
    ['another port of this machine', {}, { origin: 'http://127.0.0.1:1' }, 403, 'not sent by a page of this server'],
    ['no origin at all', {}, { origin: '', 'sec-fetch-site': '' }, 403, 'not sent by a page of this server'],
    ['the origin null', {}, { origin: 'null' }, 403, 'not sent by a page of this server'],
    ['another site as its sender', {}, { 'sec-fetch-site': 'same-site' }, 403, 'not sent by a page of this server'],
    ['no digest', { request_digest: '' }, {}, 400, 'The form is not complete'],
    ['no verdict', { verdict: 'yes' }, {}, 400, 'The form is not complete'],
    ['JSON', {}, { 'content-type': 'application/json' }, 415, 'This is not a form'],
    ['plain text', {}, { 'content-type': 'text/plain' }, 415, 'This is not a form'],
    ['too many bytes', { more: 'x'.repeat(40_000) }, {}, 413, 'too large'],
  ])('with %s is refused, and nothing is asked of the service', async (_name, fields, headers, status, told) => {
    const started = await serving()
    const { cookie, verdict } = await signedIn(started.url)
    const answer = await submit(started.url, ONE, { ...verdict, ...fields }, { cookie, ...headers })
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(told)
    expect(decided(started)).toEqual([])
  })

  test('with a field twice is refused', async () => {
    const started = await serving()
    const { cookie, verdict } = await signedIn(started.url)
    const body = `${new URLSearchParams(verdict).toString()}&verdict=reject`
    const headers = { origin: started.url, cookie, 'content-type': 'application/x-www-form-urlencoded' }
    expect((await send(started.url, ONE, { method: 'POST', headers, body })).status).toBe(400)
    expect(decided(started)).toEqual([])
  })

  test('with the form of another session is refused', async () => {
    const started = await serving()
    const [mine, other] = [await signedIn(started.url), await signedIn(started.url)]
    expect((await submit(started.url, ONE, other.verdict, { cookie: mine.cookie })).status).toBe(403)
    expect(decided(started)).toEqual([])
  })

  test('after the session is over is refused', async () => {
    let now = ASKED_MS
    const started = await serving({ nowMs: () => now })
    const { cookie, verdict } = await signedIn(started.url)
    now += SESSION_IDLE_MS_MAX
    const answer = await submit(started.url, ONE, verdict, { cookie })
    expect([answer.status, answer.text.includes('nothing was done')]).toEqual([403, true])
    expect(decided(started)).toEqual([])
  })

  test('counts as a report of its credential', async () => {
    const started = await serving({ config: { rates: { reports: { per_second: 1, burst: 1 } } } })
    const { cookie, verdict } = await signedIn(started.url)
    expect((await submit(started.url, ONE, verdict, { cookie })).status).toBe(303)
    expect((await submit(started.url, ONE, verdict, { cookie })).status).toBe(429)
  })

  test('that the service refuses is told as a page; a failure of ours tells nothing and is logged', async () => {
    const refusals: unknown[] = [
      new ServiceError('forbidden', '"alice" asked for this approval <b>'),
      new TypeError('secret of the stack'),
    ]
    const started = await serving({
      answers: {
        decideApproval: () => {
          throw refusals.shift() as Error
        },
      },
    })
    const { cookie, verdict } = await signedIn(started.url)
    const refused = await submit(started.url, ONE, verdict, { cookie })
    expect([refused.status, refused.text.includes('asked for this approval &lt;b&gt;.')]).toEqual([403, true])
    const failed = await submit(started.url, ONE, verdict, { cookie })
    expect([failed.status, failed.text.includes('secret of the stack')]).toEqual([500, false])
    expect(started.log.at(-1)).toMatchObject({ level: 'error', handler: 'approvalsPage', message: 'secret of the stack' })
  })

  test('that takes too long is answered in time', async () => {
    const started = await serving({
      config: { request_timeout_ms: 150 },
      answers: { decideApproval: () => new Promise(() => undefined) },
    })
    const { cookie, verdict } = await signedIn(started.url)
    const answer = await submit(started.url, ONE, verdict, { cookie })
    expect([answer.status, answer.text.includes('may have been recorded')]).toEqual([503, true])
  })
})

describe('letting a paused request go on', () => {
  const pause = { cause: 'demotion', id: 'payments:full:7', since: '2026-03-02T10:00:30.000Z', resumed_by: [] } as const
  const paused = { ...VIEW, paused: `demotion:${pause.id}`, pauses: [pause], resumption: { refusal: null } }
  const FORM = `${ONE}/resumption`
  const said = { of: 'approval', resumed: true, people: ['alice', 'bob'], people_needed: 2 }
  const resumed = ({ calls }: Started) => calls.filter(({ verb }) => verb === 'resumeDecision')
  const open = async ({ answers = {}, ...more }: Setup = {}) => {
    const started = await serving({ answers: { approval: () => paused, resumeDecision: () => said, ...answers }, ...more })
    const { cookie, verdict } = await signedIn(started.url)
    const { form_token = '' } = verdict
    return { started, url: started.url, cookie, word: { form_token, reason: 'looked into it', pauses: pause.id } }
  }

  test('is a form with a reason and the pauses that are shown; what it came to is said once', async () => {
    const { started, url, cookie, word } = await open()
    const shown = await send(url, ONE, { headers: { cookie } })
    expect(shown.text).toContain(`action="${FORM}"`)
    expect(shown.text).toContain(`name="pauses" value="${pause.id}"`)
    const answer = await submit(url, FORM, word, { cookie })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, ONE])
    expect(resumed(started)).toMatchObject([
      { caller: { credential: 'alice' }, args: [DECISION_ID, { reason: 'looked into it', pauses: [pause.id] }] },
    ])
    const notice = 'Your word is recorded. The request goes on.'
    expect((await send(url, ONE, { headers: { cookie } })).text).toContain(notice)
    expect((await send(url, ONE, { headers: { cookie } })).text).not.toContain(notice)
  })

  test.each([
    [1, 'One more person has to say that it goes on.'],
    [2, '2 more people have to say that it goes on.'],
  ])('says that %i more have to', async (missing, told) => {
    const answer = { ...said, resumed: false, people: ['alice'], people_needed: 1 + missing }
    const { url, cookie, word } = await open({ answers: { resumeDecision: () => answer } })
    await submit(url, FORM, word, { cookie })
    expect((await send(url, ONE, { headers: { cookie } })).text).toContain(told)
  })

  test('is offered to nobody who may not: the page says why, and who said so', async () => {
    const held = [{ ...pause, resumed_by: ['alice', '<b>'] }]
    const refusal = '"alice" has already said so; a second person has to be another one'
    const { url, cookie } = await open({ answers: { approval: () => ({ ...paused, pauses: held, resumption: { refusal } }) } })
    const { text } = await send(url, ONE, { headers: { cookie } })
    expect(text).not.toContain('/resumption"')
    expect(text).toContain('has already said so; a second person has to be another one.')
    expect(text).toContain('<bdi>alice</bdi>, <bdi>&lt;b&gt;</bdi> said that it goes on; 2 different people have to.')
  })

  test('is not offered where nothing is paused', async () => {
    const { url, cookie } = await open({ answers: { approval: () => VIEW } })
    expect((await send(url, ONE, { headers: { cookie } })).text).not.toContain('Why it goes on')
  })

  test.each([
    ['', 'Give a reason'],
    ['x'.repeat(1_001), '1001 characters'],
  ])('takes a reason that is neither empty nor too long, and keeps what was typed', async (reason, told) => {
    const { started, url, cookie, word } = await open()
    const answer = await submit(url, FORM, { ...word, reason }, { cookie })
    expect([answer.status, answer.text.includes(told)]).toEqual([400, true])
    expect(answer.text).toContain(`value="${reason}"`)
    expect(resumed(started)).toEqual([])
  })

  test.each([
    ['no form token', { form_token: '' }, {}, 403, 'not one of your session'],
    ['no cookie', {}, { cookie: '' }, 403, 'not signed in any more'],
    ['another origin', {}, { origin: 'http://evil.example' }, 403, 'not sent by a page of this server'],
    ['no pauses', { pauses: '' }, {}, 400, 'The form is not complete'],
    ['JSON', {}, { 'content-type': 'application/json' }, 415, 'This is not a form'],
  ])('with %s is refused, and nothing is asked of the service', async (_name, fields, headers, status, told) => {
    const { started, url, cookie, word } = await open()
    const answer = await submit(url, FORM, { ...word, ...fields }, { cookie, ...headers })
    expect([answer.status, answer.text.includes(told)]).toEqual([status, true])
    expect(resumed(started)).toEqual([])
  })

  test('leads to the request where the session was over, is never read, and counts as a report', async () => {
    const { url, cookie, word } = await open({ config: { rates: { reports: { per_second: 1, burst: 1 } } } })
    const over = await submit(url, FORM, word, {})
    expect([over.status, over.text.includes(`name="next" value="${ONE}"`)]).toEqual([403, true])
    const { status, headers } = await send(url, FORM, { headers: { cookie } })
    expect([status, headers.get('allow')]).toEqual([405, 'POST'])
    expect((await send(url, `${PAGE}/agents/finance-agent/resumption`, { headers: { cookie } })).status).toBe(404)
    expect((await submit(url, FORM, word, { cookie })).status).toBe(303)
    expect((await submit(url, FORM, word, { cookie })).status).toBe(429)
  })
})

const { session } = createSessions(() => ASKED_MS).open(caller('alice', { person: 'alice' }), 'person:alice')
const shown = (more: object = {}, then: object = {}): string =>
  requestPage({ base: PAGE, session }, { ...VIEW, ...more }, ASKED_MS, then).body

const INJECTION = {
  agent: 'mail-reader',
  record_id: 'r-7',
  decision_id: 'd-6',
  action: 'read_email',
  by: 'gradus:detectors',
  confidence: 0.9,
  reason: 'signs of prompt injection in the output',
  at: '2026-03-02T09:58:00.000Z',
  until: '2026-03-09T09:58:00.000Z',
}

describe('the page of one request', () => {
  test('shows the arguments, the rest, the terms, risk, trust, the way back, and the time left', () => {
    const text = shown().replaceAll(/\s+/gu, ' ')
    for (const part of [
      '<bdi>&quot;amount&quot;</bdi>: 900',
      '<bdi>&quot;operations&quot;</bdi>',
      'high risk concedes at most require_approval',
      'named_approver (pdp), amount_max 10000, recipient_domains example.org',
      'amount-over-100',
      'payee.known',
      '0.41 of 1, in payments:full',
      'L1 suggest',
      'behaviour',
      'Can be undone with effort. Whoever runs it keeps a rollback handle; none is on record yet.',
      '2026-03-02 12:00:00 UTC',
      '15 min 0 s left',
      '0 of 2 approvals',
      VIEW.request_digest,
      DECISION_ID,
    ])
      expect(text.includes(part), part).toBe(true)
  })

  test('shows what looks like an injection in what a tool gave back: which, when, who says so, and how sure', () => {
    expect(shown()).not.toContain('Signs of injection')
    const text = shown({ injections: [INJECTION, { ...INJECTION, action: null }] }).replaceAll(/\s+/gu, ' ')
    for (const part of [
      'Signs of injection in what tools gave back',
      'Approve only what you would want without that text',
      '<bdi>read_email</bdi>',
      'confidence 0.9, says <bdi>gradus:detectors</bdi> of what was given to <bdi>mail-reader</bdi>',
      '2026-03-02 09:58:00 UTC',
      'signs of prompt injection in the output',
      '<code>r-7</code>',
      '<dt><bdi>mail-reader</bdi></dt>',
    ])
      expect(text.includes(part), part).toBe(true)
  })

  test.each([
    ['whose request is an odd thing', { request: 7 }, 'The request has no arguments.'],
    ['that is masked', { payload: 'masked' }, 'hides parts of this request'],
    [
      'that is masked, with names and types,',
      { payload: 'masked', masked: { '/request/context/pin': 'string' } },
      '<pre id="masked" aria-label="What is hidden: names and types">{',
    ],
    ['that is erased', { payload: 'erased' }, 'It cannot be approved.'],
    ['without an agent', { agent: null, trust: null }, 'there is no trust to weigh'],
    ['without rules', { risk: { ...VIEW.risk, rules: [], unavailable: [] } }, 'No rule fired'],
    ['that cannot be undone', { rollback: { ...VIEW.rollback, reversibility: 9, kept: 'not_needed' } }, 'Cannot be undone.'],
    ['that ran with its handle', { rollback: { ...VIEW.rollback, kept: 'kept', handle: 'crm-4711' } }, 'handle is crm-4711.'],
    [
      'that ran without a handle',
      { rollback: { ...VIEW.rollback, reversibility: 2, kept: 'missing' } },
      'No rollback handle was kept.',
    ],
    ['that one person decides', { approvers_needed: 1 }, 'One person has to approve.'],
  ])('%s says so', (_name, more, told) => {
    expect(shown(more)).toContain(told)
  })

  test.each([
    ['approved', 'may run it once'],
    ['rejected', 'is rejected'],
    ['expired', 'time for this request is over'],
    ['withdrawn', 'was withdrawn'],
    ['redeemed', 'was used'],
  ])('that is %s offers no verdict', (state, told) => {
    expect(shown({ state })).toContain(told)
    expect(shown({ state })).not.toContain('name="verdict"')
  })

  test('offers no verdict on what is erased', () => {
    expect(shown({ payload: 'erased' })).not.toContain('name="verdict"')
  })

  test('offers no second verdict', () => {
    const { votes } = answerOf('approve').approval
    expect(shown({ votes })).toContain('Another person has to decide')
    expect(shown({ votes })).not.toContain('name="verdict"')
  })

  test('has the same markup whatever names, arguments and reasons say', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.constantFrom(
        '</pre><script>x</script>',
        '"><b a="',
        "' onload='",
        '</textarea></form><form action=//x>',
        '<!--',
        '&lt;',
        '\u202E<',
      ),
    )
    const tags = (text: string): readonly string[] =>
      [...text.replaceAll(/<mark>U\+[0-9A-F]{4,6}<\/mark>|<br ?\/?>/gu, '').matchAll(/<[^>]*>/gu)].map(([tag]) =>
        tag.replaceAll(/="[^"]*"/gu, '=""'),
      )
    const made = (text: string): string =>
      shown(
        {
          agent: text,
          human: text,
          requester: text,
          action: text,
          request: { action: { name: text, properties: { arguments: { [`k${text}`]: text } } }, subject: [text] },
          ceilings: [
            {
              source: 'base',
              outcome: 'deny',
              reason: text,
              obligations: [{ id: text, performer: 'pep' }],
              guardrails: { [text]: 1 },
            },
          ],
          risk: { points: 1, band: 'low', rules: [{ id: text, document: text, points: 1, reason: text }], unavailable: [text] },
          injections: [{ ...INJECTION, agent: text, action: text, by: text, reason: text, record_id: text }],
          advice: [{ by: text, class: text, at: VIEW.requested_at, reason: text }],
          votes: [
            { person: text === 'person:alice' ? 'person:bob' : text, verdict: 'reject', reason: text, at: VIEW.requested_at },
          ],
        },
        { notice: text, refused: { reason: text, problem: text } },
      )
    const plain = tags(made('plain'))
    fc.assert(
      fc.property(hostile, (text) => {
        expect(tags(made(text))).toEqual(plain)
      }),
    )
  })
})

describe('the list', () => {
  test('has who has the least time left first, what is done apart, and nothing where nothing waits', async () => {
    const later = { ...SUMMARY, decision_id: 'later', ends_at: '2026-03-02T13:30:00.000Z' }
    const soon = {
      ...SUMMARY,
      decision_id: 'soon',
      human: 'carol',
      ends_at: '2026-03-02T10:00:30.000Z',
      votes: answerOf('approve').approval.votes,
    }
    const done = { ...SUMMARY, decision_id: 'done', agent: null, state: 'approved', ends_at: '2026-03-02T09:00:00.000Z' }
    const lists = [[later, soon, done], []]
    let shown = -1
    const { url } = await serving({ answers: { approvals: () => ({ approvals: lists[shown] ?? [] }) } })
    const { cookie } = await signedIn(url)
    shown = 0
    const { text } = await send(url, PAGE, { headers: { cookie } })
    expect(text).toContain('2 requests wait for approval')
    const places = [
      '30 s left',
      'you have decided',
      '3 h 30 min left',
      'needs your decision',
      'Approved, not yet used</h2>',
      'no time left',
    ]
    expect(places.map((part) => text.indexOf(part)).every((at, index, all) => at > (all[index - 1] ?? 0))).toBe(true)
    shown = 1
    expect((await send(url, PAGE, { headers: { cookie } })).text).toContain('Nothing waits for you.')
  })
})
