import { describe, expect, it } from 'vitest'

import type { Ceiling } from '../../src/model/ceiling.ts'
import { decide, observe } from '../../src/pdp/decide.ts'
import type { ChainLink, DecisionInputs } from '../../src/pdp/decision-inputs.ts'
import { concede, OPEN } from './arbitraries.ts'

const open = (change: Partial<DecisionInputs>): ReturnType<typeof decide> => decide({ ...OPEN, ...change })
const bundle = (...terms: Ceiling[]): Ceiling[] => [
  ...(OPEN.graduation as Ceiling[]).filter((each) => !terms.some(({ source }) => source === each.source)),
  ...terms,
]
const link = (change: Partial<ChainLink>): ChainLink => ({
  party: { type: 'agent', id: 'planner' },
  relation: 'chain',
  known: true,
  level_effective: 4,
  tier: 'standard',
  ...change,
})

describe('the answer', () => {
  it('is allow where nothing limits, with every mandatory term in the order of the sources', () => {
    const decision = open({})
    expect(decision).toMatchObject({ outcome: 'allow', decision: true, base: 'allow', reasons: [], limiting: [], advice: [] })
    expect(decision.ceilings.map(({ source }) => source)).toEqual([
      'base',
      'trust',
      'risk',
      'category',
      'chain',
      'containment',
      'incident',
      'hard',
    ])
  })
  it('puts the most limiting reasons first, then the order of the sources', () => {
    const graduation = bundle(concede('trust', 'suggest'), concede('category', 'require_approval'), concede('context', 'suggest'))
    const decision = open({ graduation })
    expect(decision.reasons).toEqual(['trust_suggest', 'context_suggest', 'category_require_approval'])
    expect(decision.limiting).toEqual(['trust', 'context'])
  })
  it('may run something exactly from allow_guarded upwards', () => {
    const runs = (['deny', 'suggest', 'require_approval', 'allow_guarded', 'allow'] as const).map(
      (outcome) => open({ base: { outcome, reason: 'r' } }).decision,
    )
    expect(runs).toEqual([false, false, false, true, true])
  })
})

describe('the terms of the graduation', () => {
  const all = OPEN.graduation as Ceiling[]
  it.each(['trust', 'risk', 'category'] as const)('deny where %s is missing, or there twice', (source) => {
    const reasons = [`term_missing:${source}`]
    const without = all.filter((each) => each.source !== source)
    expect(open({ graduation: without })).toMatchObject({ outcome: 'deny', reasons })
    expect(open({ graduation: [...all, ...all.filter((each) => each.source === source)] })).toMatchObject({
      outcome: 'deny',
      reasons,
    })
  })
  it('deny all together where one cannot be read, so that no restriction gets lost', () => {
    const malformed = { ...concede('context', 'deny'), outcome: 'denied' }
    expect(open({ graduation: [...all, malformed] })).toMatchObject({ outcome: 'deny', limiting: ['trust', 'risk', 'category'] })
  })
})

describe('the answer of observe mode', () => {
  it('is that of the base, but for what a person switched off', () => {
    const switchedOff = (by: 'person' | 'incident') => [{ kind: 'agent', by, reason: 'r' }] as DecisionInputs['containment']
    const observed = (change: Partial<DecisionInputs>): string => observe({ ...OPEN, graduation: [], ...change }).outcome
    expect(observed({})).toBe('allow')
    expect(observed({ containment: switchedOff('incident') })).toBe('allow')
    expect(observed({ containment: switchedOff('person') })).toBe('deny')
    expect(observed({ containment: 'unknown' })).toBe('deny')
    expect(observed({ kill_switch: true })).toBe('deny')
  })
})

describe('the base', () => {
  it('that failed denies with its cause, whatever it granted', () => {
    const decision = open({ base: { outcome: 'allow', reason: 'granted', cause: 'trap' } })
    expect(decision).toMatchObject({ outcome: 'deny', base: 'deny', reasons: ['base_failed:trap'] })
  })
  describe('that is asked about two', () => {
    const party = { type: 'user', id: 'bob' }
    const allow = { outcome: 'allow' as const, reason: 'may' }
    const deny = { outcome: 'deny' as const, reason: 'may not' }
    it.each([
      ['both may', allow, allow, 'allow', 'may; user/bob: may', []],
      ['only the subject may', allow, deny, 'deny', 'user/bob: may not; may', []],
      ['only the other may', deny, allow, 'deny', 'may not; user/bob: may', ['ask_permission']],
      [
        'the other waits for a person',
        allow,
        { ...allow, outcome: 'require_approval' as const },
        'require_approval',
        undefined,
        [],
      ],
    ])('grants what both may: %s', (_what, base, other, outcome, reason, advice) => {
      const decision = open({ base, delegator: { party, base: other } })
      expect(decision).toMatchObject({ outcome, base: outcome, advice })
      const [first] = decision.ceilings
      expect(first).toMatchObject({ source: 'base', outcome, reason: reason ?? 'user/bob: may; may' })
    })
    it('has the duties and the tighter bounds of both', () => {
      const duty = (id: string) => ({ id, performer: 'pep' as const })
      const decision = open({
        base: { ...allow, obligations: [duty('log')], guardrails: { amount_max: 10 } },
        delegator: { party, base: { ...allow, obligations: [duty('tell')], guardrails: { amount_max: 5 } } },
        supported_obligations: ['log', 'tell'],
      })
      expect(decision).toMatchObject({
        outcome: 'allow',
        obligations: [duty('log'), duty('tell')],
        guardrails: { amount_max: 5 },
      })
    })
    it('denies with the fix where it knows nothing of the other', () => {
      const base = { outcome: 'deny' as const, reason: 'the policy has no answer', cause: 'base_undefined' }
      const { outcome, reasons } = open({ delegator: { party, base } })
      expect([outcome, reasons[0]]).toEqual([
        'deny',
        'user/bob: base_failed:base_undefined: let the policy answer about people too, or set base.delegation: agent; granted',
      ])
    })
    it('denies where it failed about the other', () => {
      const { outcome, reasons } = open({ delegator: { party, base: { ...allow, cause: 'trap' } } })
      expect([outcome, reasons[0]]).toEqual(['deny', 'user/bob: base_failed:trap; granted'])
    })
    it('takes an approval that one of the two asks for', () => {
      const waits = { outcome: 'require_approval' as const, reason: 'ask' }
      const approval = { id: 'd1', same_policy_set: true }
      expect(open({ delegator: { party, base: waits }, approval })).toMatchObject({
        base: 'require_approval',
        base_granted: 'allow_guarded',
        outcome: 'allow_guarded',
      })
    })
  })
  it('that is not there denies as a missing term', () => {
    expect(open({ base: null })).toMatchObject({ outcome: 'deny', reasons: ['term_missing:base'], limiting: ['base'] })
  })
  it.each([
    ['an outcome that is none', { outcome: 'permit', reason: 'r' }],
    ['duties that are none', { outcome: 'allow', reason: 'r', obligations: [{ id: 'x' }] }],
    ['a cap below 0', { outcome: 'allow', reason: 'r', guardrails: { amount_max: -1 } }],
  ])('with %s denies', (_, base) => {
    expect(open({ base: base as never })).toMatchObject({ outcome: 'deny', base: 'deny', reasons: ['base_malformed'] })
  })
  it('may give no reason, or a long one', () => {
    expect(open({ base: { outcome: 'allow', reason: '' } }).ceilings[0]?.reason).toBe('base_allow')
    expect(open({ base: { outcome: 'allow', reason: 'x'.repeat(5_000) } }).ceilings[0]?.reason).toHaveLength(1_000)
  })
})

describe('the chain', () => {
  it.each([
    ['a level 3 link at medium risk', [link({ level_effective: 3 })], 'allow_guarded', 'chain_link:chain:agent/planner:level_3'],
    ['an unknown link, whatever level it claims', [link({ known: false })], 'deny', 'chain_link:chain:agent/planner:unknown'],
    [
      'the weakest of three',
      [link({}), link({ level_effective: 1 }), link({ level_effective: 2 })],
      'suggest',
      'chain_link:chain:agent/planner:level_1',
    ],
    [
      'the first by name of two that are equally weak',
      [
        link({ party: { type: 'agent', id: 'z' }, level_effective: 2 }),
        link({ party: { type: 'agent', id: 'a' }, level_effective: 2 }),
      ],
      'require_approval',
      'chain_link:chain:agent/a:level_2',
    ],
    [
      'the same link twice',
      [link({ level_effective: 2 }), link({ level_effective: 2 })],
      'require_approval',
      'chain_link:chain:agent/planner:level_2',
    ],
  ] as const)('concedes what %s is conceded', (_, links, outcome, reason) => {
    expect(open({ links })).toMatchObject({ outcome, reasons: [reason], limiting: ['chain'] })
  })
  it('lets an unknown link read, but nothing sensitive', () => {
    const links = [link({ known: false })]
    expect(open({ links, band: 'read' }).outcome).toBe('allow_guarded')
    expect(open({ links, band: 'read', sensitive: true }).outcome).toBe('deny')
  })
  it.each([
    ['low', 'low', 'suggest'],
    ['low', 'standard', 'deny'],
    ['standard', 'low', 'deny'],
    ['low', 'high', 'deny'],
    ['high', 'low', 'deny'],
  ] as const)('judges a %s link of a %s agent in the stricter of both tiers', (own, acting, outcome) => {
    expect(open({ tier: acting, links: [link({ level_effective: 0, tier: own })], band: 'low' }).outcome).toBe(outcome)
  })
  it.each(['cycle', 'too_deep', 'unreadable'] as const)('denies a chain with problem %s', (problem) => {
    expect(open({ chain_problems: [problem], links: [link({})] })).toMatchObject({
      outcome: 'deny',
      reasons: [`chain_${problem}`],
    })
  })
})

describe('containment', () => {
  it('denies, naming the widest entry', () => {
    const containment = [
      { kind: 'action', by: 'incident', reason: 'i-1' },
      { kind: 'tenant', by: 'person', reason: 'drill' },
    ] as const
    expect(open({ containment })).toMatchObject({ outcome: 'deny', reasons: ['contained_tenant:person:drill'] })
  })
  it('that is not known denies', () => {
    expect(open({ containment: 'unknown' })).toMatchObject({ outcome: 'deny', reasons: ['containment_unknown'] })
  })
  it('applies to humans too', () => {
    expect(open({ human: true, containment: [{ kind: 'action', by: 'person', reason: 'x' }] }).outcome).toBe('deny')
  })
})

describe('the hard term', () => {
  it('denies permission escalation by an agent, even where everything else concedes it', () => {
    expect(open({ action: { category: 'permission_escalation' } })).toMatchObject({
      outcome: 'deny',
      reasons: ['permission_escalation'],
    })
  })
  it('concedes a human what the base does', () => {
    const change = {
      human: true,
      kill_switch: true,
      incidents: 'unknown',
      action: { category: 'permission_escalation' },
    } as const
    expect(open(change)).toMatchObject({ outcome: 'allow' })
    expect(open({ ...change, base: { outcome: 'deny', reason: 'no role' } })).toMatchObject({
      outcome: 'deny',
      reasons: ['no role'],
    })
  })
  it('leaves to a person what is asked by a caller for whom nobody vouches, but reads of what is not sensitive', () => {
    const unvouched = { unvouched: true } as const
    const held = { outcome: 'require_approval', reasons: ['no_credential'] }
    expect(open(unvouched)).toMatchObject(held)
    expect(open({ ...unvouched, human: true })).toMatchObject(held)
    expect(open({ ...unvouched, action: { category: 'read_only' } })).toMatchObject({ outcome: 'allow', reasons: [] })
    expect(open({ ...unvouched, action: { category: 'read_only' }, sensitive: true })).toMatchObject(held)
    expect(open({ ...unvouched, kill_switch: true })).toMatchObject({ outcome: 'deny', reasons: ['kill_switch'] })
  })
  it('lets it run guarded once a person approved that very request, and neither an override nor observing its term lifts it', () => {
    const unvouched = { unvouched: true } as const
    expect(open({ ...unvouched, approval: { id: 'd-1', same_policy_set: true } })).toMatchObject({
      outcome: 'allow_guarded',
      reasons: ['approved:d-1:no_credential'],
    })
    expect(open({ ...unvouched, override: { id: 'o-1', lifts_incidents: true } }).outcome).toBe('require_approval')
    expect(open({ ...unvouched, observed: ['hard', 'trust', 'category'] }).outcome).toBe('require_approval')
    expect(open({ ...unvouched, observed: ['hard'], kill_switch: true }).outcome).toBe('deny')
  })
  it('denies a switched-off agent, and one whose incidents are not known', () => {
    expect(open({ kill_switch: true })).toMatchObject({ outcome: 'deny', reasons: ['kill_switch'] })
    expect(open({ incidents: 'unknown' })).toMatchObject({ outcome: 'deny', reasons: ['incidents_unknown'] })
  })
  it.each([
    [0, 'deny'],
    [1, 'suggest'],
    [2, 'require_approval'],
    [3, 'allow_guarded'],
    [4, 'allow'],
  ] as const)('caps at the level that the cap of an incident is worth, %d: %s', (level, outcome) => {
    for (const cap of [0.5, Number.NaN]) {
      const decision = open({ incidents: { cap, level, due: [] } })
      expect(decision).toMatchObject({ outcome, reasons: outcome === 'allow' ? [] : [`incident_cap:level_${level}`] })
    }
  })
  it('lets only reads go on while a review is due, touches nothing sensitive, and says who has to review what', () => {
    const incidents = { cap: 0.8, level: 3, due: ['i1', 'i2'] } as const
    const reasons = ['incident_review_due:i1,i2: an operator has to review it']
    const sensitive = ['incident_review_due:sensitive:i1,i2: an operator has to review it']
    expect(open({ incidents, sensitive: true, band: 'read' })).toMatchObject({ outcome: 'deny', reasons: sensitive })
    expect(open({ incidents })).toMatchObject({ outcome: 'suggest', reasons })
    const reads = { band: 'read', action: { category: 'read_only' } } as const
    expect(open({ incidents, ...reads }).outcome).toBe('allow')
    expect(open({ incidents, band: 'read', action: { category: 'external_communication' } }).outcome).toBe('suggest')
    expect(open({ incidents, ...reads, sensitive: true }).outcome).toBe('deny')
    expect(open({ incidents: { ...incidents, cap: 1, level: 4 } })).toMatchObject({ outcome: 'suggest', reasons })
    expect(open({ incidents: { ...incidents, level: 0 } }).outcome).toBe('deny')
  })
})

describe('guardrails', () => {
  const bounded = (guardrails: Ceiling['guardrails']): unknown => [
    ...(OPEN.graduation as Ceiling[]),
    { ...concede('guardrails'), guardrails },
  ]
  const none = OPEN.measures

  it.each([
    ['an amount at the cap', { amount_max: 100 }, { ...none, amount: 100 }, 'allow'],
    ['an amount above the cap', { amount_max: 100 }, { ...none, amount: 100.01 }, 'require_approval'],
    ['an amount that cannot be read', { amount_max: 100 }, { ...none, amount: 'unknown' as const }, 'require_approval'],
    ['an amount that is no number', { amount_max: 100 }, { ...none, amount: Number.NaN }, 'require_approval'],
    ['a tool without an amount', { amount_max: 100 }, none, 'allow'],
    ['too many records', { records_max: 10 }, { ...none, records: 11 }, 'require_approval'],
    [
      'domains of the allow-list',
      { recipient_domains: ['a.example', 'b.example'] },
      { ...none, recipient_domains: ['b.example'] },
      'allow',
    ],
    [
      'one domain outside',
      { recipient_domains: ['a.example'] },
      { ...none, recipient_domains: ['a.example', 'x.example'] },
      'require_approval',
    ],
    [
      'domains that cannot be read',
      { recipient_domains: ['a.example'] },
      { ...none, recipient_domains: 'unknown' as const },
      'require_approval',
    ],
    ['destinations of the list', { destinations: ['channel:team'] }, { ...none, destinations: ['channel:team'] }, 'allow'],
    [
      'destinations of a pattern',
      { destinations: ['mail:*@a.example'] },
      { ...none, destinations: ['mail:b@a.example'] },
      'allow',
    ],
    [
      'one destination outside',
      { destinations: ['mail:*'] },
      { ...none, destinations: ['iban:X', 'mail:a'] },
      'require_approval',
    ],
    ['destinations unknown', { destinations: ['mail:*'] }, { ...none, destinations: 'unknown' as const }, 'require_approval'],
    [
      'a pattern among domains',
      { recipient_domains: ['*.example'] },
      { ...none, recipient_domains: ['a.example'] },
      'require_approval',
    ],
    ['a cap where a list belongs', { recipient_domains: 5 }, { ...none, recipient_domains: ['a.example'] }, 'require_approval'],
    ['a list where a cap belongs', { amount_max: ['100'] }, { ...none, amount: 100 }, 'deny'],
    ['a bound of something else', { tokens_max: 1 }, { ...none, amount: 100 }, 'allow'],
  ])('with %s', (_, guardrails, measures, outcome) => {
    expect(open({ graduation: bounded(guardrails), measures }).outcome).toBe(outcome)
  })
  it('deny on excess where that is configured, and need a named approver where it is not', () => {
    const change = { graduation: bounded({ amount_max: 1 }), measures: { ...none, amount: 2 } }
    const reasons = ['guardrail_exceeded:amount_max']
    expect(open({ ...change, guardrail_excess: 'deny' })).toMatchObject({ outcome: 'deny', reasons, limiting: ['guardrails'] })
    const approval = { id: 'named_approver', performer: 'pdp', properties: { expiry_minutes: 15 } }
    expect(open(change)).toMatchObject({ outcome: 'require_approval', reasons, obligations: [approval] })
  })
  it('say which budget refused, and how full it is', () => {
    const budget_refusals = [{ guardrail: 'outstanding_max', have: 23, limit: 23 }]
    expect(open({ budget_refusals })).toMatchObject({
      outcome: 'require_approval',
      reasons: ['budget_exceeded:outstanding_max:23_of_23'],
    })
  })
  it('exempt reads from excess, but not reads that carry risk', () => {
    const change = {
      graduation: bounded({ records_max: 1 }),
      measures: { ...none, records: 9 },
      action: { category: 'read_only' },
    } as const
    expect(open({ ...change, band: 'read' }).outcome).toBe('allow')
    expect(open({ ...change, band: 'medium' }).outcome).toBe('require_approval')
  })
  it('that contradict each other deny, also for reads', () => {
    const graduation = [...(bounded({ domains: ['a'] }) as Ceiling[]), { ...concede('context'), guardrails: { domains: ['b'] } }]
    const decision = open({ graduation, band: 'read', action: { category: 'read_only' } })
    expect(decision).toMatchObject({ outcome: 'deny', reasons: ['guardrail_allows_nothing:domains'], limiting: ['guardrails'] })
  })
})

describe('duties', () => {
  const redact = { id: 'redact_sensitive', performer: 'pep' } as const
  const graduation = bundle({ ...concede('category'), obligations: [redact, { id: 'audit', performer: 'pdp' }] })

  it('of the enforcement point that it does not support deny, and name who asks for them', () => {
    expect(open({ graduation })).toMatchObject({
      outcome: 'deny',
      decision: false,
      reasons: ['unsupported_obligation:redact_sensitive'],
      limiting: ['category'],
      obligations: [{ id: 'audit', performer: 'pdp' }, redact],
    })
  })
  it('of the enforcement point that it supports, and of the decision point, do not', () => {
    expect(open({ graduation, supported_obligations: ['redact_sensitive'] }).outcome).toBe('allow')
  })
  it('of the decision point that nothing performs deny, even where the enforcement point supports one of that name', () => {
    const unknown = { id: 'alert_sock', performer: 'pdp' } as const
    const asked = bundle({ ...concede('risk'), obligations: [unknown] })
    for (const supported_obligations of [[], ['alert_sock']])
      expect(open({ graduation: asked, supported_obligations })).toMatchObject({
        outcome: 'deny',
        reasons: ['unsupported_obligation:alert_sock'],
        limiting: ['risk'],
        advice: [],
        obligations: [unknown],
      })
  })
  it('of the decision point are known by their own names, not by those of every object', () => {
    const inherited = bundle({ ...concede('risk'), obligations: [{ id: 'constructor', performer: 'pdp' }] })
    expect(open({ graduation: inherited }).outcome).toBe('deny')
  })
  it('are not what limits an answer that is deny anyway', () => {
    const decision = open({ graduation, base: { outcome: 'deny', reason: 'no role' } })
    expect(decision).toMatchObject({ outcome: 'deny', reasons: ['no role'], limiting: ['base'] })
  })
})

describe('the advice to ask for the permission', () => {
  const denial = { outcome: 'deny', reason: 'no role' } as const
  it.each<[string, Partial<DecisionInputs>, boolean]>([
    ['a base that denies', { base: denial }, true],
    ['a base that denies, as other terms do', { base: denial, graduation: bundle(concede('trust', 'deny')) }, true],
    ['a base that suggests', { base: { outcome: 'suggest', reason: 'no more' } }, false],
    ['a base that failed', { base: { ...denial, cause: 'base_trap' } }, false],
    ['a base that was not asked', { base: null }, false],
    ['a person', { base: denial, human: true }, false],
    ['permission escalation', { base: denial, action: { category: 'permission_escalation' } }, false],
  ])('for %s: %#', (_, inputs, advised) => {
    expect(open(inputs).advice).toEqual(advised ? ['ask_permission'] : [])
  })
})

describe('the advice to record a proposal', () => {
  it.each([
    ['suggest by trust alone', bundle(concede('trust', 'suggest')), true],
    ['deny by trust alone', bundle(concede('trust', 'deny')), true],
    ['require_approval by trust alone', bundle(concede('trust', 'require_approval')), true],
    [
      'trust below a category that waits for approval',
      bundle(concede('trust', 'suggest'), concede('category', 'require_approval')),
      true,
    ],
    ['trust and category alike', bundle(concede('trust', 'require_approval'), concede('category', 'require_approval')), false],
    ['a category that denies', bundle(concede('trust', 'deny'), concede('category', 'deny')), false],
    ['trust that lets it run', bundle(concede('trust', 'allow_guarded')), false],
    ['no trust term at all', bundle().filter(({ source }) => source !== 'trust'), false],
  ])('for %s: %#', (_, graduation, advised) => {
    expect(open({ graduation }).advice).toEqual(advised ? ['record_proposal'] : [])
  })
  it('is not given where trust asks for a duty that cannot be done', () => {
    const trust = { ...concede('trust', 'require_approval'), obligations: [{ id: 'rollback_handle', performer: 'pep' as const }] }
    expect(open({ graduation: bundle(trust) })).toMatchObject({ outcome: 'deny', limiting: ['trust'], advice: [] })
  })
})
