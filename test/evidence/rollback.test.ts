import { describe, expect, it } from 'vitest'

import type { DecisionAnswer } from '../../src/decisions/wire.ts'
import { rollbackText } from '../../src/evidence/rollback-view.ts'
import { eventsOf } from '../../src/events/events-of-record.ts'
import { ask, auditor, caller, inTenant, operator, verifier } from '../support/callers.ts'
import { HOUR_MS, testService, type TestService } from '../support/test-service.ts'

const AGENT = 'support-agent'
const SCOPE = 'crm:full'
const DIGEST = `sha256:${'a'.repeat(64)}`
const KEPT = { handle: 'crm-4711', value_digest: DIGEST }

/** An enforcement point that keeps old values, and whose word on outcomes weighs nothing. */
const pep = caller('crm-gateway', {
  roles: ['enforcement_point'],
  verifier: 'self',
  human_subject_types: ['user'],
  supported_obligations: ['rollback_handle', 'redact_sensitive'],
})

async function changed(): Promise<TestService & { readonly answer: DecisionAnswer }> {
  const tested = await testService()
  await tested.earn(AGENT, SCOPE, 4)
  const answer = await tested.service.evaluate(pep, ask(AGENT, 'update_crm_field'))
  expect(answer.decision).toBe(true)
  return { ...tested, answer }
}

const succeeded = ({ decision_id }: DecisionAnswer, more: object = {}) => ({ decision_id, class: 'succeeded' as const, ...more })
const wayBack = async ({ service, answer }: TestService & { readonly answer: DecisionAnswer }) =>
  (await service.explain(auditor, answer.decision_id)).answer.rollback

describe('an outcome of an action that needs a rollback handle', () => {
  it('keeps the handle, and a failure weighs as what can be undone', async () => {
    const tested = await changed()
    expect(await wayBack(tested)).toMatchObject({ reversibility: 1, kept: 'open', handle: null })
    await tested.service.reportOutcome(pep, succeeded(tested.answer, { rollback: KEPT }))
    expect(await wayBack(tested)).toMatchObject({ reversibility: 1, kept: 'kept', ...KEPT, attempt: null })
    const { decision_id } = tested.answer
    const failure = await tested.service.reportOutcome(verifier, { decision_id, class: 'failed_validation' })
    expect(failure.reason).toBe('negative, 1.25 units, severity 1.25 (1.25 times as much: blast radius 1, reversibility 1)')
  })

  it('without one makes it irreversible from then on, whatever is reported later', async () => {
    const tested = await changed()
    await tested.service.reportOutcome(pep, succeeded(tested.answer))
    expect(await wayBack(tested)).toMatchObject({ reversibility: 2, kept: 'missing', handle: null })
    const late = tested.service.reportOutcome(pep, { ...succeeded(tested.answer), class: 'validated', rollback: KEPT })
    await expect(late).rejects.toMatchObject({ code: 'conflict', place: { pointer: '/rollback' } })
    const { decision_id } = tested.answer
    const failure = await tested.service.reportOutcome(verifier, { decision_id, class: 'failed_validation' })
    expect(failure.reason).toBe('negative, 1.5 units, severity 1.5 (1.5 times as much: blast radius 1, reversibility 2)')
  })

  it('of a verifier finds it irreversible while no handle is known, and the handle is taken after it all the same', async () => {
    const tested = await changed()
    const { decision_id } = tested.answer
    const failure = await tested.service.reportOutcome(verifier, { decision_id, class: 'failed_validation' })
    expect(failure.reason).toContain('reversibility 2')
    await tested.service.reportOutcome(pep, succeeded(tested.answer, { rollback: KEPT }))
    expect(await wayBack(tested)).toMatchObject({ reversibility: 1, kept: 'kept' })
  })

  it('is taken with a handle from nobody but who asked, once, and the same one each time', async () => {
    const tested = await changed()
    const { decision_id } = tested.answer
    const foreign = tested.service.reportOutcome(verifier, { decision_id, class: 'validated', rollback: KEPT })
    await expect(foreign).rejects.toMatchObject({ code: 'forbidden', place: { pointer: '/rollback' } })
    await tested.service.reportOutcome(pep, succeeded(tested.answer, { rollback: KEPT }))
    const size = tested.store.size()
    await tested.service.reportOutcome(pep, succeeded(tested.answer, { rollback: KEPT }))
    expect(tested.store.size()).toBe(size)
    const other = tested.service.reportOutcome(pep, succeeded(tested.answer, { rollback: { handle: 'another' } }))
    await expect(other).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('another handle') as string })
    expect(tested.store.size()).toBe(size)
  })

  it('of an action that needs none may bring one with an outcome that was told before', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', 'bookkeeping:light', 4)
    const answer = await tested.service.evaluate(pep, ask('finance-agent', 'categorise_expense'))
    await tested.service.reportOutcome(pep, succeeded(answer))
    expect(await wayBack({ ...tested, answer })).toMatchObject({ reversibility: 0, kept: 'not_needed' })
    const again = await tested.service.reportOutcome(pep, succeeded(answer, { rollback: KEPT }))
    expect(again.counted).toBe(false)
    expect(await wayBack({ ...tested, answer })).toMatchObject({ reversibility: 0, kept: 'kept', ...KEPT })
  })

  it('is refused a handle where nothing ran', async () => {
    const { service, earn } = await testService()
    await earn(AGENT, SCOPE, 1)
    const answer = await service.evaluate(pep, ask(AGENT, 'update_crm_field'))
    expect(answer.decision).toBe(false)
    const report = service.reportOutcome(pep, succeeded(answer, { rollback: KEPT }))
    await expect(report).rejects.toMatchObject({ code: 'conflict' })
  })
})

describe('a rollback', () => {
  it('is recorded with its handle and its result, weighs as rolled_back, frees the reservation and is an event', async () => {
    const tested = await changed()
    const { service, store, answer } = tested
    await service.reportOutcome(pep, succeeded(answer, { rollback: KEPT }))
    const report = { result: 'done' as const, handle: KEPT.handle, detail: 'the old name is back' }
    const done = await service.reportRollback(verifier, answer.decision_id, report)
    expect(done).toMatchObject({
      counted: true,
      reason: expect.stringContaining('negative, 2.5 units') as string,
      rollback: { reversibility: 1, kept: 'kept', attempt: { result: 'done', by: 'credential:checks', within_deadline: true } },
    })
    const record = await store.read([], (view) => view.record('default', done.record_id))
    expect(record?.record).toMatchObject({
      kind: 'outcome',
      outcome: 'rolled_back',
      body: { attempt: { result: 'done', handle: KEPT.handle }, detail: 'the old name is back' },
    })
    const events = record === undefined ? [] : eventsOf(record)
    expect(events.find(({ type }) => type === 'decision.rolled_back')?.data).toMatchObject({
      decision_id: answer.decision_id,
      rollback: { result: 'done', within_deadline: true },
    })
    const size = store.size()
    const again = await service.reportRollback(verifier, answer.decision_id, report)
    expect(again).toMatchObject({ counted: false, record_id: done.record_id })
    expect(store.size()).toBe(size)
    const back = service.reportRollback(verifier, answer.decision_id, { ...report, result: 'failed' })
    await expect(back).rejects.toMatchObject({ code: 'conflict', place: { pointer: '/result' } })
  })

  it('that failed makes the action irreversible until one comes further', async () => {
    const tested = await changed()
    const { service, answer } = tested
    await service.reportOutcome(pep, succeeded(answer, { rollback: KEPT }))
    const { decision_id } = answer
    const failed = await service.reportRollback(verifier, decision_id, { result: 'failed', handle: KEPT.handle })
    expect(failed).toMatchObject({ reason: expect.stringContaining('reversibility 2') as string, rollback: { reversibility: 2 } })
    const partly = await service.reportRollback(verifier, decision_id, { result: 'partly', handle: KEPT.handle })
    expect(partly).toMatchObject({ counted: false, rollback: { reversibility: 2, attempt: { result: 'partly' } } })
    const done = await service.reportRollback(verifier, decision_id, { result: 'done', handle: KEPT.handle })
    expect(done.rollback).toMatchObject({ reversibility: 1, attempt: { result: 'done' } })
    expect((await service.explain(auditor, decision_id)).text).toContain(
      'undo   Can be undone with effort. The rollback handle is crm-4711. Rollback by credential:checks: done, within the deadline.',
    )
  })

  it('names the handle that is on record, and none where none is', async () => {
    const { service, answer } = await changed()
    const without = service.reportRollback(verifier, answer.decision_id, { result: 'done', handle: 'guess' })
    await expect(without).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('no rollback handle') as string,
    })
    await service.reportOutcome(pep, succeeded(answer, { rollback: KEPT }))
    for (const handle of [{}, { handle: 'guess' }]) {
      const wrong = service.reportRollback(verifier, answer.decision_id, { result: 'done', ...handle })
      await expect(wrong).rejects.toMatchObject({ code: 'conflict', place: { pointer: '/handle' } })
    }
  })

  it('is reported by verifiers and by who asked, and by nobody of another tenant', async () => {
    const { service, answer } = await changed()
    const report = { result: 'done' as const }
    for (const [who, code] of [
      [operator, 'forbidden'],
      [{ ...pep, credential: 'gateway-2' }, 'forbidden'],
      [caller('agent', { roles: ['agent'], agent: AGENT, verifier: 'self' }), 'forbidden'],
      [inTenant(verifier, 'globex'), 'not_found'],
    ] as const)
      await expect(service.reportRollback(who, answer.decision_id, report)).rejects.toMatchObject({ code })
    expect(await service.reportRollback(pep, answer.decision_id, report)).toMatchObject({
      counted: false,
      rollback: { attempt: { result: 'done', by: 'credential:crm-gateway' } },
    })
  })

  it('after the deadline is recorded as late, and weighs as what could not be undone any more', async () => {
    const { service, earn, clock } = await testService({
      policySet: (set) => ({
        ...set,
        catalogue: {
          ...set.catalogue,
          classify: (name, context) => ({
            ...set.catalogue.classify(name, context),
            reversible_until: new Date(context.nowMs + HOUR_MS).toISOString(),
          }),
        },
      }),
    })
    await earn(AGENT, SCOPE, 4)
    const { decision_id } = await service.evaluate(pep, ask(AGENT, 'update_crm_field'))
    await service.reportOutcome(pep, { decision_id, class: 'succeeded', rollback: KEPT })
    clock.advance(HOUR_MS + 1)
    const late = await service.reportRollback(verifier, decision_id, { result: 'failed', handle: KEPT.handle })
    expect(late).toMatchObject({ reason: expect.stringContaining('reversibility 2') as string })
    expect(late.rollback.attempt).toMatchObject({ result: 'failed', within_deadline: false })
    expect(rollbackText(late.rollback)).toBe(
      'Cannot be undone. The rollback handle is crm-4711. Rollback by credential:checks: failed, after the deadline.',
    )
  })

  it('is shown with what is outstanding', async () => {
    const { service, answer } = await changed()
    const listed = async () =>
      (await service.reservations(operator, AGENT)).reservations.find((each) => each.decision_id === answer.decision_id)
    expect((await listed())?.rollback).toMatchObject({ kept: 'open', handle: null })
    await service.reportOutcome(pep, succeeded(answer, { rollback: KEPT }))
    expect((await listed())?.rollback).toMatchObject({ kept: 'kept', handle: KEPT.handle })
  })
})
