import { describe, expect, it } from 'vitest'

import { LOG_REHEARSAL, PROBLEMS_MAX } from '../../src/decisions/opa-log/ingest-log.ts'
import type { LogLine } from '../../src/decisions/opa-log/wire.ts'
import { policySetOf, replayDecision } from '../../src/decisions/replay.ts'
import type { Request } from '../../src/model/request.ts'
import { restorePolicySet } from '../../src/rego/assemble-policy-set.ts'
import { ask, caller, gateway, inTenant, operator, request, verifier } from '../support/callers.ts'
import { testService, type TestService } from '../support/test-service.ts'

const uploader = caller('opa', { roles: ['log_uploader'] })
const scope = 'bookkeeping:light'
const categorise = request('finance-agent', 'categorise_expense')

const entry = (decision_id: string, input: Request | object = categorise, more: object = {}) => ({
  labels: { id: 'a', version: '1.22.0' },
  decision_id,
  timestamp: '2026-03-02T09:59:00.000Z',
  path: 'authz/allow',
  input,
  result: true,
  ...more,
})

async function* lines(...values: readonly unknown[]): AsyncGenerator<LogLine> {
  for (const value of values) yield Promise.resolve({ ok: true as const, value })
}

const decisions = async ({ store }: TestService) => (await store.query({ kinds: ['decision'], limit: 1_000 })).map((each) => each)

describe('an uploaded decision', () => {
  it('is recorded as observed: what OPA answered is the base and the answer, and the rest is what would have been', async () => {
    const tested = await testService()
    expect(await tested.service.ingestLog(uploader, lines(entry('one'), entry('two', categorise, { result: false })))).toEqual({
      received: 2,
      recorded: 2,
      repeated: 0,
      rejected: 0,
      problems: [],
    })
    const [allowed, denied] = await decisions(tested)
    expect(allowed?.record).toMatchObject({
      agent: 'finance-agent',
      action: 'categorise_expense',
      outcome: 'allow',
      actor: 'credential:opa',
      body: {
        protocol: 'opa-log',
        facts: { mode: { mode: 'observe' } },
        base: { kind: 'value', value: true },
        decision: { outcome: 'allow', ceilings: [{ source: 'base' }] },
        would: { decision: { outcome: 'deny' }, rehearsal: LOG_REHEARSAL },
        opa: { decision_id: 'one', timestamp: '2026-03-02T09:59:00.000Z', path: 'authz/allow' },
      },
    })
    expect(denied?.record.outcome).toBe('deny')
    expect(tested.observations.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['decision', 'would']))
  })

  it('says what ran there, also where a person contained the agent here', async () => {
    const tested = await testService()
    await tested.service.contain(operator, { target: { kind: 'agent', agent: 'finance-agent' }, reason: 'stop' })
    await tested.service.ingestLog(uploader, lines(entry('one')))
    const [stored] = await decisions(tested)
    expect(stored?.record.outcome).toBe('allow')
    expect(stored?.record.body['would']).toMatchObject({ decision: { outcome: 'deny' } })
  })

  it('is recorded once, however often its chunk is sent, also at the same time; another uploader or tenant has its own', async () => {
    const tested = await testService()
    const upload = (who = uploader) => tested.service.ingestLog(who, lines(entry('one'), entry('two'), entry('one')))
    const both = await Promise.all([upload(), upload()])
    expect(both.map(({ recorded }) => recorded).reduce((sum, count) => sum + count)).toBe(2)
    expect(await upload()).toMatchObject({ received: 3, recorded: 0, repeated: 3 })
    expect(await upload(inTenant(uploader, 'acme'))).toMatchObject({ recorded: 2, repeated: 1 })
    expect(await upload(caller('other', { roles: ['log_uploader'] }))).toMatchObject({ recorded: 2 })
  })

  it('is refused to whoever shows no credential, and to other roles', async () => {
    const { service } = await testService()
    await expect(service.ingestLog(caller(null), lines(entry('one')))).rejects.toMatchObject({ code: 'unauthenticated' })
    await expect(service.ingestLog(verifier, lines(entry('one')))).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('that cannot be read is told, and the others are taken', async () => {
    const tested = await testService()
    const bad = [
      7,
      { decision_id: 'x' },
      entry('erased', categorise, { erased: ['/input/subject'] }),
      entry('masked', categorise, { masked: ['/result'] }),
      entry('failed', categorise, { error: { code: 'eval_conflict_error' } }),
      entry('text', categorise, { result: 'yes' }),
      entry('nobody', { user: 'ann' }),
    ]
    const answer = await tested.service.ingestLog(uploader, lines(...bad, entry('good')))
    expect(answer).toMatchObject({ received: 8, recorded: 1, rejected: 7 })
    expect(answer.problems.map(({ index, decision_id, reason }) => [index, decision_id, reason])).toEqual([
      [0, null, 'no_entry'],
      [1, null, 'no_entry'],
      [2, 'erased', 'erased'],
      [3, 'masked', 'masked'],
      [4, 'failed', 'failed'],
      [5, 'text', 'no_decision'],
      [6, 'nobody', 'no_request'],
    ])
    const many = await tested.service.ingestLog(uploader, lines(...Array.from({ length: 100 }, () => 7)))
    expect([many.rejected, many.problems.length]).toEqual([100, PROBLEMS_MAX])
  })

  it('whose result is undefined was denied there', async () => {
    const tested = await testService()
    await tested.service.ingestLog(uploader, lines({ ...entry('one'), result: undefined }))
    expect((await decisions(tested))[0]?.record).toMatchObject({ outcome: 'deny', body: { base: { kind: 'undefined' } } })
  })

  it('of a foreign input is read by the mapping', async () => {
    const mapping = { subject: '/who', action: '/method', resource: '/url', arguments: '/body' }
    const tested = await testService({ config: { base: { mapping } } })
    const foreign = { who: 'finance-agent', method: 'refund', url: 'o-1', body: { amount: 5 } }
    await tested.service.ingestLog(uploader, lines(entry('one', foreign)))
    expect((await decisions(tested))[0]?.record).toMatchObject({ agent: 'finance-agent', action: 'refund' })
  })

  it('moves nothing that real decisions are made by: neither budgets, nor counters, nor what the agent is known for', async () => {
    const untouched = await testService()
    const tested = await testService()
    for (const each of [untouched, tested]) await each.earn('finance-agent', scope, 3)
    const uploads = Array.from({ length: 70 }, (_, index) => entry(`d${index}`))
    await tested.service.ingestLog(uploader, lines(...uploads))
    const would = (await decisions(tested)).map(({ record }) => record.body['would'])
    expect(would[0]).toMatchObject({ decision: { outcome: 'allow_guarded' } })
    expect(would.at(-1)).toMatchObject({ decision: { outcome: 'require_approval' } })
    const [real, expected] = await Promise.all(
      [tested, untouched].map(async ({ service, store }) => {
        const { decision_id } = await service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
        const record = await store.read([], (view) => view.record('default', decision_id)?.record)
        const facts = record?.body['facts'] as Readonly<Record<string, unknown>>
        return { counters: facts['counters'], decision: record?.body['decision'] }
      }),
    )
    expect(real).toEqual(expected)
  })

  it('can be judged as executed, and is decided again to the same bytes', async () => {
    const tested = await testService({ mask: false })
    await tested.service.ingestLog(uploader, lines(entry('one')))
    const [stored] = await decisions(tested)
    if (stored === undefined) throw new Error('nothing is recorded')
    const report = await tested.service.reportOutcome(verifier, { decision_id: stored.record.id, class: 'succeeded' })
    expect(report.counted).toBe(true)
    const archive = await tested.store.archived(policySetOf(stored))
    expect(await replayDecision(stored, archive && (await restorePolicySet(archive)))).toEqual({ state: 'equal' })
  })

  it('does not hold up live decisions', async () => {
    const tested = await testService()
    let isOver = false
    const uploads = Array.from({ length: 200 }, (_, index) => entry(`d${index}`))
    const uploading = tested.service.ingestLog(uploader, lines(...uploads)).then(() => (isOver = true))
    await tested.service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
    expect(isOver).toBe(false)
    await uploading
  })

  it('stops where enough is done, and goes on there when it is sent again', async () => {
    const tested = await testService()
    const all = Array.from({ length: 6 }, (_, index) => entry(`d${index}`))
    const budget = (count: number) => {
      let left = count
      return () => {
        left -= 1
        if (left < 0) throw new Error('enough')
      }
    }
    await expect(tested.service.ingestLog(uploader, lines(...all), budget(4))).rejects.toThrow('enough')
    expect(await tested.service.ingestLog(uploader, lines(...all), budget(4))).toMatchObject({ recorded: 2, repeated: 4 })
  })
})
