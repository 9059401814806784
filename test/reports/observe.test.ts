import { describe, expect, it } from 'vitest'

import { proofText } from '../../src/app/compose.ts'
import { policySetOf, replayDecision } from '../../src/decisions/replay.ts'
import { sha256Hex } from '../../src/format/canonical-json.ts'
import type { DecisionFacts } from '../../src/ledger/decision-facts.ts'
import type { AuditRecord } from '../../src/ledger/record.ts'
import type { WouldBody } from '../../src/ledger/recorded-decision.ts'
import type { Store, StoredRecord } from '../../src/ledger/store.ts'
import type { PolicyEvaluation } from '../../src/model/evaluation.ts'
import type { Observation } from '../../src/model/observation.ts'
import type { Decision } from '../../src/pdp/decision-inputs.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import { type ModeRule, ModeRules } from '../../src/policy/settings.ts'
import { restorePolicySet } from '../../src/rego/assemble-policy-set.ts'
import { createService } from '../../src/service/create-service.ts'
import { administrator, ask, caller, gateway, inTenant, operator, verifier } from '../support/callers.ts'
import { countedIds, shippedPolicySet, testService, type TestService, type TestServiceOptions } from '../support/test-service.ts'

const scope = 'bookkeeping:light'
const categorise = (session?: string) =>
  ask('finance-agent', 'categorise_expense', session === undefined ? {} : { context: { session } })
const OBSERVE: readonly ModeRule[] = [{ mode: 'observe' }]

/** The same policies under other modes. */
function withModes(policySet: PolicySet, modes: readonly ModeRule[]): PolicySet {
  const digest = sha256Hex(JSON.stringify([policySet.digest, modes]))
  return { ...policySet, digest, settings: { ...policySet.settings, modes: ModeRules.parse(modes) } }
}

/** A service whose modes a test sets before each load. */
async function switching(modes: readonly ModeRule[], options: TestServiceOptions = {}) {
  const next = { modes }
  const tested = await testService({ ...options, policySet: (policySet) => withModes(policySet, next.modes) })
  return { ...tested, next }
}

type Recorded = { readonly decision: Decision; readonly facts: DecisionFacts; readonly would: WouldBody | null }

async function recordOf({ store }: Pick<TestService, 'store'>, id: string, tenant = 'default'): Promise<StoredRecord> {
  const stored = await store.read([], (view) => view.record(tenant, id))
  if (stored === undefined) throw new Error(`there is no record ${id}`)
  return stored
}

async function bodyOf(tested: Pick<TestService, 'store'>, id: string, tenant?: string): Promise<Recorded> {
  return (await recordOf(tested, id, tenant)).record.body as unknown as Recorded
}

/** Members of an object but for some. */
function without<T>(object: Readonly<Record<string, T>>, ...names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))
}

async function activations({ store }: Pick<TestService, 'store'>): Promise<readonly AuditRecord[]> {
  const found = await store.query({ kinds: ['policy_set'], limit: 100 })
  return found.map(({ record }) => record)
}

describe('an observed decision', () => {
  it('answers the base and records what would have been answered, in the record and the metrics only', async () => {
    const tested = await testService({ config: { modes: OBSERVE } })
    const answer = await tested.service.evaluate(gateway, categorise())
    expect(answer).toMatchObject({ outcome: 'allow', decision: true, obligations: [], guardrails: {}, advice: [] })
    const { would, facts } = await bodyOf(tested, answer.decision_id)
    expect(would).toMatchObject({ decision: { outcome: 'deny', advice: ['record_proposal'] }, degraded: [] })
    expect(facts.mode.mode).toBe('observe')
    expect(tested.observations).toContainEqual({
      kind: 'would',
      protocol: 'native',
      base: 'allow',
      outcome: 'deny',
      limiting: 'trust',
    })
    expect(JSON.stringify(answer)).not.toMatch(/would|observe|record_proposal/u)
  })

  it('stays denied where the base denies, and where the base fails', async () => {
    const { service } = await testService({ config: { modes: OBSERVE } })
    expect(await service.evaluate(gateway, ask('research-agent', 'refund'))).toMatchObject({ outcome: 'deny', base: 'deny' })
    for (const evaluation of [
      { kind: 'failed', cause: 'trap', message: 'unreachable' },
      { kind: 'undefined' },
      { kind: 'value', value: 'true' },
    ] satisfies PolicyEvaluation[]) {
      const failing = await testService({
        config: { modes: OBSERVE },
        policySet: (set) => ({ ...set, base: { ...set.base, evaluate: () => evaluation } }),
      })
      expect((await failing.service.evaluate(gateway, categorise())).outcome).toBe('deny')
    }
  })

  it.each<readonly [string, PolicyEvaluation]>([
    ['traps', { kind: 'failed', cause: 'trap', message: 'unreachable' }],
    ['is undefined', { kind: 'undefined' }],
  ])('answers the base where the graduation %s, and records the rest as degraded', async (_how, evaluation) => {
    const tested = await testService({
      config: { modes: OBSERVE },
      policySet: (set) => ({ ...set, graduation: { ...set.graduation, evaluate: () => evaluation } }),
    })
    const answer = await tested.service.evaluate(gateway, categorise())
    expect(answer.outcome).toBe('allow')
    expect((await bodyOf(tested, answer.decision_id)).would).toMatchObject({
      decision: { outcome: 'deny' },
      degraded: ['graduation'],
    })
  })

  it('answers the base where a fact for the risk cannot be known, and records the rest as degraded', async () => {
    const tested = await testService({ config: { modes: OBSERVE } })
    await tested.earn('finance-agent', 'payments:full', 4)
    const answer = await tested.service.evaluate(gateway, ask('finance-agent', 'refund', { arguments: { amount: '40' } }))
    expect(answer.outcome).toBe(answer.base)
    expect((await bodyOf(tested, answer.decision_id)).would?.degraded).toEqual(['risk'])
  })

  it('is denied where a person has contained it or pulled the kill switch, and not where an incident has', async () => {
    const contained = await testService({ config: { modes: OBSERVE } })
    await contained.service.contain(operator, { target: { kind: 'agent', agent: 'finance-agent' }, reason: 'stop' })
    expect((await contained.service.evaluate(gateway, categorise())).reasons).toEqual(['contained_agent:person:stop'])

    const killed = await testService({ config: { modes: OBSERVE } })
    await killed.service.raiseIncident(operator, { agent: 'finance-agent', class: 'kill_switch' })
    expect(await killed.service.evaluate(gateway, categorise())).toMatchObject({ outcome: 'deny', reasons: ['kill_switch'] })

    const byIncident = await testService({ config: { modes: OBSERVE } })
    const containment = { id: 'c', target: { kind: 'tenant' }, by: 'incident', reason: 'spike', at_ms: 1 } as const
    await byIncident.write([{ kind: 'contain', containment }])
    await byIncident.service.raiseIncident(operator, { agent: 'finance-agent', class: 'injection_suspected' })
    const answer = await byIncident.service.evaluate(gateway, categorise())
    expect(answer.outcome).toBe('allow')
    expect((await bodyOf(byIncident, answer.decision_id)).would?.decision.outcome).toBe('deny')
  })

  it('keeps a kill switch in force where only the hard term is observed', async () => {
    const { service } = await testService({ config: { modes: [{ mode: 'observe', term: 'hard' }] } })
    await service.raiseIncident(operator, { agent: 'finance-agent', class: 'kill_switch' })
    expect((await service.evaluate(gateway, categorise())).reasons).toContain('kill_switch')
  })

  it('takes from no real budget, and what would have been taken is refused in a ledger of its own', async () => {
    const tested = await testService({ config: { modes: OBSERVE } })
    await tested.earn('finance-agent', scope, 3)
    const answers = await Promise.all(Array.from({ length: 70 }, () => tested.service.evaluate(gateway, categorise())))
    expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(['allow']))
    const bodies = await Promise.all(answers.map(({ decision_id }) => bodyOf(tested, decision_id)))
    const would = bodies.map((body) => body.would?.decision.outcome)
    expect(would[0]).toBe('allow_guarded')
    expect(would.at(-1)).toBe('require_approval')
    const activity = { kind: 'activity', tenant: 'default', id: 'finance-agent' } as const
    const real = await tested.store.read([activity], (view) => view.document(activity))
    expect(real).toMatchObject({ scopes: {}, outstanding: [] })
  })

  it('is evidence of what ran: a success counts as executed, and gives the slot of the rehearsal back', async () => {
    const tested = await testService({ config: { modes: OBSERVE } })
    await tested.earn('finance-agent', scope, 3)
    const { decision_id } = await tested.service.evaluate(gateway, categorise())
    const { counted } = await tested.service.reportOutcome(verifier, { decision_id, class: 'succeeded' })
    expect(counted).toBe(true)
    const [rehearsal = ''] = await tested.store.list('rehearsal', 'default')
    const key = { kind: 'rehearsal', tenant: 'default', id: rehearsal } as const
    expect(await tested.store.read([key], (view) => view.document(key)?.outstanding)).toEqual([])
    const [reported] = await tested.store.query({ kinds: ['outcome'], limit: 1 })
    const evidence = reported?.record.effects.find(({ kind }) => kind === 'evidence')
    expect(evidence).toEqual({ ...(await enforcedEvidence()), decision_id })
  })

  /** What the same report counts for where everything is enforced. */
  async function enforcedEvidence() {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 3)
    const { decision_id } = await tested.service.evaluate(gateway, categorise())
    await tested.service.reportOutcome(verifier, { decision_id, class: 'succeeded' })
    const [reported] = await tested.store.query({ kinds: ['outcome'], limit: 1 })
    return reported?.record.effects.find(({ kind }) => kind === 'evidence')
  }

  it('redeems no approval: that is still there when it is enforced, and each observed run counts by itself', async () => {
    const tested = await switching([])
    await tested.earn('finance-agent', scope, 2)
    const asked = await tested.service.evaluate(gateway, categorise())
    const approver = caller('approvals', { roles: ['approver'], person: 'petra' })
    await tested.service.decideApproval(approver, asked.decision_id, { verdict: 'approve', reason: 'fine' })
    tested.next.modes = OBSERVE
    await tested.service.reloadPolicies(administrator)
    const retry = ask('finance-agent', 'categorise_expense', { context: { approval: asked.decision_id } })
    const observed = await tested.service.evaluate(gateway, retry)
    const { approval } = (await recordOf(tested, observed.decision_id)).record.body as { approval?: unknown }
    expect(approval).toMatchObject({ redeemed: null })
    tested.next.modes = []
    await tested.service.reloadPolicies(administrator)
    expect(await tested.service.evaluate(gateway, retry)).toMatchObject({
      outcome: 'allow_guarded',
      approval: { state: 'redeemed' },
    })
  })
})

describe('modes', () => {
  const underModes = async (modes: readonly ModeRule[], tenant = 'default') => {
    const tested = await testService({ config: { modes } })
    const { outcome, decision_id } = await tested.service.evaluate(inTenant(gateway, tenant), categorise())
    return { outcome, ...(await bodyOf(tested, decision_id, tenant)) }
  }
  const modeUnder = async (modes: readonly ModeRule[], tenant: string) => (await underModes(modes, tenant)).facts.mode.mode

  it.each<readonly [string, ModeRule, string]>([
    ['a tenant', { mode: 'observe', tenant: 'acme' }, 'acme'],
    ['an agent', { mode: 'observe', agent: 'finance-agent' }, 'default'],
    ['a scope', { mode: 'observe', scope }, 'default'],
  ])('can be about %s, and a more specific line enforces again', async (_what, line, tenant) => {
    expect(await modeUnder([line], tenant)).toBe('observe')
    expect(await modeUnder([line], 'other-tenant')).toBe(line.tenant === undefined ? 'observe' : 'enforce')
    expect(await modeUnder([line, { mode: 'enforce', agent: 'finance-agent', scope }], tenant)).toBe('enforce')
  })

  it('can be about one term: the others hold, and what all would have said is recorded', async () => {
    const { outcome, decision, would } = await underModes([{ mode: 'observe', term: 'trust' }])
    expect(outcome).not.toBe('deny')
    expect(decision.ceilings.find(({ source }) => source === 'trust')).toMatchObject({ outcome: 'allow', reason: 'observed' })
    expect(would?.decision.outcome).toBe('deny')
  })

  it('can be about one rule document: its points count only in what would have been answered', async () => {
    const transfer = ask('finance-agent', 'wire_transfer', { arguments: { amount: 90_000 } })
    const enforced = await testService()
    const all = await enforced.service.evaluate(gateway, transfer)
    const [{ document } = { document: '' }] = all.risk.rules.filter(({ points }) => points > 0)
    const tested = await testService({ config: { modes: [{ mode: 'observe', rules: document }] } })
    const { decision_id } = await tested.service.evaluate(gateway, transfer)
    const { record } = await recordOf(tested, decision_id)
    const { decision, would } = record.body as unknown as Recorded
    expect(would).not.toBeNull()
    expect(would?.decision).toMatchObject({ outcome: all.outcome, reasons: all.reasons })
    expect(decision.ceilings).not.toEqual(would?.decision.ceilings)
  })

  it('do not follow an agent that only the body of a person’s request names', async () => {
    const { service } = await testService({ config: { modes: [{ mode: 'observe', agent: 'finance-agent' }] } })
    const act = { act: { sub: 'finance-agent' } }
    const claimed = ask('carol', 'categorise_expense', { subject: { type: 'user', id: 'carol', properties: act } })
    expect((await service.evaluate(gateway, claimed)).outcome).toBe('deny')
    const proven = { ...gateway, trusted_chain: true }
    expect((await service.evaluate(proven, claimed)).outcome).toBe('allow')
  })

  it('with a percentage keep each session on its side, whatever happens in between', async () => {
    const tested = await testService({ config: { modes: [{ mode: 'enforce', percent: 50 }] } })
    const sideOf = async (session: string): Promise<string> => {
      const { decision_id } = await tested.service.evaluate(gateway, categorise(session))
      return (await bodyOf(tested, decision_id)).facts.mode.mode
    }
    const sessions = Array.from({ length: 24 }, (_, index) => `session-${index}`)
    const before = await Promise.all(sessions.map(sideOf))
    expect(new Set(before).size).toBe(2)
    await tested.earn('finance-agent', scope, 2)
    await tested.service.reloadPolicies(administrator)
    tested.clock.advance(86_400_000)
    expect(await Promise.all(sessions.map(sideOf))).toEqual(before)
  })
})

describe('a change of modes', () => {
  it('needs a permission of its own; refused, the old set stays in force and healthy', async () => {
    const tested = await switching([])
    const { digest } = tested.service.policySet()
    tested.next.modes = OBSERVE
    await expect(tested.service.reloadPolicies(operator)).rejects.toMatchObject({ code: 'forbidden' })
    expect(tested.service.policySet()).toMatchObject({ digest, last_error: null })
    expect(tested.service.readiness()).toEqual([])
    expect((await tested.service.evaluate(gateway, categorise())).outcome).toBe('deny')
    expect(await activations(tested)).toHaveLength(1)
    await tested.service.reloadPolicies(administrator)
    expect((await tested.service.evaluate(gateway, categorise())).outcome).toBe('allow')
  })

  it('leaves an operator the reload of everything else', async () => {
    const tested = await switching(OBSERVE)
    await expect(tested.service.reloadPolicies(operator)).resolves.toMatchObject({ last_error: null })
  })

  it('is in the log with who made it, and loosening is told aloud', async () => {
    const tested = await switching([])
    tested.next.modes = [{ mode: 'observe', agent: 'finance-agent' }]
    await tested.service.reloadPolicies(administrator)
    const record = (await activations(tested)).at(-1)
    expect(record).toMatchObject({
      actor: 'person:ada',
      body: { modes: tested.next.modes, modes_loosened: ['[null,"finance-agent",null,null,null]'] },
    })
    expect(tested.observations).toContainEqual({ kind: 'mode_loosened', lines: 1 })
    const told = tested.observations.length
    tested.next.modes = []
    await tested.service.reloadPolicies(administrator)
    expect((await activations(tested)).at(-1)?.body).not.toHaveProperty('modes_loosened')
    expect(tested.observations.slice(told)).toEqual([])
  })

  it('is not told aloud where it could not be written', async () => {
    const broken = { now: false }
    const store = (of: Store): Store => ({
      ...of,
      archive: (...given) => (broken.now ? Promise.reject(new Error('disk')) : of.archive(...given)),
    })
    const tested = await switching([], { store })
    tested.next.modes = OBSERVE
    broken.now = true
    await expect(tested.service.reloadPolicies(administrator)).rejects.toThrow('disk')
    expect(tested.observations.filter(({ kind }) => kind === 'mode_loosened')).toEqual([])
    expect((await tested.service.evaluate(gateway, categorise())).outcome).toBe('deny')
  })

  it('is told aloud also where it came with a restart', async () => {
    const tested = await switching([])
    const { told, record } = await restart(tested, OBSERVE)
    expect(told).toContainEqual({ kind: 'mode_loosened', lines: 1 })
    expect(record?.body['modes_loosened']).toEqual(['[null,null,null,null,null]'])
    const again = await restart(tested, OBSERVE)
    expect(again.told).toEqual([])
    expect(again.record?.body).not.toHaveProperty('modes_loosened')
  })

  it('begins the rehearsal anew, and the old one is never taken up again; a restart goes on with it', async () => {
    const tested = await switching(OBSERVE)
    await tested.earn('finance-agent', scope, 3)
    const rehearsalNow = async (evaluating: Pick<TestService, 'service'> = tested) => {
      const { decision_id } = await evaluating.service.evaluate(gateway, categorise())
      return (await bodyOf(tested, decision_id)).would?.rehearsal ?? null
    }
    const switchTo = async (modes: readonly ModeRule[]) => {
      tested.next.modes = modes
      await tested.service.reloadPolicies(administrator)
    }
    const first = await rehearsalNow()
    expect(await rehearsalNow(await restart(tested, OBSERVE))).toBe(first)
    await switchTo([])
    expect(await rehearsalNow()).toBeNull()
    await switchTo(OBSERVE)
    const second = await rehearsalNow()
    expect([first, second]).toEqual([expect.any(String), expect.any(String)])
    expect(second).not.toBe(first)
  })

  /** A service that starts on the same log. */
  async function restart({ store, clock }: TestService, modes: readonly ModeRule[]) {
    const told: Observation[] = []
    const shipped = await shippedPolicySet()
    const ids = countedIds(() => clock.nowMs() + 1)
    const service = await createService({
      store,
      clock,
      newId: ids,
      loadPolicySet: () => Promise.resolve(withModes(shipped, modes)),
      observe: (observation) => told.push(observation),
      elapsed: () => 0,
      mask: true,
      formatProof: proofText,
    })
    const record = (await activations({ store })).at(-1)
    return { service, told: [...told], record }
  }
})

describe('the log of what was observed', () => {
  const again = async ({ store }: TestService, stored: StoredRecord) => {
    const archive = await store.archived(policySetOf(stored))
    return replayDecision(stored, archive === undefined ? undefined : await restorePolicySet(archive))
  }

  it('gives both answers again, byte for byte, with budgets that refuse in the rehearsal alone', async () => {
    const tested = await testService({
      config: { modes: [{ mode: 'observe' }, { mode: 'observe', term: 'trust' }, { mode: 'enforce', agent: 'coding-agent' }] },
      mask: false,
    })
    await tested.earn('finance-agent', scope, 3)
    for (let run = 0; run < 70; run += 1) await tested.service.evaluate(gateway, categorise())
    await tested.service.evaluate(gateway, ask('coding-agent', 'merge_pr'))
    await tested.service.evaluate(gateway, ask('finance-agent', 'refund', { arguments: { amount: '40' } }))
    const decisions = await tested.store.query({ kinds: ['decision'], limit: 100 })
    expect(decisions).toHaveLength(72)
    const outcomes = new Set(decisions.map(({ record }) => (record.body as unknown as Recorded).would?.decision.outcome))
    expect(outcomes).toEqual(new Set(['allow_guarded', 'require_approval', 'deny']))
    for (const stored of [...decisions.slice(0, 2), ...decisions.slice(-3)])
      expect(await again(tested, stored)).toEqual({ state: 'equal' })
  })

  it('tells when what would have been answered was changed', async () => {
    const tested = await testService({ config: { modes: OBSERVE }, mask: false })
    const { decision_id } = await tested.service.evaluate(gateway, categorise())
    const stored = await recordOf(tested, decision_id)
    const { would } = stored.record.body as unknown as Recorded
    const forged = { ...would, decision: { ...would?.decision, outcome: 'allow' } } as unknown as AuditRecord['body'][string]
    const changed = { ...stored, record: { ...stored.record, body: { ...stored.record.body, would: forged } } }
    expect(await again(tested, changed)).toMatchObject({ state: 'different', differences: [{ member: 'would' }] })
  })

  it('is read also where it is older than modes, approvals and overrides', async () => {
    const tested = await testService({ mask: false })
    await tested.earn('finance-agent', scope, 3)
    const { decision_id } = await tested.service.evaluate(gateway, categorise())
    const stored = await recordOf(tested, decision_id)
    const body = without(stored.record.body, 'would', 'approval', 'override')
    const facts = without(body['facts'] as Record<string, never>, 'mode', 'approval', 'overrides')
    const old: StoredRecord = { ...stored, record: { ...stored.record, body: { ...body, facts } } }
    expect(await again(tested, old)).toEqual({ state: 'equal' })
    const reading = await testService({
      store: (of) => ({
        ...of,
        read: (touches, view) =>
          tested.store.read(touches, (real) =>
            view({ ...real, record: (tenant, id) => (id === decision_id ? old : real.record(tenant, id)) }),
          ),
        transact: (touches, change) => tested.store.transact(touches, change),
      }),
      clock: tested.clock,
    })
    expect(await reading.service.reportOutcome(verifier, { decision_id, class: 'succeeded' })).toMatchObject({ counted: true })
  })
})
