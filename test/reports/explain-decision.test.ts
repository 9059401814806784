import { describe, expect, it } from 'vitest'

import type { Caller } from '../../src/access/caller.ts'
import { createExplainDecision, EXPLANATIONS_WAITING_MAX } from '../../src/reports/explain/explain-decision.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import { ExplanationAnswer } from '../../src/reports/explain/wire.ts'
import { assemblePolicySet } from '../../src/rego/assemble-policy-set.ts'
import { administrator, ask, auditor, caller, detectors, gateway, inTenant, operator, verifier } from '../support/callers.ts'
import { shippedParts, START_MS, testService, type TestService } from '../support/test-service.ts'

const own = (agent: string) => caller('own', { roles: ['agent'], agent })
const refund = () => ask('support-agent', 'refund', { arguments: { amount: 40 } })
const newest = async ({ store }: TestService) => (await store.query({ newestFirst: true, limit: 1 }))[0]!.record

describe('explaining a decision', () => {
  it('draws it and says what would lift it, as data and as text, and is itself recorded', async () => {
    const tested = await testService()
    const decided = await tested.service.evaluate(gateway, refund())
    const { answer, text } = await tested.service.explain(auditor, decided.decision_id)
    expect(answer).toMatchObject({
      outcome: decided.outcome,
      decision: decided.decision,
      ceilings: decided.ceilings,
      reasons: decided.reasons,
      trust: { score: decided.trust?.score, scope: decided.trust?.scope },
    })
    expect(answer.outcome).not.toBe('allow')
    expect(answer.remedies.map(({ source }) => source)).toEqual(answer.limiting)
    expect(ExplanationAnswer.safeParse(JSON.parse(JSON.stringify(answer))).error).toBeUndefined()
    expect(text).toContain(`decision ${decided.decision_id} of `)
    for (const { source, remedy } of answer.remedies) expect(text).toContain(`  ${source}: ${remedy}\n`)
    expect(await newest(tested)).toMatchObject({
      kind: 'operator',
      body: { verb: 'read_audit', by: 'credential:auditor', detail: { verb: 'explain', decision: decided.decision_id } },
    })
  })

  it('nothing of what was sent acts on a terminal', async () => {
    const hostile = 'x\u202ey\u001b[2J\nz'
    const withReason = (policySet: PolicySet): PolicySet => ({
      ...policySet,
      base: {
        ...policySet.base,
        evaluate: () => ({ kind: 'value', value: { outcome: 'deny', reason: hostile, obligations: [], guardrails: {} } }),
      },
    })
    const { service } = await testService({ policySet: withReason })
    const { decision_id } = await service.evaluate(gateway, refund())
    const { answer, text } = await service.explain(auditor, decision_id)
    expect(JSON.stringify(answer)).toContain('[2J')
    expect(text).not.toMatch(/[\u001b\u202e]/u)
    expect(text).toContain('x\\u{202e}y\\e[2J\\nz')
  })

  it('what cannot be recorded is not told', async () => {
    let broken = false
    const { service } = await testService({
      store: (store) => ({
        ...store,
        transact: (touches, change) => (broken ? Promise.reject(new Error('disk')) : store.transact(touches, change)),
      }),
    })
    const { decision_id } = await service.evaluate(gateway, refund())
    broken = true
    await expect(service.explain(auditor, decision_id)).rejects.toThrow('disk')
  })
})

describe('who is told', () => {
  it.each<readonly [string, Caller, string | undefined]>([
    ['an auditor', auditor, undefined],
    ['an operator', operator, undefined],
    ['an administrator', administrator, undefined],
    ['the enforcement point that asked', gateway, undefined],
    ['another enforcement point', caller('other', { roles: ['enforcement_point'] }), 'not_found'],
    ['the agent itself', own('support-agent'), undefined],
    ['another agent', own('finance-agent'), 'not_found'],
    [
      'another agent that reads the log besides',
      caller('own', { roles: ['agent', 'auditor'], agent: 'finance-agent' }),
      'not_found',
    ],
    ['an auditor of another tenant', inTenant(auditor, 'globex'), 'not_found'],
    ['the same credential in another tenant', inTenant(gateway, 'globex'), 'not_found'],
    ['the same agent in another tenant', inTenant(own('support-agent'), 'globex'), 'not_found'],
    ['who sends signals', detectors, 'forbidden'],
    ['who verifies', verifier, 'forbidden'],
    ['nobody', caller(null), 'unauthenticated'],
  ])('%s', async (_name, who, refused) => {
    const tested = await testService()
    const { decision_id } = await tested.service.evaluate(gateway, refund())
    const before = tested.store.size()
    const told = tested.service.explain(who, decision_id)
    await (refused === undefined
      ? expect(told).resolves.toMatchObject({ answer: { outcome: expect.any(String) as string } })
      : expect(told).rejects.toMatchObject({ code: refused }))
    expect(tested.store.size() - before).toBe(refused === undefined ? 1 : 0)
  })

  it('a record that is no decision is explained to nobody', async () => {
    const tested = await testService()
    const { incident_id } = await tested.service.raiseIncident(operator, { agent: 'support-agent', class: 'injection_weak' })
    await expect(tested.service.explain(auditor, incident_id)).rejects.toMatchObject({ code: 'not_found' })
    await expect(tested.service.explain(auditor, 'none')).rejects.toMatchObject({ code: 'not_found' })
  })

  it('what was only observed, and what did not look, is for who reads the log', async () => {
    const config = { modes: [{ mode: 'observe' }], detectors: { layers: ['behaviour'], settings: { call_rate: { on: false } } } }
    const { service } = await testService({ config })
    const { decision_id } = await service.evaluate(gateway, refund())
    const whole = await service.explain(auditor, decision_id)
    expect(whole.answer.would?.decision.outcome).not.toBe(whole.answer.outcome)
    expect(whole.answer.mode).toMatchObject({ mode: 'observe' })
    expect(whole.text).toContain('what would have been answered if it were enforced')
    expect(whole.text).toContain('call_rate (the detector is switched off)')
    expect(ExplanationAnswer.safeParse(JSON.parse(JSON.stringify(whole.answer))).error).toBeUndefined()
    for (const who of [gateway, own('support-agent')]) {
      const { answer, text } = await service.explain(who, decision_id)
      expect(Object.keys(answer)).not.toContain('would')
      expect(Object.keys(answer)).not.toContain('mode')
      expect(text).not.toMatch(/observed|would have been|call_rate/u)
      expect(answer.outcome).toBe(whole.answer.outcome)
    }
  })
})

describe('a decision of a former policy set', () => {
  /** A decision, and then another policy set in force. */
  async function decidedBefore() {
    const parts = await shippedParts()
    const next = await assemblePolicySet({ ...parts, settings: { ...parts.settings, answer_valid_ms: 1_234 } }, START_MS)
    const inForce: { set?: PolicySet } = {}
    const tested = await testService({ policySet: (shipped) => inForce.set ?? shipped })
    const { decision_id } = await tested.service.evaluate(gateway, refund())
    const before = await tested.service.explain(auditor, decision_id)
    inForce.set = next
    await tested.service.reloadPolicies(administrator)
    return { tested, decision_id, before, next }
  }

  it('is explained by the set that it was made under', async () => {
    const { tested, decision_id, before } = await decidedBefore()
    expect(await tested.service.explain(auditor, decision_id)).toEqual(before)
  })

  it('is explained without its matrix where that set cannot be had', async () => {
    const { tested, decision_id, before, next } = await decidedBefore()
    const deps = { ...tested, nowMs: tested.clock.nowMs, formatProof: () => '', policySet: () => next }
    const gone = { ...tested.store, archived: () => Promise.resolve(undefined) }
    const never = () => Promise.reject(new Error('nothing to restore'))
    for (const explain of [
      createExplainDecision(deps),
      createExplainDecision({ ...deps, store: gone, restorePolicySet: never }),
    ]) {
      const { answer } = await explain(auditor, decision_id)
      expect(answer.outcome).toBe(before.answer.outcome)
      expect(answer.remedies).not.toEqual(before.answer.remedies)
    }
  })

  it('is restored once for all that ask at a time; they wait in turns, and what is too much for one credential is refused', async () => {
    const { tested, decision_id, before, next } = await decidedBefore()
    const release: (() => void)[] = []
    let restored = 0
    const explain = createExplainDecision({
      ...tested,
      nowMs: tested.clock.nowMs,
      formatProof: () => '',
      policySet: () => next,
      restorePolicySet: async () => {
        restored += 1
        await new Promise<void>((resolve) => release.push(resolve))
        return { ...next, digest: 'former' }
      },
    })
    const fits = Array.from({ length: 1 + EXPLANATIONS_WAITING_MAX }, () => explain(auditor, decision_id))
    while (release.length < 1) await new Promise((resolve) => setImmediate(resolve))
    await expect(explain(auditor, decision_id)).rejects.toMatchObject({ code: 'not_ready' })
    release.forEach((each) => each())
    const outcomes = (await Promise.all(fits)).map(({ answer }) => answer.outcome)
    expect(outcomes).toEqual(fits.map(() => before.answer.outcome))
    await explain(auditor, decision_id)
    expect(restored).toBe(1)
  })
})
