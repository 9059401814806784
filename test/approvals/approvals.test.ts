import { afterEach, describe, expect, it } from 'vitest'

import { Credential } from '../../src/access/caller.ts'
import { sha256Hex } from '../../src/format/canonical-json.ts'
import { createAuthenticate } from '../../src/http/authenticate.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import type { Store } from '../../src/ledger/store.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import { temporaryDirectories } from '../stores/directories.ts'
import { administrator, ask, auditor, caller, gateway, inTenant, operator, verifier } from '../support/callers.ts'
import { AGENT, asking, bea, categorise, cem, dora, email, ENGINES, kept, notReplayed, retry, SCOPE } from '../support/people.ts'
import { shippedPolicySet, testService, type TestService } from '../support/test-service.ts'

const MINUTE_MS = 60_000
const yes = { verdict: 'approve', reason: 'looked at it' } as const
const no = { verdict: 'reject', reason: 'not this one' } as const
const newDirectory = temporaryDirectories()
const opened: Store[] = []
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
})

/** Asks, and lets these people say yes. */
async function approved({ service }: TestService, what = categorise(), by = gateway, people = [bea]) {
  const answer = await service.evaluate(by, what)
  expect(answer).toMatchObject({ outcome: 'require_approval', approval: { state: 'pending', id: answer.decision_id } })
  for (const person of people) await service.decideApproval(person, answer.decision_id, yes)
  return { answer, again: retry(what, answer.decision_id) }
}

/** A policy set that differs in this has another digest. */
const digestOf = (what: unknown): string => sha256Hex(JSON.stringify(what))

/** The base is asked about the agent alone, so that whom it acts for changes nothing but who may decide. */
const ABOUT_THE_AGENT = { config: { base: { delegation: 'agent' } } }

/** What a retry is refused with: nothing runs, and it says why. */
const refusedAs = (problem: string) => ({
  decision: false,
  outcome: 'require_approval',
  reasons: expect.arrayContaining([`approval_refused:${problem}`]) as unknown,
})

describe.each(Object.entries(ENGINES))('an approval, kept in %s', (_name, open) => {
  const newEngine = async () => {
    const engine = await open(newDirectory)
    opened.push(engine)
    return engine
  }
  const onEngine = async (options = {}) => {
    return asking({ engine: await newEngine(), ...options })
  }
  const trusted = async () => {
    const tested = await testService({ engine: await newEngine() })
    await tested.earn(AGENT, SCOPE, 3)
    return tested
  }

  it('lets the very same request run once, guarded, and not a second time', async () => {
    const tested = await onEngine()
    const { answer, again } = await approved(tested)
    const first = await tested.service.evaluate(gateway, again)
    expect(first).toMatchObject({ outcome: 'allow_guarded', decision: true, request_digest: answer.request_digest })
    expect(first.approval).toMatchObject({ id: answer.decision_id, state: 'redeemed' })
    expect(first.reasons.join()).toContain(`approved:${answer.decision_id}`)
    const second = await tested.service.evaluate(gateway, again)
    expect(second).toMatchObject(refusedAs('redeemed'))
    expect(second.approval).toMatchObject({ state: 'pending', id: second.decision_id })
  })

  it('is opened after an incident without a review that is due, shows the incident, and lets the retry run guarded', async () => {
    const tested = await trusted()
    const { incident_id } = await tested.service.raiseIncident(operator, { agent: AGENT, class: 'injection_weak' })
    const { answer, again } = await approved(tested)
    expect(answer.reasons).toContain('incident_cap:level_2')
    const view = await tested.service.approval(auditor, answer.decision_id)
    expect(view.incidents).toMatchObject([{ incident_id, class: 'injection_weak', state: 'recovering', cap: 0.69 }])
    const retried = await tested.service.evaluate(gateway, again)
    expect(retried).toMatchObject({ outcome: 'allow_guarded', decision: true, trust: { level_effective: 2 } })
    expect(retried.reasons.join()).toContain(`approved:${answer.decision_id}:incident_cap:level_2`)
  })

  it('is not opened while an incident waits for its review: it says who has to review what', async () => {
    const tested = await trusted()
    const { incident_id } = await tested.service.raiseIncident(operator, { agent: AGENT, class: 'injection_suspected' })
    const held = await tested.service.evaluate(gateway, categorise())
    expect(held).toMatchObject({ outcome: 'suggest', approval: null })
    expect(held.reasons).toContain(`incident_review_due:${incident_id}: an operator has to review it`)
  })

  it('is opened for a read as well, where a policy asks people about it', async () => {
    const asksPeople = (policySet: PolicySet): PolicySet => {
      const { graduation } = policySet
      const evaluate = (entrypoint: string, input: unknown) => {
        const answered = graduation.evaluate(entrypoint, input) as { kind: 'value'; value: { source: string }[] }
        const asks = (term: { source: string }) => (term.source === 'category' ? { ...term, outcome: 'require_approval' } : term)
        return { ...answered, value: answered.value.map(asks) }
      }
      return { ...policySet, graduation: { ...graduation, evaluate } }
    }
    const tested = await onEngine({ policySet: asksPeople })
    await tested.earn('operations-agent', 'monitoring:light', 3)
    const { again } = await approved(tested, ask('operations-agent', 'read_metrics'))
    expect(await tested.service.evaluate(gateway, again)).toMatchObject({ outcome: 'allow_guarded', decision: true })
  })

  it('lets exactly one of many concurrent retries run', async () => {
    const tested = await onEngine()
    const { again } = await approved(tested)
    const answers = await Promise.all(Array.from({ length: 12 }, () => tested.service.evaluate(gateway, again)))
    expect(answers.filter(({ decision }) => decision)).toHaveLength(1)
    expect(answers.every(({ recorded }) => recorded)).toBe(true)
  })

  it('counts two votes at the same time of one person once, and of two people twice', async () => {
    const tested = await onEngine()
    await tested.earn('support-agent', 'email:full', 4)
    const { decision_id } = await tested.service.evaluate(gateway, email())
    const say = (who: typeof bea) => tested.service.decideApproval(who, decision_id, yes)
    const votes = await Promise.allSettled([say(bea), say(bea), say(cem)])
    expect(votes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect((await tested.service.approval(auditor, decision_id)).state).toBe('approved')
  })
})

describe('an approval', () => {
  it('is asked for once while it waits: the same request again is told of the same one', async () => {
    const tested = await asking()
    const [first, second] = [
      await tested.service.evaluate(gateway, categorise()),
      await tested.service.evaluate(gateway, categorise()),
    ]
    expect(second.approval).toEqual({ id: first.decision_id, state: 'pending', ends_at: first.approval?.ends_at })
    expect((await tested.service.approvals(bea, { state: 'pending' })).approvals).toHaveLength(1)
    await tested.service.decideApproval(bea, first.decision_id, yes)
    expect((await tested.service.evaluate(gateway, categorise())).approval).toMatchObject({
      id: first.decision_id,
      state: 'approved',
    })
  })

  it.each<
    readonly [
      string,
      string,
      (again: ReturnType<typeof retry>, id: string) => readonly [typeof gateway, ReturnType<typeof retry>],
    ]
  >([
    ['changed arguments', 'unknown', (_again, id) => [gateway, retry(categorise({ arguments: { account: 'gifts' } }), id)]],
    [
      'another resource',
      'unknown',
      (_again, id) => [gateway, retry(categorise({ resource: { type: 'expense', id: 'two' } }), id)],
    ],
    ['more context', 'unknown', (_again, id) => [gateway, retry(categorise({ context: { environment: 'production' } }), id)]],
    [
      'another agent',
      'unknown',
      (_again, id) => [gateway, retry(ask('bookkeeper', 'categorise_expense', { arguments: { account: 'travel' } }), id)],
    ],
    ['another approval', 'unknown', (again) => [gateway, retry(again, 'somebody-elses')]],
    ['another credential', 'other_requester', (again) => [{ ...gateway, credential: 'gateway-2' }, again]],
    [
      'another credential of the same person',
      'other_requester',
      (again) => [{ ...gateway, credential: 'gateway-2', person: 'gus' }, again],
    ],
    ['a caller without a credential', 'unknown', (again) => [{ ...gateway, credential: null }, again]],
  ])('is no good for %s', async (_what, problem, change) => {
    const tested = await asking()
    const { answer, again } = await approved(tested, categorise(), { ...gateway, person: 'gus' })
    const [who, what] = change(again, answer.decision_id)
    const tried = await tested.service.evaluate(who, what)
    expect(tried.decision).toBe(false)
    expect(tried.reasons.some((reason) => reason.startsWith('approval_') && reason.endsWith(problem))).toBe(true)
    expect(await tested.service.evaluate({ ...gateway, person: 'gus' }, again)).toMatchObject({ decision: true })
  })

  it('is no good in another tenant, and nobody sees or decides it from there', async () => {
    const tested = await asking()
    await tested.earn(AGENT, SCOPE, 2, 'globex')
    const { answer, again } = await approved(tested)
    const tried = await tested.service.evaluate(inTenant(gateway, 'globex'), again)
    expect(tried.decision).toBe(false)
    expect(tried.reasons).toContain('approval_refused:unknown')
    const elsewhere = inTenant(cem, 'globex')
    for (const asked of [
      tested.service.approval(elsewhere, answer.decision_id),
      tested.service.decideApproval(elsewhere, answer.decision_id, no),
    ])
      await expect(asked).rejects.toMatchObject({ code: 'not_found' })
    const own = (await tested.service.approvals(elsewhere, {})).approvals.map(({ decision_id }) => decision_id)
    expect(own).not.toContain(answer.decision_id)
  })

  it.each([
    ['nobody has decided yet', 'pending', () => Promise.resolve()],
    ['somebody said no', 'rejected', (service: TestService['service'], id: string) => service.decideApproval(bea, id, no)],
    [
      'who asked withdrew it',
      'withdrawn',
      (service: TestService['service'], id: string) => service.withdrawApproval(gateway, id, {}),
    ],
  ] as const)('is no good while %s', async (_what, problem, act) => {
    const tested = await asking()
    const { decision_id } = await tested.service.evaluate(gateway, categorise())
    await act(tested.service, decision_id)
    expect(await tested.service.evaluate(gateway, retry(categorise(), decision_id))).toMatchObject(refusedAs(problem))
  })

  it('that was given can be taken back by an approver until it is used, and not after', async () => {
    const tested = await asking()
    const { answer, again } = await approved(tested)
    await expect(
      tested.service.withdrawApproval({ ...gateway, credential: 'gateway-2' }, answer.decision_id, {}),
    ).rejects.toMatchObject({ code: 'forbidden' })
    const taken = await tested.service.withdrawApproval(cem, answer.decision_id, { reason: 'second thoughts' })
    expect(taken.approval.state).toBe('withdrawn')
    expect(await tested.service.evaluate(gateway, again)).toMatchObject(refusedAs('withdrawn'))
    const next = await approved(tested, categorise({ arguments: { account: 'rent' } }))
    await tested.service.evaluate(gateway, next.again)
    await expect(tested.service.withdrawApproval(cem, next.answer.decision_id, {})).rejects.toMatchObject({ code: 'conflict' })
  })

  it('that nobody decided within 15 minutes is over: no verdict is taken, no retry runs', async () => {
    const tested = await asking()
    const { decision_id, decided_at, approval } = await tested.service.evaluate(gateway, categorise())
    expect(Date.parse(approval!.ends_at) - Date.parse(decided_at)).toBe(15 * MINUTE_MS)
    tested.clock.advance(15 * MINUTE_MS)
    await expect(tested.service.decideApproval(bea, decision_id, yes)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('expired') as unknown,
    })
    expect(await tested.service.evaluate(gateway, retry(categorise(), decision_id))).toMatchObject(refusedAs('expired'))
  })

  it('that was given is good for as long as the configuration says, from the last verdict on', async () => {
    const tested = await asking({ config: { approvals: { expire_minutes: 60, redeem_minutes: 5 } } })
    const { decision_id } = await tested.service.evaluate(gateway, categorise())
    tested.clock.advance(59 * MINUTE_MS)
    await tested.service.decideApproval(bea, decision_id, yes)
    tested.clock.advance(5 * MINUTE_MS - 1)
    const other = categorise({ arguments: { account: 'rent' } })
    const late = await tested.service.evaluate(gateway, other)
    await tested.service.decideApproval(bea, late.decision_id, yes)
    expect(await tested.service.evaluate(gateway, retry(categorise(), decision_id))).toMatchObject({ decision: true })
    tested.clock.advance(5 * MINUTE_MS)
    expect(await tested.service.evaluate(gateway, retry(other, late.decision_id))).toMatchObject(refusedAs('expired'))
  })

  it('that ran out of time is written to the log once, given or not, and no clock brings it back', async () => {
    const tested = await asking()
    const { again } = await approved(tested)
    await tested.service.evaluate(gateway, categorise({ arguments: { account: 'rent' } }))
    tested.clock.advance(15 * MINUTE_MS)
    const was = tested.store.size()
    expect(await Promise.all([tested.service.expireApprovals(), tested.service.expireApprovals()]).then(([a, b]) => a + b)).toBe(
      2,
    )
    expect(await tested.service.expireApprovals()).toBe(0)
    expect(tested.store.size()).toBe(was + 2)
    const [record] = await tested.store.query({ kinds: ['approval'], newestFirst: true, limit: 1 })
    expect(record?.record).toMatchObject({ outcome: 'expired', body: { verb: 'expire' }, actor: 'gradus:system' })
    expect((await tested.service.approvals(bea, {})).approvals).toEqual([])
    tested.clock.advance(-10 * MINUTE_MS)
    expect(await tested.service.evaluate(gateway, again)).toMatchObject(refusedAs('expired'))
  })
})

describe('between approval and retry', () => {
  it.each<readonly [string, (tested: TestService) => Promise<unknown>]>([
    [
      'a person contained the agent',
      ({ service }) => service.contain(operator, { target: { kind: 'agent', agent: AGENT }, reason: 'stop' }),
    ],
    [
      'a person contained the scope',
      ({ service }) => service.contain(operator, { target: { kind: 'scope', scope: SCOPE }, reason: 'stop' }),
    ],
    [
      'an incident capped the agent',
      ({ service }) => service.raiseIncident(operator, { agent: AGENT, class: 'injection_suspected' }),
    ],
    ['somebody pulled the kill switch', ({ service }) => service.raiseIncident(operator, { agent: AGENT, class: 'kill_switch' })],
    ['the agent failed and was demoted', ({ write, clock }) => write([failure(40, clock.nowMs())])],
  ])('%s: the retry is refused, and the approval is not used up', async (_what, strike) => {
    const tested = await asking()
    const { answer, again } = await approved(tested)
    await strike(tested)
    expect((await tested.service.evaluate(gateway, again)).decision).toBe(false)
    expect(await kept(tested, answer)).toMatchObject({ redeemed_by: null })
  })

  it('a containment that was lifted again leaves the approval paused until a person resumes it', async () => {
    const tested = await asking()
    const { answer, again } = await approved(tested)
    const { id } = await tested.service.contain(operator, { target: { kind: 'agent', agent: AGENT }, reason: 'stop' })
    await tested.service.evaluate(gateway, again)
    await tested.service.lift(operator, id)
    expect(await tested.service.evaluate(gateway, again)).toMatchObject(refusedAs('paused'))
    await tested.service.resumeDecision(cem, answer.decision_id, { reason: 'read why' })
    expect(await tested.service.evaluate(gateway, again)).toMatchObject({ decision: true })
  })

  it.each<readonly [string, string, (tested: TestService, id: string) => Promise<unknown>]>([
    ['withdrawn', 'withdrawn', ({ service }, id) => service.withdrawApproval(cem, id, {})],
    ['used by another retry', 'redeemed', ({ service }, id) => service.evaluate(gateway, retry(categorise(), id))],
    [
      'out of time, and the log says so,',
      'expired',
      async ({ service, clock }) => {
        clock.advance(15 * MINUTE_MS)
        await service.expireApprovals()
      },
    ],
  ])('it can be %s even while the retry is being decided', async (_what, problem, strike) => {
    let onWrite: (() => Promise<unknown>) | undefined
    const tested: TestService = await asking({
      store: (store) => ({
        ...store,
        transact: async (touches, change) => {
          const act = onWrite
          onWrite = undefined
          await act?.()
          return store.transact(touches, change)
        },
      }),
    })
    const { answer, again } = await approved(tested)
    onWrite = () => strike(tested, answer.decision_id)
    expect(await tested.service.evaluate(gateway, again)).toMatchObject(refusedAs(problem))
  })

  it('more people may be needed than said yes, by a stricter policy or a higher risk: it is asked anew', async () => {
    let rules = [{ approvers: 1 }]
    const strict = (set: PolicySet): PolicySet => ({
      ...set,
      digest: digestOf(rules),
      settings: { ...set.settings, approvals: { ...set.settings.approvals, approvers: rules } },
    })
    const tested = await asking({ policySet: strict })
    const { answer, again } = await approved(tested)
    rules = [{ approvers: 2 }]
    await tested.service.reloadPolicies(administrator)
    const refused = await tested.service.evaluate(gateway, again)
    expect(refused).toMatchObject(refusedAs('more_approvers'))
    expect(refused.approval).toMatchObject({ id: refused.decision_id, state: 'pending' })
    await tested.service.decideApproval(bea, refused.decision_id, yes)
    await tested.service.decideApproval(cem, refused.decision_id, yes)
    await expect(tested.service.decideApproval(dora, answer.decision_id, yes)).rejects.toMatchObject({ code: 'not_found' })
    expect(await tested.service.evaluate(gateway, retry(categorise(), refused.decision_id))).toMatchObject({ decision: true })
  })

  it('the clock may step: nothing that ends by itself is granted or used until it is steady', async () => {
    const tested = await asking()
    const { again } = await approved(tested)
    const other = await tested.service.evaluate(gateway, categorise({ arguments: { account: 'rent' } }))
    tested.clock.step(false)
    expect(await tested.service.evaluate(gateway, again)).toMatchObject(refusedAs('clock'))
    await expect(tested.service.decideApproval(bea, other.decision_id, yes)).rejects.toMatchObject({ code: 'not_ready' })
    const said = await tested.service.decideApproval(bea, other.decision_id, no)
    expect(said).toMatchObject({
      approval: { state: 'rejected' },
      evidence: expect.stringContaining('clock') as unknown,
      changes: [],
    })
    tested.clock.step(true)
    expect(await tested.service.evaluate(gateway, again)).toMatchObject({ decision: true })
  })
})

const failure = (units: number, atMs: number): Extract<Effect, { kind: 'evidence' }> => ({
  kind: 'evidence',
  agent: AGENT,
  scope: SCOPE,
  layer: 'outcome',
  polarity: 'negative',
  weight: units,
  kappa: units,
  event_time_ms: atMs,
  verifier: 'v',
  counts: true,
  self_flagged: false,
  blast: 1,
})

describe('who may approve', () => {
  const named = (standing: object) => caller('someone', { roles: ['approver'], person: 'someone', ...standing })

  it.each([
    ['an operator without the role', operator, 'forbidden'],
    ['an administrator without the role', administrator, 'forbidden'],
    ['the enforcement point', gateway, 'forbidden'],
    ['nobody', { ...bea, credential: null }, 'unauthenticated'],
    ['a credential that belongs to no person', { ...named({}), person: undefined }, 'forbidden'],
    ['an agent', named({ roles: ['approver', 'agent'], agent: 'other-agent' }), 'forbidden'],
    ['the agent itself', named({ roles: ['approver', 'agent'], agent: AGENT }), 'forbidden'],
    ['an approver of another category', named({ approver_scopes: ['payments', 'crm:full'] }), 'forbidden'],
    ['an approver of another stake', named({ approver_scopes: ['bookkeeping:full'] }), 'forbidden'],
  ])('not %s', async (_who, who, code) => {
    const tested = await asking()
    const { decision_id } = await tested.service.evaluate(gateway, categorise())
    const before = tested.store.size()
    await expect(tested.service.decideApproval(who, decision_id, yes)).rejects.toMatchObject({ code })
    expect(tested.store.size()).toBe(before)
  })

  it.each([['*'], ['bookkeeping'], [SCOPE]])('who has the scope %s', async (scope) => {
    const tested = await asking()
    const { decision_id } = await tested.service.evaluate(gateway, categorise())
    const said = await tested.service.decideApproval(named({ approver_scopes: [scope] }), decision_id, yes)
    expect(said.approval).toMatchObject({
      state: 'approved',
      votes: [{ person: 'person:someone', verdict: 'approve', reason: 'looked at it' }],
    })
  })

  const user = (id: string) => ({ type: 'user', id })
  it.each<readonly [string, typeof gateway, ReturnType<typeof categorise>]>([
    ['the person of the credential that asked', { ...gateway, person: 'bea' }, categorise()],
    ['the credential that asked', { ...gateway, credential: 'bea-token' }, categorise()],
    ['the person on whose behalf it was asked', gateway, categorise({ context: { on_behalf_of: user('bea') } })],
    ['a person anywhere in the chain', gateway, categorise({ context: { chain: [user('bea')] } })],
    [
      'a person in a nested actor claim',
      gateway,
      categorise({ subject: { properties: { act: { sub: 'bea', type: 'user', act: { sub: 'bea', type: 'user' } } } } }),
    ],
    ['a person named like the agent', gateway, categorise()],
  ])('not %s, whatever roles they have; another one may', async (who, by, what) => {
    const tested = await asking(ABOUT_THE_AGENT)
    const { decision_id, approval } = await tested.service.evaluate(by, what)
    expect(approval?.state).toBe('pending')
    const self = who.includes('named like') ? { ...bea, person: AGENT } : bea
    for (const verdict of [yes, no])
      await expect(tested.service.decideApproval(self, decision_id, verdict)).rejects.toMatchObject({ code: 'forbidden' })
    expect((await tested.service.decideApproval(cem, decision_id, yes)).approval.state).toBe('approved')
  })

  it('nobody, where the request names more parties than can be read', async () => {
    const tested = await asking(ABOUT_THE_AGENT)
    let act: object = { sub: 'ann', type: 'user' }
    for (let depth = 0; depth < 7; depth += 1) act = { sub: 'ann', type: 'user', act }
    const answer = await tested.service.evaluate(gateway, categorise({ subject: { properties: { act } } }))
    expect(answer).toMatchObject({ outcome: 'require_approval', approval: null })
    expect(answer.reasons).toContain('approval_unavailable:too_many_parties')
  })

  it('no name that stands for somebody without a credential can be given to one', () => {
    for (const id of ['anonymous', 'system', 'command-line', 'listener:http', 'listener:other'])
      expect(Credential.safeParse({ id, token_sha256: 'a'.repeat(64) }).success).toBe(false)
    const others = Credential.parse({ id: 'anon', token_sha256: 'a'.repeat(64) })
    expect(createAuthenticate([others], gateway, { admitted: true })).toBeTypeOf('function')
  })

  it('sees the approvals of their scopes only; who watches over all sees all', async () => {
    const tested = await asking()
    const { decision_id } = await tested.service.evaluate(gateway, categorise())
    const other = named({ approver_scopes: ['payments'] })
    expect((await tested.service.approvals(other, {})).approvals).toEqual([])
    await expect(tested.service.approval(other, decision_id)).rejects.toMatchObject({ code: 'forbidden' })
    for (const who of [bea, operator, auditor, administrator]) {
      expect((await tested.service.approvals(who, {})).approvals.map(({ decision_id: id }) => id)).toEqual([decision_id])
      expect((await tested.service.approval(who, decision_id)).state).toBe('pending')
    }
    await expect(tested.service.approvals(gateway, {})).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('says yes to what they looked at: another digest is refused', async () => {
    const tested = await asking()
    const { decision_id, request_digest } = await tested.service.evaluate(gateway, categorise())
    await expect(
      tested.service.decideApproval(bea, decision_id, { ...yes, request_digest: 'b'.repeat(64) }),
    ).rejects.toMatchObject({
      code: 'conflict',
      place: { pointer: '/request_digest' },
    })
    expect((await tested.service.decideApproval(bea, decision_id, { ...yes, request_digest })).approval.state).toBe('approved')
  })

  it('sees everything that would run, uncut, with terms, risk, trust and the way back', async () => {
    const tested = await asking()
    const long = { account: 'travel', note: 'x'.repeat(20_000), deep: { list: Array.from({ length: 200 }, (_, at) => ({ at })) } }
    const what = categorise({ arguments: long })
    const { decision_id, ceilings } = await tested.service.evaluate(gateway, what)
    const view = await tested.service.approval(bea, decision_id)
    expect(view).toMatchObject({ payload: 'whole', ceilings, risk: { band: 'low' }, trust: { level_effective: 2, scope: SCOPE } })
    expect(view.request).toEqual(JSON.parse(JSON.stringify(what.request)))
    expect(view.rollback.reversibility).toBeTypeOf('number')
  })
})

describe('the number of people', () => {
  it('is two at high risk, distinct, one no is a no, and one of them is not enough', async () => {
    const tested = await asking()
    await tested.earn('support-agent', 'email:full', 4)
    const first = await tested.service.evaluate(gateway, email())
    expect(await tested.service.approval(bea, first.decision_id)).toMatchObject({ approvers_needed: 2, band: 'high' })
    await tested.service.decideApproval(bea, first.decision_id, yes)
    await expect(tested.service.decideApproval({ ...bea, credential: 'other' }, first.decision_id, yes)).rejects.toMatchObject({
      code: 'forbidden',
    })
    expect(await tested.service.evaluate(gateway, retry(email(), first.decision_id))).toMatchObject(refusedAs('pending'))
    await tested.service.decideApproval(cem, first.decision_id, no)
    await expect(tested.service.decideApproval(dora, first.decision_id, yes)).rejects.toMatchObject({ code: 'conflict' })
    const { again } = await approved(tested, email(), gateway, [bea, dora])
    expect(await tested.service.evaluate(gateway, again)).toMatchObject({ decision: true, outcome: 'allow_guarded' })
  })

  it('is that of the first line of the configuration that fits', async () => {
    const tested = await asking({ config: { approvals: { approvers: [{ scope: SCOPE, approvers: 3 }, { approvers: 1 }] } } })
    const { again } = await approved(tested, categorise(), gateway, [bea, cem, dora])
    expect(await tested.service.evaluate(gateway, again)).toMatchObject({ decision: true })
    const { answer } = await approved(tested, categorise(), gateway, [bea, cem])
    expect((await tested.service.approval(bea, answer.decision_id)).state).toBe('pending')
  })
})

describe('the list of approvals', () => {
  const many = (count: number, offset = 0) =>
    Array.from({ length: count }, (_, at) => categorise({ arguments: { account: `account-${at + offset}` } }))

  it('cannot be filled by one agent, and says so', async () => {
    const tested = await asking({ config: { approvals: { open_per_agent_max: 5 } } })
    await tested.earn('support-agent', 'email:full', 4)
    for (const each of many(5)) expect((await tested.service.evaluate(gateway, each)).approval).not.toBeNull()
    const sixth = await tested.service.evaluate(gateway, many(1, 5)[0]!)
    expect(sixth).toMatchObject({ outcome: 'require_approval', approval: null })
    expect(sixth.reasons).toContain('approval_unavailable:too_many_open')
    expect((await tested.service.evaluate(gateway, email())).approval).not.toBeNull()
    expect((await tested.service.evaluate(gateway, many(1)[0]!)).approval).toMatchObject({ state: 'pending' })
    tested.clock.advance(15 * MINUTE_MS)
    await tested.service.expireApprovals()
    expect((await tested.service.evaluate(gateway, many(1, 5)[0]!)).approval).not.toBeNull()
  })

  it('ends at what a tenant may have', async () => {
    const tested = await asking({ config: { approvals: { open_per_tenant_max: 3 } } })
    const answers = []
    for (const each of many(5)) answers.push(await tested.service.evaluate(gateway, each))
    expect(answers.map(({ approval }) => approval !== null)).toEqual([true, true, true, false, false])
    await tested.service.decideApproval(bea, answers[0]!.decision_id, no)
    expect((await tested.service.evaluate(gateway, many(1, 9)[0]!)).approval).not.toBeNull()
  })

  it('is not held up by a credential that asked the same before another one', async () => {
    const tested = await asking()
    await tested.service.evaluate(gateway, categorise())
    const other = await tested.service.evaluate({ ...gateway, credential: 'gateway-2' }, categorise())
    expect(other).toMatchObject({ outcome: 'require_approval', approval: null })
    expect(other.reasons).toContain('approval_unavailable:other_requester')
  })
})

describe('a base that itself asks for an approval', () => {
  const asksItself = (set: PolicySet): PolicySet => ({
    ...set,
    base: {
      ...set.base,
      evaluate: () => ({ kind: 'value', value: { outcome: 'require_approval', reason: 'by policy' } }),
    },
  })

  it('has what it asks for once a person says yes: it ran guarded, once, and the base is recorded as it answered', async () => {
    const tested = await asking({ policySet: asksItself })
    const { answer, again } = await approved(tested)
    expect(answer).toMatchObject({ base: 'require_approval', base_granted: 'require_approval' })
    expect(await tested.service.evaluate(gateway, again)).toMatchObject({
      outcome: 'allow_guarded',
      decision: true,
      base: 'require_approval',
      base_granted: 'allow_guarded',
    })
    expect(await tested.service.evaluate(gateway, again)).toMatchObject(refusedAs('redeemed'))
    expect(await notReplayed(tested, asksItself(await shippedPolicySet()))).toEqual([])
  })

  it('asks again where other policies are in force by now', async () => {
    let digest = ''
    const tested = await asking({
      policySet: (set) => ({ ...asksItself(set), digest: digest === '' ? set.digest : digest }),
    })
    const { again } = await approved(tested)
    digest = digestOf('other policies')
    await tested.service.reloadPolicies(administrator)
    const asked = await tested.service.evaluate(gateway, again)
    expect(asked).toMatchObject(refusedAs('other_policy_set'))
    expect(asked.approval).toMatchObject({ state: 'pending', id: asked.decision_id })
  })
})

describe('what an approval never lifts', () => {
  it('a denial or a suggestion: nobody is asked where a yes would not let it run', async () => {
    const tested = await testService()
    await tested.earn(AGENT, SCOPE, 1)
    expect(await tested.service.evaluate(gateway, categorise())).toMatchObject({ outcome: 'suggest', approval: null })
    const escalation = ask('operations-agent', 'modify_permissions')
    expect(await tested.service.evaluate(gateway, escalation)).toMatchObject({ decision: false, approval: null })
  })

  it('what is asked in a foreign form that says more than the request: nobody would see all of it', async () => {
    const tested = await asking()
    const answer = await tested.service.evaluate(gateway, { ...categorise(), baseInput: { anything: 'else' } })
    expect(answer).toMatchObject({ approval: null })
    expect(answer.outcome).toBe('require_approval')
    expect(answer.reasons).toContain('approval_unavailable:mapped_input')
  })

  it('anything that is only observed: there nobody is asked, and an approval is not used up', async () => {
    let modes: PolicySet['settings']['modes'] = []
    const tested = await asking({
      policySet: (set) => ({ ...set, digest: digestOf(modes), settings: { ...set.settings, modes } }),
    })
    const { answer, again } = await approved(tested)
    modes = [{ mode: 'observe', agent: AGENT }]
    await tested.service.reloadPolicies(administrator)
    expect(await tested.service.evaluate(gateway, again)).toMatchObject({ decision: true, outcome: 'allow', approval: null })
    expect(await tested.service.evaluate(gateway, categorise({ arguments: { account: 'rent' } }))).toMatchObject({
      decision: true,
      approval: null,
    })
    expect(await kept(tested, answer)).toMatchObject({ redeemed_by: null })
    modes = []
    await tested.service.reloadPolicies(administrator)
    expect(await tested.service.evaluate(gateway, again)).toMatchObject({ decision: true, approval: { state: 'redeemed' } })
  })
})

describe('a verdict as evidence', () => {
  const scopeOf = async ({ store }: TestService) => {
    const key = { kind: 'agent', tenant: 'default', id: AGENT } as const
    const found = await store.read([key], (view) => view.document(key)?.scopes[SCOPE])
    return { outcome: found?.layers.outcome, ladder: found?.ladder }
  }
  const single = (more: object, atMs: number): Extract<Effect, { kind: 'evidence' }> => ({
    ...failure(1, atMs),
    polarity: 'positive',
    kappa: 0,
    verifier: 'bea',
    blast: 1,
    tracked: true,
    ...more,
  })

  it.each([
    ['validated', [single({}, 0)]],
    ['failed', [single({ polarity: 'negative', kappa: 1, verifier: 'checks' }, 0)]],
  ] as const)('and what came of the retry (%s) together count as one decision', async (said, as) => {
    const [twice, once] = [await asking(), await asking()]
    const { again } = await approved(twice)
    const ran = await twice.service.evaluate(gateway, again)
    await twice.service.reportOutcome(verifier, { decision_id: ran.decision_id, class: said })
    await once.write(as.map((effect) => ({ ...effect, event_time_ms: once.clock.nowMs() })))
    const [seen, expected] = [await scopeOf(twice), await scopeOf(once)]
    expect(seen.ladder).toEqual(expected.ladder)
    expect(seen.outcome?.r).toBeCloseTo(expected.outcome?.r ?? NaN, 9)
    expect(seen.outcome?.s).toBeCloseTo(expected.outcome?.s ?? NaN, 9)
  })

  it('is half a unit of a person: a yes for the agent, a no against it, each once for the decision', async () => {
    const tested = await asking()
    const before = await scopeOf(tested)
    const { answer } = await approved(tested)
    const after = await scopeOf(tested)
    expect(after.outcome!.r - before.outcome!.r).toBeCloseTo(0.4, 6)
    expect(after.outcome!.s).toBe(before.outcome!.s)
    const other = await tested.service.evaluate(gateway, categorise({ arguments: { account: 'rent' } }))
    const said = await tested.service.decideApproval(bea, other.decision_id, no)
    expect(said.evidence).toContain('negative')
    const rejected = await scopeOf(tested)
    expect(rejected.outcome!.s - after.outcome!.s).toBeCloseTo(0.4, 6)
    await expect(
      tested.service.reportOutcome(caller('r', { roles: ['verifier'], verifier: 'human', person: 'bea' }), {
        decision_id: answer.decision_id,
        class: 'approved',
      }),
    ).resolves.toMatchObject({ counted: false })
  })

  it('of a second person on the same decision adds nothing to the first', async () => {
    const tested = await asking({ config: { approvals: { approvers: [{ approvers: 2 }] } } })
    const { decision_id } = await tested.service.evaluate(gateway, categorise())
    await tested.service.decideApproval(bea, decision_id, yes)
    const after = await scopeOf(tested)
    await tested.service.decideApproval(cem, decision_id, yes)
    expect((await scopeOf(tested)).outcome?.r).toBe(after.outcome?.r)
  })

  it('is no evidence about an agent that only the body names', async () => {
    const granted = { outcome: 'allow', reason: 'by policy' } as const
    const tested = await asking({
      policySet: (set) => ({
        ...set,
        base: { ...set.base, evaluate: () => ({ kind: 'value', value: granted }) as const },
      }),
    })
    const before = await scopeOf(tested)
    const what = categorise({ subject: { type: 'user', id: 'ann', properties: { act: { sub: AGENT } } } })
    const answer = await tested.service.evaluate(gateway, what)
    expect(answer.approval).toMatchObject({ state: 'pending' })
    const said = await tested.service.decideApproval(bea, answer.decision_id, yes)
    expect(said.evidence).toContain('nobody is judged')
    expect((await scopeOf(tested)).outcome).toEqual(before.outcome)
  })

  it('a withdrawal and a lapse are none', async () => {
    const tested = await asking()
    const before = await scopeOf(tested)
    const { decision_id } = await tested.service.evaluate(gateway, categorise())
    await tested.service.withdrawApproval(gateway, decision_id, {})
    await tested.service.evaluate(gateway, categorise({ arguments: { account: 'rent' } }))
    tested.clock.advance(15 * MINUTE_MS)
    await tested.service.expireApprovals()
    expect((await scopeOf(tested)).outcome).toEqual(before.outcome)
  })

  it('is kept with its time, by person, and seen by the observer', async () => {
    const tested = await asking()
    const [first, second] = [
      await tested.service.evaluate(gateway, categorise()),
      await tested.service.evaluate(gateway, categorise({ arguments: { account: 'rent' } })),
    ]
    tested.clock.advance(4_000)
    await tested.service.decideApproval(bea, first.decision_id, yes)
    tested.clock.advance(56_000)
    await tested.service.decideApproval(bea, second.decision_id, no)
    const key = { kind: 'rater', tenant: 'default', id: 'person:bea' } as const
    expect(await tested.store.read([key], (view) => view.document(key))).toEqual({
      approved: 1,
      rejected: 1,
      latency_ms_sum: 64_000,
      hasty: 1,
      latencies: [0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
      canaries: { seen: 0, caught: 0 },
      units_given: 0.4,
    })
    expect(tested.observations.filter(({ kind }) => kind === 'approval')).toEqual([
      { kind: 'approval', verdict: 'approve', seconds: 4 },
      { kind: 'approval', verdict: 'reject', seconds: 60 },
    ])
    const [record] = await tested.store.query({ kinds: ['approval'], decisionId: second.decision_id, limit: 1 })
    expect(record?.record).toMatchObject({
      user: 'bea',
      outcome: 'rejected',
      body: {
        verb: 'reject',
        reason: 'not this one',
        latency_ms: 60_000,
        payload: 'whole',
        request_digest: second.request_digest,
      },
    })
  })
})

describe('a request whose payload is not whole', () => {
  it('is not approved once it is erased: nobody can see what would run', async () => {
    const tested = await asking()
    const { decision_id, leaf_index } = await tested.service.evaluate(gateway, categorise())
    await tested.store.erase([leaf_index!], ['/body/request/action/properties'])
    expect((await tested.service.approval(bea, decision_id)).payload).toBe('erased')
    await expect(tested.service.decideApproval(bea, decision_id, yes)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('erased') as unknown,
    })
  })

  it('is approved with a member masked only knowingly: the view and the record say so', async () => {
    const tested = await asking({
      policySet: (set) => ({
        ...set,
        mask: {
          digest: 'm',
          entrypoints: [],
          evaluate: () => ({ kind: 'value', value: ['/input/action/properties/arguments/account'] }) as const,
          close: () => undefined,
        },
      }),
    })
    const { answer, again } = await approved(tested)
    const view = await tested.service.approval(bea, answer.decision_id)
    expect(view.payload).toBe('masked')
    expect(JSON.stringify(view.request)).not.toContain('travel')
    const [record] = await tested.store.query({ kinds: ['approval'], limit: 1 })
    expect(record?.record.body['payload']).toBe('masked')
    expect((await tested.service.approvalHistory(bea, {})).steps).toMatchObject([{ verb: 'approve', payload: 'masked' }])
    expect(await tested.service.evaluate(gateway, again)).toMatchObject({ decision: true })
  })
})

describe('what cannot be recorded', () => {
  it('neither runs nor uses an approval up', async () => {
    let broken = false
    const tested = await asking({
      store: (store) => ({
        ...store,
        transact: (touches, change) =>
          broken ? Promise.reject(Object.assign(new (class extends Error {})('no'), {})) : store.transact(touches, change),
      }),
    })
    const { answer, again } = await approved(tested)
    broken = true
    await expect(tested.service.evaluate(gateway, again)).rejects.toThrow()
    broken = false
    expect(await kept(tested, answer)).toMatchObject({ redeemed_by: null })
    expect(await tested.service.evaluate(gateway, again)).toMatchObject({ decision: true })
  })
})

describe('the decision that redeemed an approval', () => {
  it('says so in its record, and replays equal from it alone', async () => {
    const tested = await asking()
    const { answer, again } = await approved(tested)
    const ran = await tested.service.evaluate(gateway, again)
    const stored = await tested.store.read([], (view) => view.record('default', ran.decision_id))
    expect(stored?.record.body).toMatchObject({
      approval: { redeemed: answer.decision_id, reason: null },
      facts: { approval: { id: answer.decision_id, problem: null, approvers: 1 } },
    })
    expect(await notReplayed(tested, await shippedPolicySet())).toEqual([])
  })
})
