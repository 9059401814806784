import { describe, expect, it } from 'vitest'

import type { DecisionAnswer } from '../../src/decisions/wire.ts'
import { usageOf } from '../../src/ledger/activity.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../src/trust/default-constants.ts'
import { phiInverse } from '../../src/trust/score-scale.ts'
import { ask, gateway, verifier } from '../support/callers.ts'
import { HOUR_MS, testService, type TestService, type TestServiceOptions } from '../support/test-service.ts'

const scope = 'bookkeeping:light'
const categorise = () => ask('finance-agent', 'categorise_expense')

/** A service whose finance agent runs by itself at most `slots` unverified decisions at a time. */
async function limited(
  slots: number,
  options: TestServiceOptions = {},
  agents: readonly string[] = ['finance-agent'],
): Promise<TestService> {
  const tested = await testService({
    ...options,
    policySet: (policySet) => withCap(policySet, { outstanding_unverified_max: slots }),
  })
  await tested.earn(agents, scope, 4)
  return tested
}

/** The policy set with one more guardrail term in the answers of its graduation. */
function withCap<
  T extends {
    readonly graduation: { readonly evaluate: (entrypoint: string, input: unknown) => { readonly kind: string } }
  },
>(policySet: T, guardrails: Readonly<Record<string, number | readonly string[]>>): T {
  const { graduation } = policySet
  const evaluate = (entrypoint: string, input: unknown) => {
    const evaluation = graduation.evaluate(entrypoint, input) as { kind: 'value'; value: unknown[] }
    const term = { source: 'guardrails', outcome: 'allow', reason: 'test', obligations: [], guardrails }
    return { ...evaluation, value: [...evaluation.value, term] }
  }
  return { ...policySet, graduation: { ...graduation, evaluate } }
}

async function use(tested: TestService, agent = 'finance-agent', of = scope) {
  return tested.store.read([], (view) =>
    usageOf(
      view.document({ kind: 'activity', tenant: 'default', id: agent }),
      'stake',
      { scope: of, tool: null },
      tested.clock.nowMs(),
    ),
  )
}
const ran = (answers: readonly DecisionAnswer[]) => answers.filter(({ decision }) => decision).length

describe('a budget', () => {
  it.each([1, 3, 7])('of %i is never exceeded by concurrent requests, and is used to the last slot', async (slots) => {
    const tested = await limited(slots)
    const answers = await Promise.all(Array.from({ length: 25 }, () => tested.service.evaluate(gateway, categorise())))
    expect(ran(answers)).toBe(slots)
    expect((await use(tested)).outstanding).toBe(slots)
    const refused = answers.find(({ decision }) => !decision)
    expect(refused?.outcome).toBe('require_approval')
    expect(refused?.reasons[0]).toBe(`budget_exceeded:outstanding_unverified_max:${String(slots + 1)}_of_${String(slots)}`)
  })

  it('that is exceeded denies where the configuration says so', async () => {
    const tested = await limited(1, { config: { guardrails: { excess: 'deny' } } })
    expect((await tested.service.evaluate(gateway, categorise())).outcome).toBe('allow')
    expect((await tested.service.evaluate(gateway, categorise())).outcome).toBe('deny')
  })

  it('has its slot again once the outcome is verified', async () => {
    const tested = await limited(1)
    const { decision_id } = await tested.service.evaluate(gateway, categorise())
    expect((await tested.service.evaluate(gateway, categorise())).decision).toBe(false)
    await tested.service.reportOutcome(verifier, { decision_id, class: 'validated' })
    expect((await tested.service.evaluate(gateway, categorise())).decision).toBe(true)
  })

  it.each([
    ['silence', verifier, 'no_feedback'],
    ["the agent's own word", { ...verifier, credential: 'self', verifier: 'self' as const }, 'validated'],
  ] as const)('keeps its slot taken over %s', async (_what, who, of) => {
    const tested = await limited(1)
    const { decision_id } = await tested.service.evaluate(gateway, categorise())
    await tested.service.reportOutcome(who, { decision_id, class: of })
    expect((await tested.service.evaluate(gateway, categorise())).decision).toBe(false)
  })

  it('has its slot again at verify_by, not before', async () => {
    const tested = await limited(1, { config: { guardrails: { verify_within_hours: 2 } } })
    await tested.service.evaluate(gateway, categorise())
    tested.clock.advance(2 * HOUR_MS - 1)
    expect((await tested.service.evaluate(gateway, categorise())).decision).toBe(false)
    tested.clock.advance(1)
    expect((await tested.service.evaluate(gateway, categorise())).decision).toBe(true)
  })

  it('is not taken by what does not run', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 2)
    expect((await tested.service.evaluate(gateway, categorise())).outcome).toBe('require_approval')
    expect(await use(tested)).toMatchObject({ actions_last_day: 0, outstanding: 0 })
  })

  it('is not taken by reads', async () => {
    const tested = await testService()
    await tested.earn('operations-agent', 'monitoring:light', 3)
    expect((await tested.service.evaluate(gateway, ask('operations-agent', 'read_metrics'))).outcome).toBe('allow')
    expect(await use(tested, 'operations-agent', 'monitoring:light')).toMatchObject({ actions_last_day: 0, outstanding: 0 })
  })

  it.each(['actions_per_hour_max', 'scope_actions_per_day_max', 'tool_actions_per_day_max', 'agent_outstanding_unverified_max'])(
    'of %s holds for people, each by themselves',
    async (name) => {
      const tested = await testService({ policySet: (policySet) => withCap(policySet, { [name]: 2 }) })
      const by = (id: string) =>
        tested.service.evaluate(gateway, ask(id, 'categorise_expense', { subject: { type: 'user', id } }))
      expect(ran([await by('carol'), await by('carol'), await by('carol')])).toBe(2)
      expect((await by('grace')).outcome).toBe('allow')
    },
  )

  it('keeps no slot of people where no guardrail counts them', async () => {
    const tested = await testService()
    await tested.service.evaluate(gateway, ask('carol', 'categorise_expense', { subject: { type: 'user', id: 'carol' } }))
    expect(await use(tested, 'user:carol')).toMatchObject({ actions_last_day: 1, outstanding: 0 })
  })

  it('of money adds up whatever amounts there are, and its state stays numbers', async () => {
    const priced = (policySet: PolicySet): PolicySet => {
      const { classify } = policySet.catalogue
      const withAmount: typeof classify = (name, context) => ({ ...classify(name, context), arguments: { amount: '/amount' } })
      return { ...policySet, catalogue: { ...policySet.catalogue, classify: withAmount } }
    }
    const tested = await testService({ policySet: priced })
    const spend = () =>
      tested.service.evaluate(
        gateway,
        ask('carol', 'categorise_expense', { subject: { type: 'user', id: 'carol' }, arguments: { amount: 1.7e308 } }),
      )
    expect(ran([await spend(), await spend()])).toBe(2)
    const activity = await tested.store.read([], (view) =>
      view.document({ kind: 'activity', tenant: 'default', id: 'user:carol' }),
    )
    expect(JSON.parse(JSON.stringify(activity))).toEqual(activity)
  })

  it('of money refuses an amount that cannot be read', async () => {
    const tested = await testService({
      policySet: (policySet) => {
        const { classify } = policySet.catalogue
        const priced: typeof classify = (name, context) => ({ ...classify(name, context), arguments: { amount: '/amount' } })
        return withCap({ ...policySet, catalogue: { ...policySet.catalogue, classify: priced } }, { amount_per_day_max: 1_000 })
      },
    })
    const spend = (amount: unknown) =>
      tested.service.evaluate(
        gateway,
        ask('carol', 'categorise_expense', { subject: { type: 'user', id: 'carol' }, arguments: { amount } }),
      )
    expect((await spend(600)).decision).toBe(true)
    for (const amount of ['100', null, 401])
      expect((await spend(amount)).reasons[0]).toContain('budget_exceeded:amount_per_day_max')
    expect((await spend(400)).decision).toBe(true)
  })

  it('that is a list denies and says so', async () => {
    const tested = await testService({
      policySet: (policySet) => withCap(policySet, { actions_per_hour_max: ['many'] }),
    })
    await tested.earn('finance-agent', scope, 4)
    const answer = await tested.service.evaluate(gateway, categorise())
    expect(answer.outcome).toBe('deny')
    expect(answer.reasons[0]).toBe('guardrail_allows_nothing:actions_per_hour_max')
  })

  it('is not taken when the decision cannot be recorded', async () => {
    let broken = false
    const tested = await testService({
      store: (store) => ({
        ...store,
        transact: (touches, change) =>
          store.transact(touches, (transaction) => {
            const value = change(transaction)
            if (broken) throw new Error('disk')
            return value
          }),
      }),
    })
    await tested.earn('finance-agent', scope, 4)
    broken = true
    await tested.service.evaluate(gateway, categorise()).catch(() => undefined)
    broken = false
    expect(await use(tested)).toMatchObject({ actions_last_day: 0, outstanding: 0 })
  })
})

describe('the reach of a cap', () => {
  const asked = {
    tag: () => ask('support-agent', 'tag_email'),
    draft: () => ask('support-agent', 'draft_reply', { resource: { type: 'email', id: 'email-1' } }),
    crm: () => ask('support-agent', 'update_crm_field', { arguments: { field: 'city', value: 'Graz' } }),
    ticket: () => ask('support-agent', 'update_ticket', { resource: { type: 'ticket', id: 'ticket-1' } }),
  }
  async function capped(guardrails: Readonly<Record<string, number>>) {
    const tested = await testService({ policySet: (policySet) => withCap(policySet, guardrails) })
    for (const each of ['email:light', 'email:full', 'crm:light', 'crm:full', 'tickets:light', 'tickets:full'])
      await tested.earn('support-agent', each, 4)
    return async (...names: readonly (keyof typeof asked)[]): Promise<readonly boolean[]> => {
      const answers: boolean[] = []
      for (const name of names) answers.push((await tested.service.evaluate(gateway, asked[name]())).decision)
      return answers
    }
  }

  it('without a prefix is all that the agent does, in every scope', async () => {
    const run = await capped({ actions_per_hour_max: 2 })
    expect(await run('tag', 'crm', 'ticket', 'tag', 'crm')).toEqual([true, true, false, false, false])
  })

  it('of "scope_" is one trust scope in both stake classes', async () => {
    const run = await capped({ scope_actions_per_hour_max: 1 })
    expect(await run('tag', 'draft', 'crm', 'crm')).toEqual([true, false, true, false])
  })

  it('of "tool_" is one tool', async () => {
    const run = await capped({ tool_actions_per_hour_max: 1 })
    expect(await run('tag', 'draft', 'tag', 'crm')).toEqual([true, true, false, true])
  })

  it('counts slots over all scopes for "agent_", over one for "scope_"', async () => {
    expect(await (await capped({ agent_outstanding_unverified_max: 1 }))('tag', 'crm')).toEqual([true, false])
    expect(await (await capped({ scope_outstanding_unverified_max: 1 }))('tag', 'crm', 'draft')).toEqual([true, true, false])
  })
})

describe('every link of the chain that is vouched for', () => {
  const chained = { ...gateway, trusted_chain: true }
  const both = ['finance-agent', 'research-agent']
  const chain = { chain: [{ type: 'agent', id: 'research-agent' }] }

  it('is charged, and gets its slot back', async () => {
    const tested = await limited(5, {}, both)
    const answer = await tested.service.evaluate(chained, ask('finance-agent', 'categorise_expense', { context: chain }))
    expect(answer.decision).toBe(true)
    for (const agent of ['finance-agent', 'research-agent']) expect((await use(tested, agent)).outstanding).toBe(1)
    await tested.service.reportOutcome(verifier, { decision_id: answer.decision_id, class: 'validated' })
    for (const agent of ['finance-agent', 'research-agent']) expect((await use(tested, agent)).outstanding).toBe(0)
  })

  it('limits the others: the most used one counts', async () => {
    const tested = await limited(3, {}, both)
    const report = await tested.service.evaluate(
      gateway,
      ask('research-agent', 'generate_report', { resource: { type: 'report', id: 'r' } }),
    )
    expect(report.decision).toBe(true)
    const withChain = () => tested.service.evaluate(chained, ask('finance-agent', 'categorise_expense', { context: chain }))
    expect(ran([await withChain(), await withChain(), await withChain()])).toBe(2)
  })
})

describe('unverified actions outstanding', () => {
  it('are bounded by 1/φ⁻¹ of the score: at most one expected failure in flight', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 3)
    const { guardrails, trust } = await tested.service.evaluate(gateway, categorise())
    const bound = Math.floor(1 / phiInverse(trust?.score ?? 0, DEFAULT_TRUST_CONSTANTS) + 1e-9)
    expect(guardrails['outstanding_unverified_max']).toBe(bound)
    const answers = await Promise.all(Array.from({ length: bound + 4 }, () => tested.service.evaluate(gateway, categorise())))
    expect(ran(answers)).toBe(bound - 1)
    expect((await use(tested)).outstanding).toBe(bound)
  })
})

describe('volume', () => {
  it('in a window is capped, and slides on', async () => {
    const tested = await testService({ policySet: (policySet) => withCap(policySet, { actions_per_hour_max: 3 }) })
    await tested.earn('finance-agent', scope, 4)
    const ask4 = () => Promise.all(Array.from({ length: 4 }, () => tested.service.evaluate(gateway, categorise())))
    expect(ran(await ask4())).toBe(3)
    tested.clock.advance(HOUR_MS)
    expect(ran(await ask4())).toBe(0)
    tested.clock.advance(60_000)
    expect(ran(await ask4())).toBe(3)
  })
})
