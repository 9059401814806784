import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { weigh } from '../../src/evidence/rules/weigh-verdict.ts'
import type { Judged, Verdict } from '../../src/evidence/rules/weighing.ts'
import { invariant } from '../../src/format/error.ts'
import { type DocumentKey, type DocumentKind, documentName, type Documents } from '../../src/ledger/documents/documents.ts'
import type { Verdicts } from '../../src/ledger/documents/verdicts.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import { project, type ProjectionState } from '../../src/ledger/fold/fold.ts'
import { type Gravity, OUTCOME_CLASSES, type OutcomeClass } from '../../src/model/outcome-classes.ts'
import type { EvidenceSource } from '../../src/trust/constants.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../src/trust/default-constants.ts'
import { earned, HOUR_MS, START_MS } from '../support/test-service.ts'

const constants = DEFAULT_TRUST_CONSTANTS
const judged: Judged = {
  decision_id: 'd',
  agent: 'a',
  scope: 'crm:full',
  stake: 'executed',
  earns: true,
  blast: 1,
  reversibility: 0,
  delegators: ['b'],
  decided_at_ms: START_MS,
}
const verdictKey = { kind: 'verdicts', tenant: 'default', id: 'd' } as const

function memory(inForce = constants): ProjectionState & { readonly verdicts: () => Verdicts | undefined } {
  const documents = new Map<string, Documents[DocumentKind]>()
  const document = <K extends DocumentKind>(key: DocumentKey<K>): Documents[K] | undefined =>
    documents.get(documentName(key)) as Documents[K] | undefined
  return {
    document,
    put: (key, value) => void documents.set(documentName(key), value),
    constants: () => inForce,
    useConstants: () => undefined,
    verdicts: () => document(verdictKey),
  }
}

type Said = { readonly source: EvidenceSource; readonly class: OutcomeClass; readonly by?: string; readonly atMs?: number }
function verdict({ source, class: of, by, atMs }: Said): Verdict {
  const gravity: Gravity = OUTCOME_CLASSES[of]
  return { layer: 'outcome', class: of, gravity, source, by: by ?? source, event_time_ms: atMs ?? START_MS }
}

/** Weighs verdicts one after the other, each on what the ones before left; `before` is what the agent brings along. */
function hear(verdicts: readonly Said[], about: Judged = judged, inForce = constants, before: readonly Effect[] = []) {
  const state = memory(inForce)
  const effects: Effect[] = []
  project(before, START_MS - HOUR_MS, 'default', state)
  for (const [index, said] of verdicts.entries()) {
    const weighed = weigh(about, verdict(said), state.verdicts(), inForce)
    project(weighed.effects, START_MS + index, 'default', state)
    effects.push(...weighed.effects)
  }
  return { effects, state, agent: state.document({ kind: 'agent', tenant: 'default', id: 'a' }) }
}

/** What verdicts came to: units of good and bad evidence, and how often the ladder counted. */
function sums(effects: readonly Effect[]) {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  const evidence = effects.filter((effect) => effect.kind === 'evidence')
  const weights = (polarity: string): number[] =>
    evidence.filter((each) => each.polarity === polarity).map(({ weight }) => weight)
  const taken = effects.filter((effect) => effect.kind === 'take_back').map(({ weight }) => weight)
  return {
    good: sum(weights('positive')) - sum(taken),
    bad: sum(weights('negative')),
    delegated: sum(effects.filter((effect) => effect.kind === 'delegator').map(({ weight }) => weight)),
    severity: sum(evidence.filter(({ counts }) => counts).map((each) => each.kappa - (each.kappa_counted ?? 0))),
  }
}

/** An agent that has done well for long, and one that has failed elsewhere. */
const TRUSTED = earned('a', 'crm:full', 400, START_MS - HOUR_MS)
const HEATED: readonly Effect[] = [
  {
    kind: 'evidence',
    agent: 'a',
    scope: 'mail:full',
    layer: 'outcome',
    polarity: 'negative',
    weight: 4,
    kappa: 1,
    event_time_ms: START_MS - HOUR_MS,
    verifier: 'ann',
    counts: true,
    self_flagged: false,
    blast: 0,
  },
]

const SOURCES = ['deterministic', 'human', 'end_user', 'llm_judge', 'self'] as const
const CLASSES = Object.keys(OUTCOME_CLASSES) as OutcomeClass[]
const KAPPA = { ambiguous: 0.5, minor: 1, moderate: 2, major: 5, critical: 10 } as const
const RHO = { deterministic: 1, human: 0.8, end_user: 0.5, llm_judge: 0.3, self: 0 } as const

/** The rules, slow and obvious: the largest positive unless a fact stands against it, and the largest negative. */
function expected(verdicts: readonly Said[]) {
  let flagged = false
  let good = 0
  let bad = 0
  let fact = false
  let severity = 0
  for (const { source, class: of } of verdicts) {
    const gravity = OUTCOME_CLASSES[of]
    if (gravity === 'none') continue
    if (gravity === 'positive') {
      if (!fact) good = Math.max(good, RHO[source as keyof typeof RHO])
      continue
    }
    if (source === 'self') {
      flagged = true
      continue
    }
    const kappa = gravity === 'minor' && flagged ? 0.75 : KAPPA[gravity]
    severity = Math.max(severity, kappa)
    bad = Math.max(bad, Math.max(RHO[source as keyof typeof RHO], 0.5) * kappa)
    if (gravity !== 'ambiguous') {
      fact = true
      good = 0
    }
  }
  return { good, bad, delegated: bad, severity }
}

describe('every pair of verdicts on one decision', () => {
  const all = SOURCES.flatMap((source) => CLASSES.map((of): Said => ({ source, class: of })))

  it('comes to the largest positive, or none beside a fact, to the largest negative and the gravest severity', () => {
    for (const first of all)
      for (const second of all) {
        const pair = [first, { ...second, by: `${second.source}-2` }]
        const found = sums(hear(pair).effects)
        const want = expected(pair)
        const close = (['good', 'bad', 'delegated', 'severity'] as const).every(
          (member) => Math.abs(found[member] - want[member]) < 1e-9,
        )
        if (!close) expect({ pair, ...found }).toEqual({ pair, ...want })
      }
  })
})

describe('the order of verdicts on one decision', () => {
  const JUDGES = ['deterministic', 'human', 'end_user', 'llm_judge'] as const
  const said = fc
    .record({ source: fc.constantFrom(...JUDGES), class: fc.constantFrom(...CLASSES), twin: fc.constantFrom('a', 'b') })
    .map(({ twin, ...each }): Said => ({ ...each, by: `${each.source}-${twin}` }))
  const shuffled = fc
    .array(said, { minLength: 2, maxLength: 6 })
    .chain((verdicts) => fc.tuple(fc.constant(verdicts), fc.shuffledSubarray(verdicts, { minLength: verdicts.length })))
  const DELEGATOR = { kind: 'agent', tenant: 'default', id: 'b' } as const

  it('does not matter for evidence, severity, incidents and track record', () => {
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        const [x, y] = [one, other].map((verdicts) => {
          const { agent, state } = hear(verdicts, judged, constants, TRUSTED)
          const scope = agent?.scopes['crm:full']
          invariant(scope !== undefined, 'the agent has a record')
          return { scope, agent, delegated: state.document(DELEGATOR)?.scopes['crm:full']?.layers.outcome.s ?? 0 }
        })
        invariant(x !== undefined && y !== undefined, 'two orders')
        for (const member of ['r', 's'] as const)
          expect(x.scope.layers.outcome[member]).toBeCloseTo(y.scope.layers.outcome[member], 9)
        expect(x.delegated).toBeCloseTo(y.delegated, 9)
        expect(x.scope.track).toEqual(y.scope.track)
        expect(x.scope.incidents.map(({ id }) => id)).toEqual(y.scope.incidents.map(({ id }) => id))
        expect(x.agent?.incidents.map(({ id, cap }) => [id, cap])).toEqual(y.agent?.incidents.map(({ id, cap }) => [id, cap]))
        // Where a fact stands, all good is taken back; without one, whether a complaint or a success came first decides the run.
        const isFact = (verdicts: readonly Said[]): boolean =>
          verdicts.some((each) => !['positive', 'none', 'ambiguous'].includes(OUTCOME_CLASSES[each.class]))
        if (isFact(one)) expect(x.scope.ladder.e).toBeCloseTo(y.scope.ladder.e, 9)
        else expect(x.scope.layers.outcome.tpMs).toBe(y.scope.layers.outcome.tpMs)
      }),
      { numRuns: 300 },
    )
  })
})

describe('one verdict', () => {
  it.each([
    ['a success by a check', { source: 'deterministic', class: 'validated' }, { good: 1, bad: 0 }],
    ['a success by a person', { source: 'human', class: 'approved' }, { good: 0.8, bad: 0 }],
    ['a success by a judge', { source: 'llm_judge', class: 'succeeded' }, { good: 0.3, bad: 0 }],
    ["the agent's own success", { source: 'self', class: 'validated' }, { good: 0, bad: 0 }],
    ['silence', { source: 'deterministic', class: 'no_feedback' }, { good: 0, bad: 0 }],
    ['a complaint', { source: 'end_user', class: 'dissatisfied' }, { good: 0, bad: 0.25 }],
    ['a correction', { source: 'human', class: 'corrected' }, { good: 0, bad: 0.8 }],
    ['a rollback', { source: 'deterministic', class: 'rolled_back' }, { good: 0, bad: 2 }],
    ['harm', { source: 'deterministic', class: 'harmful' }, { good: 0, bad: 5 }],
    ['critical harm', { source: 'llm_judge', class: 'critical_harm' }, { good: 0, bad: 5 }],
    ["the agent's own failure", { source: 'self', class: 'failed' }, { good: 0, bad: 0 }],
  ] as const)('%s', (_what, said, want) => {
    expect(sums(hear([said]).effects)).toMatchObject(want)
  })

  it('of an action that the catalogue does not know never earns, and still costs', () => {
    const unknown = { ...judged, earns: false }
    expect(sums(hear([{ source: 'deterministic', class: 'validated' }], unknown).effects)).toMatchObject({ good: 0 })
    expect(sums(hear([{ source: 'deterministic', class: 'failed' }], unknown).effects)).toMatchObject({ bad: 1 })
  })

  it.each([
    ['read', 0.25],
    ['proposal', 0.5],
    ['executed', 1],
  ] as const)('about a %s weighs %d', (stake, weight) => {
    expect(sums(hear([{ source: 'deterministic', class: 'validated' }], { ...judged, stake }).effects)).toMatchObject({
      good: weight,
    })
  })
})

describe('the same source', () => {
  it('is heard once per class', () => {
    const twice: Said[] = [
      { source: 'deterministic', class: 'failed' },
      { source: 'deterministic', class: 'failed' },
    ]
    expect(sums(hear(twice).effects)).toEqual(sums(hear(twice.slice(1)).effects))
  })

  it('may say worse later', () => {
    const worse: Said[] = [
      { source: 'deterministic', class: 'validated' },
      { source: 'deterministic', class: 'rolled_back' },
    ]
    expect(sums(hear(worse).effects)).toMatchObject({ good: 0, bad: 2 })
  })
})

describe('the ladder', () => {
  const ladder = (verdicts: readonly Said[]) => hear(verdicts).agent?.scopes['crm:full']?.ladder

  it('counts a decision once, however many vouch for it', () => {
    const said: Said[] = [
      { source: 'end_user', class: 'satisfied' },
      { source: 'human', class: 'approved' },
      { source: 'deterministic', class: 'validated' },
    ]
    expect(ladder(said)?.k).toBe(1)
  })

  it('counts a decision that was first judged too lightly, once it is judged with weight', () => {
    expect(ladder([{ source: 'llm_judge', class: 'succeeded' }])?.k).toBe(0)
    const said: Said[] = [
      { source: 'llm_judge', class: 'succeeded' },
      { source: 'deterministic', class: 'validated' },
    ]
    expect(ladder(said)?.k).toBe(1)
  })

  it('counts light verdicts on one decision once, when together they are heavy enough, as if the heaviest had spoken alone', () => {
    const light = { ...DEFAULT_TRUST_CONSTANTS, source_weights: { ...DEFAULT_TRUST_CONSTANTS.source_weights, ci: 0.34 } }
    const said: Said[] = [
      { source: 'llm_judge', class: 'succeeded' },
      { source: 'ci', class: 'succeeded' },
      { source: 'end_user', class: 'satisfied' },
      { source: 'human', class: 'approved' },
    ]
    const together = said.map((_, index) => hear(said.slice(0, index + 1), judged, light).agent?.scopes['crm:full'])
    expect(together.map((scope) => scope?.ladder.k)).toEqual([0, 0, 1, 1])
    expect(together.map((scope) => scope?.track.good)).toEqual([1, 1, 1, 1])
    expect(together.map((scope) => scope?.verifiers)).toEqual([[], [], ['end_user'], ['end_user', 'human']])
    expect(together.map((scope) => scope?.layers.outcome.tpMs)).toEqual([null, null, START_MS, START_MS])
    const alone = hear(said.slice(3), judged, light).agent?.scopes['crm:full']
    expect(together[3]?.ladder).toEqual(alone?.ladder)
    expect(together[3]?.layers.outcome.r).toBeCloseTo(alone?.layers.outcome.r ?? NaN, 12)
  })

  it('cools the heat of other failures by what the heaviest verdict says, in however many parts', () => {
    const heated = (verdicts: readonly Said[]) => hear(verdicts, judged, constants, HEATED).agent?.heat.q
    const parts: Said[] = [
      { source: 'llm_judge', class: 'succeeded' },
      { source: 'end_user', class: 'satisfied' },
      { source: 'human', class: 'approved' },
    ]
    expect(heated(parts)).toBeCloseTo(heated(parts.slice(2)) ?? NaN, 12)
    expect(heated([...parts, { source: 'deterministic', class: 'failed' }])).toBeCloseTo(
      heated([{ source: 'deterministic', class: 'failed' }]) ?? NaN,
      12,
    )
  })

  it('shows a read that went well in the track record, although it is too light for the run', () => {
    const reads = hear([{ source: 'deterministic', class: 'validated' }], { ...judged, stake: 'read' }).agent
    expect(reads?.scopes['crm:full']).toMatchObject({ track: { good: 1 }, ladder: { k: 0, e: 0 } })
  })

  it.each([
    ['a complaint and then a failure', 'end_user', 'dissatisfied', 'deterministic', 'failed'],
    ['a complaint by a check and then a failure seen by a judge', 'deterministic', 'dissatisfied', 'llm_judge', 'failed'],
    ['a failure and then a rollback that weighs no more', 'deterministic', 'failed', 'llm_judge', 'rolled_back'],
    ['a failure and then harm', 'human', 'corrected', 'deterministic', 'harmful'],
    ['harm and then critical harm that weighs no more', 'deterministic', 'harmful', 'llm_judge', 'critical_harm'],
  ] as const)('charges for %s what the graver would have cost alone, in either order', (_what, first, mild, second, grave) => {
    const milder: Said = { source: first, class: mild }
    const graver: Said = { source: second, class: grave }
    const alone = ladder([graver])
    expect(ladder([milder, graver])?.e).toBeCloseTo(alone?.e ?? NaN, 12)
    expect(ladder([graver, milder])?.e).toBeCloseTo(alone?.e ?? NaN, 12)
    for (const said of [
      [milder, graver],
      [graver, milder],
    ])
      expect(hear(said).agent?.scopes['crm:full']?.track).toMatchObject({ good: 0, bad: 1 })
  })

  it('takes the count back with the positive', () => {
    const said: Said[] = [
      { source: 'deterministic', class: 'validated' },
      { source: 'human', class: 'corrected' },
    ]
    expect(ladder(said)).toMatchObject({ k: 0 })
    expect(ladder(said)?.e).toBeLessThan(0)
  })
})

describe('grave verdicts', () => {
  it.each([
    ['a check', 'deterministic'],
    ['a person', 'human'],
    ['a judge', 'llm_judge'],
  ] as const)('harm seen by %s raises an incident of the scope', (_who, source) => {
    const { agent } = hear([{ source, class: 'harmful' }])
    expect(agent?.scopes['crm:full']?.incidents).toMatchObject([{ class: 'major_outcome_failure', review: 'none' }])
  })

  it('harm that was first taken for a small failure raises it too', () => {
    const { agent } = hear([
      { source: 'human', class: 'corrected' },
      { source: 'deterministic', class: 'harmful' },
    ])
    expect(agent?.scopes['crm:full']?.incidents).toHaveLength(1)
  })

  it('harm seen by several is one incident of the decision, capped under the band from before it, and its count goes on', () => {
    const said: Said[] = [
      { source: 'human', class: 'harmful' },
      { source: 'deterministic', class: 'harmful' },
      { source: 'llm_judge', class: 'harmful' },
    ]
    const all = (verdicts: readonly Said[]) => hear(verdicts, judged, constants, TRUSTED).agent?.scopes['crm:full']?.incidents
    expect(all(said.slice(0, 1))).toMatchObject([{ id: 'major-d', cap: 0.8999, atMs: START_MS }])
    expect(all(said)).toEqual(all(said.slice(0, 1)))
  })

  it('harm that weighs no more than the failure it was taken for raises it as well', () => {
    const weights = { ...constants, severity_weights: { ...constants.severity_weights, moderate: 3 } }
    const said: Said[] = [
      { source: 'deterministic', class: 'rolled_back' },
      { source: 'llm_judge', class: 'harmful' },
    ]
    expect(hear(said, judged, weights).agent?.scopes['crm:full']?.incidents).toMatchObject([{ id: 'major-d' }])
  })

  it('critical harm that a person has looked at does not open again by the word of a second, unless it weighs more', () => {
    const { state } = hear([{ source: 'llm_judge', class: 'critical_harm' }])
    const say = (source: EvidenceSource, by: string) => {
      const weighed = weigh(judged, verdict({ source, class: 'critical_harm', by }), state.verdicts(), constants)
      project(weighed.effects, START_MS + 9, 'default', state)
      return state.document({ kind: 'agent', tenant: 'default', id: 'a' })?.incidents
    }
    const review = (falsePositive: boolean) =>
      project(
        [{ kind: 'review', agent: 'a', incident_id: 'critical-d', false_positive: falsePositive }],
        START_MS + 5,
        'default',
        state,
      )
    review(false)
    expect(say('end_user', 'user')).toMatchObject([{ id: 'critical-d', review: 'passed' }])
    expect(say('human', 'ann')).toMatchObject([{ id: 'critical-d', review: 'passed' }])
    review(true)
    expect(say('llm_judge', 'judge-2')).toEqual([])
    expect(say('deterministic', 'check')).toMatchObject([{ id: 'critical-d', review: 'required' }])
  })

  it('critical harm raises an incident of the agent that a person must review', () => {
    const { agent } = hear([{ source: 'deterministic', class: 'critical_harm' }])
    expect(agent?.incidents).toMatchObject([{ id: 'critical-d', class: 'exfiltration', cap: 0.2, review: 'required' }])
  })

  it('charges those it acted for with their share', () => {
    const { state } = hear([{ source: 'deterministic', class: 'rolled_back' }])
    const delegator = state.document({ kind: 'agent', tenant: 'default', id: 'b' })
    expect(delegator?.scopes['crm:full']?.layers.outcome.s).toBe(1)
    expect(delegator?.scopes['crm:full']?.ladder.k).toBe(0)
  })
})

describe('a positive that is taken back', () => {
  it('goes as it came, whenever the failure is said to have been', () => {
    const day = 86_400_000
    const said: Said[] = [
      { source: 'deterministic', class: 'validated', atMs: START_MS },
      { source: 'human', class: 'corrected', atMs: START_MS - 6 * day },
    ]
    expect(hear(said).agent?.scopes['crm:full']?.layers.outcome.r).toBe(0)
  })

  it('is not earned again by another source', () => {
    const said: Said[] = [
      { source: 'deterministic', class: 'validated' },
      { source: 'human', class: 'corrected' },
      { source: 'end_user', class: 'satisfied' },
    ]
    expect(sums(hear(said).effects)).toMatchObject({ good: 0 })
  })
})
