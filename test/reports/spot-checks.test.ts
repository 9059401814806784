import { describe, expect, it } from 'vitest'

import { eventsOf } from '../../src/events/events-of-record.ts'
import { DAY_MS, HOUR_MS } from '../../src/format/time.ts'
import { SPOT_CHECKS_OPEN_MAX } from '../../src/ledger/documents/spot-check.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import type { PolicyEvaluation } from '../../src/model/evaluation.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import { ask, caller, gateway, inTenant, operator } from '../support/callers.ts'
import { type TestService, testService } from '../support/test-service.ts'

const scope = 'bookkeeping:light'
const categorise = () => ask('finance-agent', 'categorise_expense')
const onBehalfOf = (id: string) => ({ on_behalf_of: { type: 'user', id } })
const approver = caller('approver', { roles: ['approver'], person: 'carol' })

/** The policy set whose trust term has these parameters of post_hoc_review. */
const reviewing =
  (properties: Record<string, number>) =>
  (policySet: PolicySet): PolicySet => ({
    ...policySet,
    graduation: {
      ...policySet.graduation,
      evaluate: (entrypoint, input) => withParameters(policySet.graduation.evaluate(entrypoint, input), properties),
    },
  })

function withParameters(evaluation: PolicyEvaluation, properties: Record<string, number>): PolicyEvaluation {
  const text = JSON.stringify(evaluation).replaceAll('"properties":{"sample":0.2}', `"properties":${JSON.stringify(properties)}`)
  return JSON.parse(text) as PolicyEvaluation
}

async function autonomous(properties: Record<string, number>) {
  const tested = await testService({ policySet: reviewing(properties), config: { base: { delegation: 'agent' } } })
  await tested.earn('finance-agent', scope, 4)
  return tested
}

async function decided({ service, store }: TestService, asked = categorise()) {
  const answer = await service.evaluate(gateway, asked)
  const stored = await store.read([], (view) => view.record('default', answer.decision_id))
  if (stored === undefined) throw new Error('not recorded')
  return { answer, review: stored.record.body['review'], events: eventsOf(stored).filter(({ type }) => type === 'review.due') }
}

describe('the spot-check list', () => {
  it('has decisions with post_hoc_review and those drawn to be verified, with owner and due time, and the answer does not tell', async () => {
    const tested = await autonomous({ sample: 1, hours: 5 })
    const { answer, review, events } = await decided(tested)
    const due_ms = tested.clock.nowMs() + 5 * HOUR_MS
    expect(review).toEqual({ causes: ['post_hoc_review', 'verification'], owner: 'carol', due_ms, listed: true })
    expect(events).toMatchObject([{ data: { review: { owner: 'carol', decision_id: answer.decision_id } } }])
    expect((await tested.service.spotChecks(operator)).reviews).toEqual([
      {
        decision_id: answer.decision_id,
        agent: 'finance-agent',
        action: 'categorise_expense',
        scope,
        owner: 'carol',
        causes: ['post_hoc_review', 'verification'],
        at: answer.decided_at,
        due: new Date(due_ms).toISOString(),
        overdue: false,
        hours_left: 5,
      },
    ])
    expect(JSON.stringify(answer)).not.toContain('carol')
  })

  it.each([
    ['no decision, where the sample is none', { sample: 0 }, false],
    ['every decision, where the sample is no share', { sample: 5 }, true],
    ['every decision, where there is no sample', { hours: 3 }, true],
  ])('has for post_hoc_review %s', async (_, properties, drawn) => {
    const { review } = await decided(await autonomous(properties))
    expect((review as { causes: string[] }).causes.includes('post_hoc_review')).toBe(drawn)
  })

  it('is due after three days where the duty names no time that can be', async () => {
    for (const hours of [0, -1, 1e9]) {
      const tested = await autonomous({ sample: 1, hours })
      // What was drawn to be verified is due after a day, and the earlier of the two holds.
      expect(((await decided(tested)).review as { due_ms: number }).due_ms).toBe(tested.clock.nowMs() + DAY_MS)
    }
  })

  it('has nothing below L4, where everything is verified, and nothing that did not run', async () => {
    for (const level of [2, 3]) {
      const tested = await testService({ policySet: reviewing({ sample: 1 }) })
      await tested.earn('finance-agent', scope, level)
      expect((await decided(tested)).review).toBeUndefined()
      expect((await tested.service.spotChecks(operator)).reviews).toEqual([])
    }
  })

  it('has every action under an override, as override_audit', async () => {
    const tested = await testService()
    await tested.service.openOverride(
      { ...approver, person: 'rita' },
      { agent: 'finance-agent', scope, reason: 'outage', minutes: 30 },
    )
    const { answer, review } = await decided(tested)
    expect(answer.outcome).toBe('allow')
    expect(review).toMatchObject({ causes: ['override_audit'], owner: 'carol', due_ms: tested.clock.nowMs() + 72 * HOUR_MS })
  })

  it('takes no more than it can hold, and the record says so', async () => {
    const tested = await autonomous({ sample: 1 })
    const check = { agent: 'a', action: 'b', scope, owner: null, causes: ['override_audit'], at_ms: 1, due_ms: 1e15 } as const
    const effects = Array.from({ length: SPOT_CHECKS_OPEN_MAX }, (_, at): Effect => {
      return { kind: 'spot_check', check: { ...check, causes: [...check.causes], decision_id: `d-${at}` } }
    })
    await tested.write(effects)
    const { review, events } = await decided(tested)
    expect({ review, events }).toMatchObject({ review: { listed: false }, events: [] })
    expect((await tested.service.spotChecks(operator)).reviews).toHaveLength(SPOT_CHECKS_OPEN_MAX)
  })
})

describe('a review of a decision', () => {
  it('is a record of a person and what they found, and takes the decision off the list', async () => {
    const tested = await autonomous({ sample: 1 })
    const { answer } = await decided(tested)
    const { decision_id } = answer
    const done = await tested.service.reviewDecision(approver, { decision_id, finding: 'problem', notes: 'wrong account' })
    expect(done).toMatchObject({ decision_id, finding: 'problem', overdue: false })
    const [stored] = await tested.store.query({ from: done.leaf_index, limit: 1 })
    expect(stored?.record).toMatchObject({
      ...{ kind: 'operator', user: 'carol', agent: 'finance-agent', action: 'review_decision', outcome: 'problem', decision_id },
      body: { detail: { causes: ['post_hoc_review', 'verification'], late: false, notes: 'wrong account' } },
    })
    expect(stored === undefined ? [] : eventsOf(stored)).toMatchObject([
      { type: 'review.done', data: { finding: 'problem', decision_id } },
    ])
    expect((await tested.service.spotChecks(operator)).reviews).toEqual([])
    await expect(
      tested.service.reviewDecision(approver, { decision_id, finding: 'sound', notes: 'again' }),
    ).rejects.toMatchObject({ code: 'not_found', fix: expect.stringContaining('gradus reviews list') })
  })

  it('is refused to whom the agent acted for', async () => {
    const tested = await autonomous({ sample: 1 })
    const { answer } = await decided(tested, ask('finance-agent', 'categorise_expense', { context: onBehalfOf('olivia') }))
    const report = { decision_id: answer.decision_id, finding: 'sound', notes: 'my own' } as const
    await expect(tested.service.reviewDecision(operator, report)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('"person:olivia" is who the agent acted for'),
    })
    expect(await tested.service.reviewDecision(approver, report)).toMatchObject({ finding: 'sound' })
  })

  it('is refused without a person, to an agent, to other roles and to another tenant', async () => {
    const tested = await autonomous({ sample: 1 })
    const { answer } = await decided(tested)
    const report = { decision_id: answer.decision_id, finding: 'sound', notes: 'x' } as const
    const nobody = caller('robot', { roles: ['operator'] })
    await expect(tested.service.reviewDecision(nobody, report)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(tested.service.reviewDecision({ ...operator, agent: 'bot' }, report)).rejects.toMatchObject({
      code: 'forbidden',
    })
    await expect(tested.service.spotChecks({ ...operator, agent: 'bot' })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(tested.service.spotChecks(gateway)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(tested.service.reviewDecision(inTenant(operator, 'acme'), report)).rejects.toMatchObject({ code: 'not_found' })
    expect((await tested.service.spotChecks(inTenant(operator, 'acme'))).reviews).toEqual([])
  })

  it('that is overdue alerts once for its owner, until it is done', async () => {
    const tested = await autonomous({ sample: 1, hours: 5 })
    const first = await decided(tested)
    await decided(tested)
    tested.clock.advance(5 * HOUR_MS)
    expect(await tested.service.alertOverdueSpotChecks()).toBe(0)
    tested.clock.advance(1)
    expect(await tested.service.alertOverdueSpotChecks()).toBe(1)
    expect(await tested.service.alertOverdueSpotChecks()).toBe(0)
    expect((await tested.service.spotChecks(operator)).reviews).toMatchObject([
      { overdue: true, hours_left: 0 },
      { overdue: true },
    ])
    const [alert] = await tested.store.query({ kinds: ['alert'], limit: 10 })
    expect(alert === undefined ? [] : eventsOf(alert)).toMatchObject([
      {
        type: 'review.overdue',
        data: { alert: { kind: 'spot_check', group: 'carol', found: 2, record_id: first.answer.decision_id } },
      },
    ])
    await tested.service.reviewDecision(operator, {
      decision_id: first.answer.decision_id,
      finding: 'sound',
      notes: 'late, but right',
    })
    expect(await tested.service.alertOverdueSpotChecks()).toBe(1)
    expect(tested.observations).toContainEqual({ kind: 'alert', rule: 'spot-checks', severity: 'warning' })
  })
})
