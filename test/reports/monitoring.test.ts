import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { AuditRecord } from '../../src/ledger/record.ts'
import { hitsOf } from '../../src/reports/monitoring/hits.ts'
import { createRuleFold, RULE_GROUPS_MAX, type Raised, RulesState } from '../../src/reports/monitoring/rule-fold.ts'
import { MonitoringRule, MonitoringRules } from '../../src/reports/monitoring/settings.ts'
import { runs } from '../support/runs.ts'

const MINUTE_MS = 60_000
const START_MS = Date.UTC(2026, 2, 2, 10)

const rule = (of: object): MonitoringRule => MonitoringRule.parse({ id: 'r', window_minutes: 60, ...of })
const volume = (of: object) => rule({ kind: 'volume', ...of })

/** A decision's record as far as rules look at it. */
function decision(request: object = {}, header: Partial<AuditRecord> = {}): AuditRecord {
  return {
    ...{ v: 1, kind: 'decision', id: 'd-1', tenant: 'default', at: new Date(START_MS).toISOString(), user: null, actor: 'a' },
    ...{ agent: 'bot', action: 'send', outcome: 'allow', decision_id: 'd-1', effects: [] },
    body: {
      request: { resource: { type: 'email' }, ...request },
      facts: { action: { scope: 'communication', stake: 'full' } },
    },
    ...header,
  }
}
const outcome = (body: object): AuditRecord =>
  decision({}, { kind: 'outcome', outcome: 'failed', body: body as AuditRecord['body'] })
const isHit = (of: MonitoringRule, record: AuditRecord): boolean => hitsOf(record, [of]).length > 0

describe('what a rule counts', () => {
  it.each([
    [{}, true],
    [{ kinds: ['outcome'] }, false],
    [{ outcomes: ['allow'] }, true],
    [{ outcomes: ['deny'] }, false],
    [{ agents: ['bot'], actions: ['send'] }, true],
    [{ agents: ['other'] }, false],
    [{ actions: ['other'] }, false],
    [{ scopes: ['communication:full'] }, true],
    [{ scopes: ['communication:light'] }, false],
    [{ tenant: 'acme' }, false],
  ])('records %j: %s', (records, expected) => {
    expect(isHit(volume({ above: 1, records }), decision())).toBe(expected)
  })

  it('a record without an agent is of no agent, and other records have no scope', () => {
    expect(isHit(volume({ above: 1, records: { agents: ['bot'] } }), decision({}, { agent: null }))).toBe(false)
    expect(isHit(volume({ above: 1, records: { kinds: ['outcome'], scopes: ['communication:full'] } }), outcome({}))).toBe(false)
  })

  it.each([
    [{ resource: { type: 'email', properties: { classification: 'public' } } }, false],
    [{ resource: { type: 'email', properties: { classification: 'restricted' } } }, true],
    [{ resource: { type: 'email', properties: { classification: 7 } } }, true],
    [{ resource: { type: 'email' }, context: { classification: 'secret' } }, true],
    [{ resource: { type: 'email', properties: { classification: 'public' } }, context: { classification: 'secret' } }, true],
    [{ resource: { type: 'email' } }, false],
  ])('classification in %j is unexpected: %s', (request, expected) => {
    const unexpected = rule({ kind: 'unexpected', of: 'classification', expected: ['public', 'internal'] })
    expect(isHit(unexpected, decision(request))).toBe(expected)
  })

  it('jurisdiction is looked for wherever a request says it, and what says nothing counts only where that is asked for', () => {
    const of = (missing: string) => rule({ kind: 'unexpected', of: 'jurisdiction', expected: ['EU'], missing })
    expect(isHit(of('ignore'), decision({ context: { facts: { jurisdiction: 'US' } } }))).toBe(true)
    expect(isHit(of('ignore'), decision({ context: { jurisdiction: 'EU' } }))).toBe(false)
    expect(isHit(of('ignore'), decision())).toBe(false)
    expect(isHit(of('count'), decision())).toBe(true)
  })

  it('a type of resource is expected or not', () => {
    const of = (...expected: string[]) => rule({ kind: 'unexpected', of: 'resource_type', expected })
    expect(isHit(of('email'), decision())).toBe(false)
    expect(isHit(of('file'), decision())).toBe(true)
  })

  it.each([
    [{ amount: 0 }, false],
    [{ amount: 100 }, false],
    [{ amount: 100.01 }, true],
    [{ amount: -0.01 }, true],
    [{ amount: '50' }, true],
    [{ amount: null }, true],
    [{}, false],
  ])('arguments %j are out of range: %s', (args, expected) => {
    const range = rule({ kind: 'range', in: 'arguments', pointer: '/amount', min: 0, max: 100 })
    expect(isHit(range, decision({ action: { name: 'send', properties: { arguments: args } } }))).toBe(expected)
  })

  it('reads details and results of reports by any pointer', () => {
    const range = (of: object) => rule({ kind: 'range', max: 5, records: { kinds: ['outcome'] }, ...of })
    expect(isHit(range({ in: 'detail', pointer: '' }), outcome({ detail: 9 }))).toBe(true)
    expect(isHit(range({ in: 'result', pointer: '/a~1b/0' }), outcome({ result: { 'a/b': [9] } }))).toBe(true)
    expect(isHit(range({ in: 'result', pointer: '/a~1b/0' }), outcome({ result: { 'a/b': [5] } }))).toBe(false)
    expect(isHit(range({ in: 'detail', pointer: '/x', missing: 'count' }), outcome({}))).toBe(true)
  })

  it('is named by what it counts apart', () => {
    const named = (per: string) => hitsOf(decision(), [volume({ above: 1, per })]).map(({ group }) => group)
    expect(named('all')).toEqual([''])
    expect(named('agent')).toEqual(['bot'])
    expect(named('action')).toEqual(['send'])
    expect(named('scope')).toEqual(['communication:full'])
  })
})

describe('a rule that cannot work is refused', () => {
  it.each([
    [{ kind: 'volume' }, 'give "above"'],
    [{ kind: 'volume', below: 1, per: 'agent' }, 'leave "per" out'],
    [{ kind: 'range', in: 'arguments', pointer: '/x' }, 'give "min"'],
    [{ kind: 'range', in: 'arguments', pointer: '/x', min: 2, max: 1 }, 'below "min"'],
    [{ kind: 'range', in: 'detail', pointer: '/x', min: 2 }, 'set records.kinds'],
    [{ kind: 'range', in: 'arguments', pointer: '/x', min: 2, records: { kinds: ['outcome'] } }, 'have arguments'],
    [{ kind: 'unexpected', of: 'resource_type', expected: ['a'], records: { kinds: ['signal'] } }, 'have a resource_type'],
    [{ kind: 'volume', above: 1, records: { kinds: ['alert'] } }, ''],
    [{ kind: 'volume', above: 1, colour: 'red' }, 'colour'],
    [{ kind: 'range', in: 'arguments', pointer: 'x', min: 2 }, 'a JSON Pointer'],
  ])('%j', (of, message) => {
    const parsed = MonitoringRule.safeParse({ id: 'r', window_minutes: 5, ...of })
    expect(parsed.success).toBe(false)
    expect(parsed.error?.message).toContain(message.replaceAll('"', '\\"'))
  })

  it('and so are two of one name', () => {
    const one = { id: 'r', kind: 'volume', above: 1, window_minutes: 5 }
    expect(MonitoringRules.safeParse([one, one]).error?.message).toContain('is taken')
  })
})

/** Feeds times, minutes after the start, to a fold of one rule. */
function fed(of: MonitoringRule, minutes: readonly number[], groups: readonly string[] = ['']): readonly Raised[] {
  const fold = createRuleFold([of], {}, START_MS)
  return minutes.flatMap((minute, index) =>
    groups.flatMap((group) =>
      fold.add({ atMs: START_MS + minute * MINUTE_MS, recordId: `d-${index}`, hits: [{ rule: of.id, group }] }),
    ),
  )
}

describe('too many within a window', () => {
  it('is more than the bound, and told once within the cooldown', () => {
    expect(fed(volume({ above: 3 }), [0, 1, 2])).toEqual([])
    const [first, ...more] = fed(volume({ above: 3, severity: 'critical' }), [0, 1, 2, 3, 4, 5, 6])
    expect(more).toEqual([])
    expect(first?.alert).toMatchObject({
      ...{ rule: 'r', kind: 'volume', severity: 'critical', group: null, found: 4, bound: { above: 3 }, record_id: 'd-3' },
      message: '4 records within 60 minutes',
    })
    expect(fed(volume({ above: 3, cooldown_minutes: 1 }), [0, 1, 2, 3, 4, 4.5])).toHaveLength(2)
  })

  it('forgets what is older than the window, and never counts it too short', () => {
    expect(fed(volume({ above: 1 }), [0, 66])).toEqual([])
    expect(fed(volume({ above: 1 }), [0, 59.9])).toHaveLength(1)
  })

  it('is counted apart for each group, in a bounded number of them', () => {
    const each = fed(volume({ above: 1, per: 'agent' }), [0, 1], ['a', 'b'])
    expect(each.map(({ alert }) => [alert.group, alert.found])).toEqual([
      ['a', 2],
      ['b', 2],
    ])
    const fold = createRuleFold([volume({ above: 1, per: 'agent' })], {}, START_MS)
    for (let index = 0; index < RULE_GROUPS_MAX + 50; index += 1)
      fold.add({ atMs: START_MS, recordId: 'd', hits: [{ rule: 'r', group: `agent-${index}` }] })
    expect(fold.state()['r']?.groups).toHaveLength(RULE_GROUPS_MAX)
    expect(fold.state()['r']?.groups.at(-1)?.group).toBe(`agent-${RULE_GROUPS_MAX + 49}`)
  })

  it('finds as many as a slow count over the whole past finds, give or take one part of the window', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 240 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 0, max: 8 }),
        (unsorted, above) => {
          const minutes = unsorted.toSorted((a, b) => a - b)
          const within = (size: number) =>
            minutes.some((end, index) => minutes.slice(0, index + 1).filter((each) => end - each < size).length > above)
          const isTold = fed(volume({ above }), minutes).length > 0
          expect(isTold || !within(60)).toBe(true)
          expect(!isTold || within(66)).toBe(true)
        },
      ),
      runs(300),
    )
  })
})

describe('too few within a window', () => {
  const quiet = volume({ below: 2 })
  const hit = (minute: number) => ({ atMs: START_MS + minute * MINUTE_MS, recordId: 'd', hits: [{ rule: 'r', group: '' }] })

  it('is told once the window is over, only where the rule watched all of it', () => {
    // It begins at ten past ten.
    const fold = createRuleFold([quiet], {}, START_MS + 10 * MINUTE_MS)
    expect(fold.tick(START_MS + 59 * MINUTE_MS)).toEqual([])
    expect(fold.tick(START_MS + 61 * MINUTE_MS)).toEqual([])
    fold.add(hit(70))
    expect(fold.tick(START_MS + 119 * MINUTE_MS)).toEqual([])
    const [told] = fold.tick(START_MS + 121 * MINUTE_MS)
    expect(told?.alert).toMatchObject({ found: 1, bound: { below: 2 }, from: '2026-03-02T11:00:00.000Z', record_id: null })
    expect(fold.tick(START_MS + 122 * MINUTE_MS)).toEqual([])
  })

  it('is not told where there were enough, and an empty window after a full one is', () => {
    const fold = createRuleFold([quiet], {}, START_MS)
    fold.add(hit(1))
    fold.add(hit(2))
    expect(fold.tick(START_MS + 61 * MINUTE_MS)).toEqual([])
    expect(fold.tick(START_MS + 181 * MINUTE_MS).map(({ alert }) => alert.found)).toEqual([0])
  })
})

describe('what is remembered', () => {
  const rules = [
    volume({ above: 2 }),
    rule({ id: 's', kind: 'volume', above: 0, per: 'agent', cooldown_minutes: 5 }),
    volume({ id: 't', below: 3 }),
  ]

  it('gives the same alerts, by the same names, wherever the process was ended between', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            minute: fc.integer({ min: 0, max: 300 }),
            rule: fc.constantFrom('r', 's', 't'),
            group: fc.constantFrom('', 'a', 'b'),
          }),
          { maxLength: 30 },
        ),
        fc.nat(30),
        (unsorted, cut) => {
          const sightings = unsorted
            .toSorted((a, b) => a.minute - b.minute)
            .map(({ minute, rule: id, group }, index) => ({
              atMs: START_MS + minute * MINUTE_MS,
              recordId: `d-${index}`,
              hits: [{ rule: id, group }],
            }))
          const whole = createRuleFold(rules, {}, START_MS)
          const before = createRuleFold(rules, {}, START_MS)
          const first = sightings.slice(0, cut).flatMap(before.add)
          const kept = RulesState.parse(JSON.parse(JSON.stringify(before.state())))
          const after = createRuleFold(rules, kept, START_MS + 400 * MINUTE_MS)
          expect([...first, ...sightings.slice(cut).flatMap(after.add)]).toEqual(sightings.flatMap(whole.add))
          expect(after.state()).toEqual(whole.state())
        },
      ),
      runs(200),
    )
  })

  it('is forgotten where the rule is another one by now', () => {
    const fold = createRuleFold([volume({ above: 1 })], {}, START_MS)
    fold.add({ atMs: START_MS, recordId: 'd', hits: [{ rule: 'r', group: '' }] })
    const next = createRuleFold([volume({ above: 2 })], fold.state(), START_MS)
    expect(next.state()['r']?.groups).toEqual([])
    expect(next.add({ atMs: START_MS, recordId: 'd', hits: [{ rule: 'gone', group: '' }] })).toEqual([])
  })
})
