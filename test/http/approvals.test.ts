import { describe, expect, test } from 'vitest'

import { ServiceError } from '../../src/format/error.ts'
import type { Endpoint } from '../../src/http/endpoint-shape.ts'
import { ENDPOINTS } from '../../src/http/endpoints.ts'
import { type LogEntry, loudObserver } from '../../src/http/log.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { answerOf, DECISION_ID, SUMMARY, VIEW } from './approval-samples.ts'
import { bearer, get, post, start } from './support.ts'

const list = '/api/v1/approvals'
const one = `/api/v1/decisions/${DECISION_ID}/approvals`
const overrides = '/api/v1/overrides'
const OVERRIDE = { agent: 'support-agent', scope: 'payments:full', reason: 'outage', minutes: 30 }

describe('approvals', () => {
  test('are listed, by state where asked', async () => {
    const { url, calls } = await start({ answers: { approvals: () => ({ approvals: [SUMMARY] }) } })
    expect(await get(`${url}${list}`, bearer('approver'))).toMatchObject({ status: 200, body: { approvals: [SUMMARY] } })
    await get(`${url}${list}?state=pending`, bearer('approver'))
    expect(calls.map(({ verb, args }) => [verb, args])).toEqual([
      ['approvals', [{}]],
      ['approvals', [{ state: 'pending' }]],
    ])
  })

  test.each(['state=open', 'state=pending&state=approved', 'stat=pending'])('are not listed by ?%s', async (query) => {
    const { url, calls } = await start()
    expect((await get(`${url}${list}?${query}`, bearer('approver'))).status).toBe(400)
    expect(calls).toEqual([])
  })

  test('are read one by one, and decided with a reason', async () => {
    const { url, calls } = await start({ answers: { approval: () => VIEW, decideApproval: () => answerOf('approve') } })
    expect((await get(`${url}${one}`, bearer('approver'))).body).toEqual(VIEW)
    const report = { verdict: 'approve', reason: ' checked ', request_digest: VIEW.request_digest }
    expect(await post(`${url}${one}`, report, bearer('approver'))).toMatchObject({ status: 200, body: answerOf('approve') })
    expect(calls.at(-1)).toMatchObject({
      verb: 'decideApproval',
      caller: { credential: 'approver' },
      args: [DECISION_ID, { ...report, reason: 'checked' }],
    })
  })

  test.each([
    ['no reason', { verdict: 'approve' }],
    ['an empty reason', { verdict: 'approve', reason: ' ' }],
    ['another verdict', { verdict: 'maybe', reason: 'x' }],
    ['half a digest', { verdict: 'approve', reason: 'x', request_digest: 'd' }],
    ['a name of its own', { verdict: 'approve', reason: 'x', person: 'carol' }],
  ])('are not decided with %s', async (_name, report) => {
    const { url, calls } = await start()
    expect((await post(`${url}${one}`, report, bearer('approver'))).status).toBe(400)
    expect(calls).toEqual([])
  })

  test('are withdrawn with a reason or without a body', async () => {
    const { url, calls } = await start()
    expect((await post(`${url}${one}/withdrawal`, { reason: 'cancelled' }, bearer('approver'))).status).toBe(200)
    expect((await fetch(`${url}${one}/withdrawal`, { method: 'POST', headers: bearer('approver') })).status).toBe(200)
    expect(calls.map(({ verb, args }) => [verb, args])).toEqual([
      ['withdrawApproval', [DECISION_ID, { reason: 'cancelled' }]],
      ['withdrawApproval', [DECISION_ID, {}]],
    ])
  })

  test('go on after a pause with a reason, and what was let run is listed', async () => {
    const resumed = { decision_id: DECISION_ID, of: 'approval', resumed: true, people: ['bea'], people_needed: 1 }
    const place = { record_id: DECISION_ID, leaf_index: 1, state_version: 2 }
    const { url, calls } = await start({
      answers: {
        resumeDecision: () => ({ ...resumed, ...place }),
        reservations: () => ({ agent: 'finance-agent', reservations: [], total: 0 }),
      },
    })
    const path = `${url}/api/v1/decisions/${DECISION_ID}/resumption`
    expect(await post(path, { reason: 'read it' }, bearer('approver'))).toMatchObject({ status: 200, body: resumed })
    for (const report of [{}, { reason: ' ' }, { reason: 'x', people: 2 }])
      expect((await post(path, report, bearer('approver'))).status).toBe(400)
    const listed = await get(`${url}/api/v1/agents/finance-agent/reservations`, bearer('approver'))
    expect(listed).toMatchObject({ status: 200, body: { agent: 'finance-agent', total: 0 } })
    expect(calls.map(({ verb, args }) => [verb, args])).toEqual([
      ['resumeDecision', [DECISION_ID, { reason: 'read it' }]],
      ['reservations', ['finance-agent']],
    ])
  })

  test('are refused as the service says', async () => {
    const refuse = () => {
      throw new ServiceError('conflict', 'the approval is over: expired', { fix: 'let the request be asked anew' })
    }
    const { url } = await start({ answers: { decideApproval: refuse } })
    expect(await post(`${url}${one}`, { verdict: 'approve', reason: 'x' }, bearer('approver'))).toMatchObject({
      status: 409,
      body: { code: 'conflict', detail: 'the approval is over: expired' },
    })
  })
})

describe('overrides', () => {
  test('are listed, opened, confirmed and ended', async () => {
    const { url, calls } = await start()
    await get(`${url}${overrides}`, bearer('approver'))
    expect((await post(`${url}${overrides}`, OVERRIDE, bearer('approver'))).status).toBe(201)
    for (const [path, method] of [
      ['o-1/confirmations', 'POST'],
      ['o-1', 'DELETE'],
    ] as const)
      expect((await get(`${url}${overrides}/${path}`, bearer('approver'), method)).status).toBe(200)
    expect(calls.map(({ verb, args }) => [verb, args])).toEqual([
      ['overrides', []],
      ['openOverride', [OVERRIDE]],
      ['confirmOverride', ['o-1']],
      ['endOverride', ['o-1']],
    ])
  })

  test.each([
    ['no end', { minutes: undefined }],
    ['more than an hour', { minutes: 61 }],
    ['no time at all', { minutes: 0 }],
    ['no reason', { reason: '' }],
    ['no such scope', { scope: 'payments' }],
  ])('are not opened with %s', async (_name, change) => {
    const { url, calls } = await start()
    expect((await post(`${url}${overrides}`, { ...OVERRIDE, ...change }, bearer('approver'))).status).toBe(400)
    expect(calls).toEqual([])
  })
})

/** Every URL that has to do with approvals or overrides, the page's among them. */
const URLS = [
  ...(Object.values(ENDPOINTS) as Endpoint[])
    .map(({ path }) => path.replaceAll(/\{[a-z]+\}/gu, DECISION_ID))
    .filter((path) => /approvals|overrides/u.test(path)),
  ...['', '/', '/sign-in', '/sign-out', `/requests/${DECISION_ID}`, `/requests/${DECISION_ID}/approve`].map(
    (path) => `/approvals${path}`,
  ),
]
const READS = ['approvals', 'approval', 'overrides']

describe('what follows links', () => {
  test.each([...new Set(URLS)])('decides nothing: %s', async (path) => {
    const { url, calls } = await start({ answers: { approval: () => VIEW, approvals: () => ({ approvals: [SUMMARY] }) } })
    const tempting = '?verdict=approve&reason=x&_method=POST'
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH'])
      for (const query of ['', tempting]) {
        const override = { 'x-http-method-override': 'POST', ...bearer('approver') }
        const { status } = await get(`${url}${path}${query}`, override, method)
        expect([200, 400, 404, 405], `${method} ${path}${query}`).toContain(status)
        if (method !== 'GET') expect([404, 405], `${method} ${path}`).toContain(status)
      }
    expect(calls.filter(({ verb }) => !READS.includes(verb))).toEqual([])
  })
})

describe('what is said about people', () => {
  test('becomes the documented series', async () => {
    const { observer, text } = createMetrics()
    observer({ kind: 'would', protocol: 'opa', base: 'allow', outcome: 'deny', limiting: 'trust' })
    observer({ kind: 'mode_loosened', lines: 2 })
    observer({ kind: 'approval', verdict: 'approve', seconds: 45 })
    observer({ kind: 'approval', verdict: 'reject', seconds: 5 })
    observer({ kind: 'override', verb: 'open_override' })
    const written = await text()
    for (const line of [
      'gradus_would_total{protocol="opa",base="allow",would="deny",limiting="trust"} 1',
      'gradus_mode_loosened_total 2',
      'gradus_approvals_total{verdict="approve"} 1',
      'gradus_approvals_total{verdict="reject"} 1',
      'gradus_approval_seconds_bucket{le="60",verdict="approve"} 1',
      'gradus_approval_seconds_sum{verdict="reject"} 5',
      'gradus_overrides_total{verb="open_override"} 1',
    ])
      expect(written).toContain(line)
  })

  test('is logged aloud where less is enforced or somebody took over, and only then', () => {
    const lines: LogEntry[] = []
    const observer = loudObserver((line) => lines.push(line))
    observer({ kind: 'mode_loosened', lines: 2 })
    observer({ kind: 'override', verb: 'confirm_override' })
    observer({ kind: 'approval', verdict: 'approve', seconds: 45 })
    expect(lines).toMatchObject([
      { level: 'warn', event: 'mode_loosened', lines: 2 },
      { level: 'warn', event: 'override', verb: 'confirm_override' },
    ])
  })
})
